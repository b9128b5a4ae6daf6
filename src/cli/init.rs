//! `fluxform init`.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::applies::argument;
use super::project::name_of;
use super::shell::{Shell, trouble};
use super::{Ended, written};
use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};

/// The files of a new project; `{name}` stands for its name.
const FILES: [(&str, &str); 4] = [
    ("fluxform.toml", include_str!("init/fluxform.toml")),
    ("flux/hourly.flux", include_str!("init/hourly.flux")),
    (".gitignore", include_str!("init/gitignore")),
    ("manifest.schema.json", super::schema::MANIFEST),
];

/// Write a small project to start from
///
/// Writes a commented manifest, a Flux script, a .gitignore, and the schema for editors. Overwrites nothing. The project
/// uses the embedded server, so it needs no InfluxDB.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory to write to; created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let dir = &arguments.dir;
    written::allowed("a project", dir).map_err(|problem| vec![problem])?;
    write(dir, &name_of(dir)).map_err(|problem| vec![problem])?;
    let at = if dir == Path::new(".") { String::new() } else { format!(" {}", argument(dir)) };
    for (file, _) in FILES {
        shell.say(format_args!("wrote {}", dir.join(file).display()));
    }
    shell.say(format_args!("Next: fluxform plan{at}, then fluxform apply{at}"));
    Ok(Exit::Ok)
}

fn write(dir: &Path, name: &str) -> Result<(), Problem> {
    let there: Vec<_> = FILES
        .iter()
        .map(|(file, _)| dir.join(file))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() {
        let exist = if there.len() == 1 { "already exists" } else { "already exist" };
        let diagnostic = Diagnostic::error("init::exists", format!("{} {exist}", there.join(", ")))
            .help("nothing was written; choose another directory");
        return Err(Problem { exit: Exit::Error, diagnostic });
    }
    for (file, text) in FILES {
        let path = dir.join(file);
        let create = || {
            std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
            let mut file = std::fs::File::create_new(&path)?;
            file.write_all(text.replace("{name}", name).as_bytes())
        };
        create().map_err(|error| trouble("init::write", format!("cannot write {}: {error}", path.display())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{self, Inputs};

    #[test]
    fn a_new_project_is_valid_and_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path().join("My First.Project");
        write(&dir, &name_of(&dir)).expect("written");
        let manifest::Loaded { manifest, warnings, .. } = manifest::load(&dir, &Inputs::default()).expect("valid");
        assert_eq!((manifest.project.as_str(), warnings.len()), ("my-first-project", 0));
        std::fs::remove_file(dir.join("fluxform.toml")).expect("removed");
        std::fs::write(dir.join(".gitignore"), "mine").expect("written");
        assert_eq!(write(&dir, "x").expect_err("refused").diagnostic.code, "init::exists");
        let both = dir.join(".gitignore").display().to_string()
            + ", "
            + &dir.join("manifest.schema.json").display().to_string();
        std::fs::remove_file(dir.join("flux/hourly.flux")).expect("removed");
        assert_eq!(write(&dir, "x").expect_err("refused").diagnostic.message, format!("{both} already exist"));
        assert!(!dir.join("fluxform.toml").exists());
        assert_eq!(std::fs::read_to_string(dir.join(".gitignore")).expect("read"), "mine");
    }
}
