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

    /// Writes a project of 5,000 resources of thirteen kinds, as a server has them that people also look at. Without remotes and
    /// replications, of which no server has many, and tokens of InfluxDB 1.x, which the server makes slowly.
    pub(crate) fn write_mixed() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("fluxform-figures-").tempdir()?;
        let mut text = String::from("[project]\nname = \"figures\"\n\n");
        for (kind, count, body) in MIXED {
            for n in 0..count {
                writeln!(text, "[{kind}.n{n}]\n{}\n", body.replace("{n}", &n.to_string()).trim_end())?;
            }
        }
        std::fs::write(dir.path().join("fluxform.toml"), text)?;
        std::fs::write(dir.path().join("value"), "long-enough")?;
        let size = Size { buckets: of_mixed("bucket"), tasks: of_mixed("task"), tokens: of_mixed("token") };
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

/// The kinds of the mixed project: how many of each, and what each says.
const MIXED: [(&str, usize, &str); 13] = [
    ("label", 200, "name = \"label {n}\""),
    ("bucket", 1_000, "name = \"bucket {n}\"\nretention = \"30d\""),
    ("dbrp", 200, "database = \"db{n}\"\nbucket = \"bucket.n{n}\"\ndefault = true"),
    ("variable", 500, "name = \"variable_{n}\"\nvalues = [\"eu\", \"us\"]"),
    ("secret", 100, "key = \"secret {n}\"\nvalue = { file = \"value\" }"),
    ("telegraf", 300, "name = \"telegraf {n}\"\nconfig = \"[[inputs.cpu]]\\n  totalcpu = true\\n\""),
    ("scraper", 200, "name = \"scraper {n}\"\nurl = \"http://127.0.0.1:1/{n}\"\nbucket = \"bucket.n{n}\""),
    (
        "task",
        800,
        "name = \"task {n}\"\nevery = \"24h\"\nstatus = \"inactive\"\nlabels = [\"label.n7\"]\nflux = '''\nfrom(bucket: \"bucket {n}\")\n    |> range(start: -24h)\n    |> filter(fn: (r) => r._measurement == \"machine\")\n    |> mean()\n'''",
    ),
    ("token", 500, "description = \"token {n}\"\nread = [\"bucket.n{n}\"]\ndeliver = \"discard\""),
    (
        "dashboard",
        400,
        "name = \"dashboard {n}\"\ncell = [\n  { name = \"a\", at = [0, 0], size = [4, 4], xy = {}, flux = 'from(bucket: \"bucket {n}\") |> range(start: -1h)' },\n  { name = \"b\", at = [4, 0], size = [4, 4], single_stat = {}, flux = 'from(bucket: \"bucket {n}\") |> range(start: -2h)' },\n]",
    ),
    (
        "check",
        400,
        "name = \"check {n}\"\nstatus = \"inactive\"\nevery = \"1h\"\nflux = 'from(bucket: \"bucket {n}\") |> range(start: -1h) |> filter(fn: (r) => r._field == \"usage\")'\nwhen = { crit = { above = 90 } }",
    ),
    ("notification_endpoint", 100, "name = \"endpoint {n}\"\nhttp = { url = \"http://127.0.0.1:1/{n}\" }"),
    (
        "notification_rule",
        300,
        "name = \"rule {n}\"\nstatus = \"inactive\"\nendpoint = \"notification_endpoint.n7\"\nevery = \"1h\"\non = [\"crit\"]",
    ),
];

/// How many of a kind the mixed project has.
pub(crate) fn of_mixed(kind: &str) -> usize {
    MIXED.iter().find(|(other, ..)| *other == kind).map_or(0, |(_, count, _)| *count)
}

/// How many resources the mixed project has.
pub(crate) fn mixed() -> usize {
    MIXED.iter().map(|(_, count, _)| count).sum()
}
