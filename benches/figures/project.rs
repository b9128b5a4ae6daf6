//! The projects that are measured: written tables of buckets, tasks and tokens.

use std::fmt::{self, Write as _};
use std::path::Path;

use tempfile::TempDir;

use super::Result;

/// How many resources of each kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) buckets: usize,
    pub(crate) tasks: usize,
    pub(crate) tokens: usize,
}

impl Size {
    pub(crate) const fn all(self) -> usize {
        self.buckets + self.tasks + self.tokens
    }

    pub(crate) const fn times(self, n: usize) -> Self {
        Self { buckets: self.buckets * n, tasks: self.tasks * n, tokens: self.tokens * n }
    }
}

/// Where the tokens of a project go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deliver {
    Discard,
    File,
}

impl fmt::Display for Deliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Discard => "tokens discarded",
            Self::File => "tokens to files",
        })
    }
}

/// A project in a directory of its own.
pub(crate) struct Project {
    dir: TempDir,
    size: Size,
}

impl Project {
    /// Writes a project; the tables of each kind are spread over `files` files. No table is a `for_each`.
    pub(crate) fn write(size: Size, deliver: Deliver, files: usize) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("fluxform-figures-").tempdir()?;
        let mut texts = vec![String::new(); files];
        texts[0].push_str("[project]\nname = \"figures\"\n\n");
        for n in 0..size.buckets {
            write!(texts[n % files], "[bucket.b{n}]\nname = \"{}\"\nretention = \"30d\"\n\n", bucket_name(n))?;
        }
        for n in 0..size.tasks {
            let (source, target) = (n % size.buckets, (n + 1) % size.buckets);
            let text = &mut texts[n % files];
            writeln!(text, "[task.t{n}]\nname = \"{}\"\nevery = \"1h\"\noffset = \"5m\"", task_name(n))?;
            writeln!(text, "flux = '''\n{SCRIPT}'''")?;
            writeln!(
                text,
                "params = {{ source = {{ bucket = \"bucket.b{source}\" }}, target = {{ bucket = \"bucket.b{target}\" }}, window = {{ duration = \"1h\" }} }}\n"
            )?;
        }
        for n in 0..size.tokens {
            let (read, write) = (n % size.buckets, (n + 1) % size.buckets);
            let text = &mut texts[n % files];
            writeln!(text, "[token.k{n}]\ndescription = \"{}\"", token_name(n))?;
            writeln!(text, "read = [\"bucket.b{read}\"]\nwrite = [\"bucket.b{write}\"]")?;
            match deliver {
                Deliver::Discard => writeln!(text, "deliver = \"discard\"\n")?,
                Deliver::File => writeln!(text, "deliver = {{ file = \"secrets/k{n}.token\" }}\n")?,
            }
        }
        for (n, text) in texts.iter().enumerate() {
            std::fs::write(dir.path().join(format!("part{n:02}.toml")), text)?;
        }
        Ok(Self { dir, size })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// How long its manifests are together.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let files = std::fs::read_dir(self.path())?;
        files
            .map(|file| Ok(file?.metadata()?))
            .filter(|file| file.as_ref().map_or(true, std::fs::Metadata::is_file))
            .map(|file: Result<_>| Ok(file?.len()))
            .sum()
    }
}

pub(crate) fn bucket_name(n: usize) -> String {
    format!("figures_bucket_{n}")
}

pub(crate) fn task_name(n: usize) -> String {
    format!("figures task {n}")
}

pub(crate) fn token_name(n: usize) -> String {
    format!("Token {n} of the figures")
}

/// What a task does; `params` is put before it.
pub(crate) const SCRIPT: &str = "\
from(bucket: params.source)
    |> range(start: -params.window)
    |> filter(fn: (r) => r._measurement == \"machine\" and r._field == \"temperature\")
    |> aggregateWindow(every: params.window, fn: mean, createEmpty: false)
    |> to(bucket: params.target)
";
