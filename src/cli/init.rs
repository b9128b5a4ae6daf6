//! `fluxform init`.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::applies::argument;
use super::project::name_of;
use super::shell::Shell;
use super::{Ended, written};
use crate::confine;
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::limits;
use crate::problem::Problem;
use crate::schema;

/// The file that keeps secrets out of Git.
const IGNORE: &str = ".gitignore";
/// Its text.
const IGNORED: &str = include_str!("init/gitignore");

/// The files of a new project; `{name}` stands for its name.
fn files() -> [(&'static str, Cow<'static, str>); 4] {
    [
        ("fluxform.toml", include_str!("init/fluxform.toml").into()),
        ("flux/hourly.flux", include_str!("init/hourly.flux").into()),
        (IGNORE, IGNORED.into()),
        ("manifest.schema.json", schema::manifest_text().into()),
    ]
}

/// Write a small project to start from
///
/// Writes a commented manifest, a Flux script, a .gitignore, and the schema for editors. Overwrites nothing: of a .gitignore
/// that exists, it says which lines to add. The project uses the embedded server, so it needs no InfluxDB.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory to write to; created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let dir = &arguments.dir;
    written::allowed("a project", dir)?;
    written::through_no_link(Code::InitWrite, "a project", dir)?;
    let missing = write(dir, &name_of(dir))?;
    let at = if dir == Path::new(".") { String::new() } else { format!(" {}", argument(dir)) };
    for (file, _) in files().iter().filter(|(file, _)| *file != IGNORE || missing.is_none()) {
        shell.say(format_args!("wrote {}", dir.join(file).display()));
    }
    if let Some(missing) = missing.filter(|missing| !missing.is_empty()) {
        let path = dir.join(IGNORE);
        shell.say(format_args!(
            "{} exists; add these lines to it, so that Git never takes up a secret:",
            path.display()
        ));
        missing.iter().for_each(|line| shell.say_command(line));
    }
    let other = shell.around.var("INFLUX_HOST").is_some();
    if other {
        shell.say(
            "INFLUX_HOST is set, but the project names the embedded server: to use the server in INFLUX_HOST, remove `url` and \
             `org` from [server].",
        );
    }
    shell.say("Next:");
    let without = if other { "env -u INFLUX_HOST " } else { "" };
    ["plan", "apply"].iter().for_each(|command| shell.say_command(&format!("{without}fluxform {command}{at}")));
    Ok(Exit::Ok)
}

/// Writes the files. Of a `.gitignore` that exists, the lines that it lacks; none if there was no such file.
fn write(dir: &Path, name: &str) -> Result<Option<Vec<&'static str>>, Problem> {
    for (file, _) in files() {
        written::through_no_link(Code::InitWrite, "a project", &dir.join(file))?;
    }
    let ignored = confine::read(&dir.join(IGNORE), &limits::IGNORE_FILE).ok();
    let ignored = ignored.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let there: Vec<_> = files()
        .iter()
        .filter(|(file, _)| *file != IGNORE || ignored.is_none())
        .map(|(file, _)| dir.join(file))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() {
        let exist = if there.len() == 1 { "already exists" } else { "already exist" };
        let diagnostic = Diagnostic::error(Code::InitExists, format!("{} {exist}", there.join(", ")))
            .help("nothing was written; choose another directory");
        return Err(diagnostic.into());
    }
    for (file, text) in files().iter().filter(|(file, _)| *file != IGNORE || ignored.is_none()) {
        let path = dir.join(file);
        let create = || {
            std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
            let mut file = std::fs::File::create_new(&path)?;
            file.write_all(text.replace("{name}", name).as_bytes())
        };
        create().map_err(|error| {
            let why = match written::no_directory(&path) {
                Some(parent) => format!("{} is not a directory", parent.display()),
                None => error.to_string(),
            };
            Problem::new(Code::InitWrite, format!("cannot write {}: {why}", path.display()))
        })?;
    }
    let lacks = |ignored: String| {
        let has = |line: &&str| ignored.lines().any(|known| known.trim().trim_matches('/') == line.trim_matches('/'));
        IGNORED.lines().filter(|line| !line.starts_with('#') && !has(line)).collect()
    };
    Ok(ignored.map(lacks))
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
        let there = ["flux/hourly.flux", "manifest.schema.json"].map(|file| dir.join(file).display().to_string());
        let refused = write(&dir, "x").expect_err("refused").diagnostic;
        assert_eq!((refused.code, refused.message), (Code::InitExists, format!("{} already exist", there.join(", "))));
        assert!(!dir.join("fluxform.toml").exists());
        for file in there {
            std::fs::remove_file(file).expect("removed");
        }
        let lacks = write(&dir, "x").expect("a .gitignore is no hindrance").expect("one was there");
        assert_eq!(lacks, ["/.fluxform/", "/secrets/", "*.token", ".env"]);
        let beneath = dir.join(".gitignore/below");
        let refused = write(&beneath, "x").expect_err("refused").diagnostic;
        assert!(refused.message.ends_with(".gitignore is not a directory"), "{}", refused.message);
        let again = tempfile::tempdir().expect("a directory");
        std::fs::write(again.path().join(".gitignore"), "secrets\n.env\n").expect("written");
        assert_eq!(write(again.path(), "x").expect("written"), Some(vec!["/.fluxform/", "*.token"]));
        assert_eq!(std::fs::read_to_string(dir.join(".gitignore")).expect("read"), "mine");
    }
}
