//! The influx CLI's file of connections, read and never written.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::{Surroundings, Target};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::limits::CONNECTIONS_FILE;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::shell_words::shell_quoted;

/// The file as it was read.
#[derive(Clone)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// Its text, which holds tokens; none if it is too large.
    pub text: Option<String>,
}

impl File {
    /// Reads the file at `path`; none if there is none, or it is no text.
    pub fn read(path: PathBuf) -> Option<Self> {
        let mut text = String::new();
        std::fs::File::open(&path).ok()?.take(CONNECTIONS_FILE.most + 1).read_to_string(&mut text).ok()?;
        let text = (!CONNECTIONS_FILE.exceeded(text.len())).then_some(text);
        Some(Self { path, text })
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The connection that is in use.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) token: Option<Secret>,
    pub(super) org: Option<String>,
}

/// A connection that a run may not use.
#[derive(Clone, Debug)]
pub struct Unused {
    /// Which one, and of what file; the file alone where that does not say.
    name: String,
    /// Its server; none where the file does not say.
    pub(super) url: Option<Url>,
    /// Its org, where the file says it.
    org: Option<String>,
}

impl Unused {
    /// Adds to the error about what is missing that this connection would have had it, and why it does not count.
    pub fn explain(&self, mut problem: Problem) -> Problem {
        let diagnostic = &mut problem.diagnostic;
        let missing = std::mem::take(&mut diagnostic.message);
        diagnostic.message = format!("{missing}: a command that writes uses {} only at a terminal", self.name);
        diagnostic.help = Some(match &self.url {
            Some(url) => {
                let org = self.org.as_deref().map_or(String::new(), |org| format!("={}", shell_quoted([org])));
                format!(
                    "set INFLUX_HOST={}, INFLUX_ORG{org} and INFLUX_TOKEN, or use --host, --org and --token-file",
                    shell_quoted([url.as_str().trim_end_matches('/')])
                )
            }
            None => "set INFLUX_HOST, INFLUX_ORG and INFLUX_TOKEN, or use --host, --org and --token-file".to_owned(),
        });
        problem
    }
}

/// The connection that would be in use if the run could use one.
pub(super) fn unused(around: &Surroundings, active: Result<Option<Active>, Diagnostic>) -> Option<Unused> {
    let path = around.influx_cli.as_ref()?.path.display();
    Some(match active {
        Ok(Some(Active { name, url, org, .. })) => {
            Unused { name: format!("the influx CLI's active connection `{name}` ({path})"), url: Some(url), org }
        }
        Ok(None) => return None,
        // What is wrong with it does not matter to this run.
        Err(_) => Unused { name: format!("the influx CLI's connections ({path})"), url: None, org: None },
    })
}

/// One table of the file (influx CLI 2.x; other keys are not ours).
#[derive(Deserialize)]
struct Entry {
    url: Option<String>,
    token: Option<String>,
    org: Option<String>,
    #[serde(default)]
    active: bool,
}

/// Where the file is: `INFLUX_CONFIGS_PATH`, or `~/.influxdbv2/configs`.
pub fn path(vars: &BTreeMap<String, String>) -> Option<PathBuf> {
    let var = |name: &str| vars.get(name).filter(|value| !value.is_empty());
    match var("INFLUX_CONFIGS_PATH") {
        Some(path) => Some(path.into()),
        None => Some(Path::new(var("HOME")?).join(".influxdbv2").join("configs")),
    }
}

/// The active connection: the one that `INFLUX_ACTIVE_CONFIG` names, else the one marked so.
pub(super) fn active(around: &Surroundings) -> Result<Option<Active>, Diagnostic> {
    let wanted = around.var("INFLUX_ACTIVE_CONFIG");
    let Some(file) = &around.influx_cli else {
        return match wanted {
            None => Ok(None),
            Some(name) => Err(Diagnostic::error(
                Code::ConnectionInfluxCli,
                format!("INFLUX_ACTIVE_CONFIG is `{name}`, but the influx CLI has no connections file"),
            )
            .help("set INFLUX_CONFIGS_PATH to the path of the file")),
        };
    };
    let wrong = |what: String| {
        Diagnostic::error(Code::ConnectionInfluxCli, format!("{} {what}", file.path.display()))
            .help("correct the file, or set INFLUX_CONFIGS_PATH to another one")
    };
    let Some(text) = &file.text else { return Err(wrong(format!("is larger than {CONNECTIONS_FILE}"))) };
    // The parser's own message would quote the line, which may hold a token.
    let entries: BTreeMap<String, Entry> =
        toml::from_str(text).map_err(|_| wrong("is not a valid connections file of the influx CLI".to_owned()))?;
    let found = match wanted {
        Some(name) => Some(entries.get_key_value(name).ok_or_else(|| {
            let near = nearest(name, entries.keys().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            wrong(format!("has no connection `{name}`, which INFLUX_ACTIVE_CONFIG names{near}"))
        })?),
        None => entries.iter().find(|(_, entry)| entry.active),
    };
    let Some((name, entry)) = found else { return Ok(None) };
    let Some(url) = entry.url.as_deref().filter(|url| !url.is_empty()) else { return Ok(None) };
    match Target::parse(url) {
        Ok(Target::Server(url)) => Ok(Some(Active {
            name: name.clone(),
            url,
            token: entry.token.as_deref().filter(|token| !token.is_empty()).map(Into::into),
            org: entry.org.clone().filter(|org| !org.is_empty()),
        })),
        Ok(Target::Embedded(_)) => Err(wrong(format!("has no server in the connection `{name}`"))),
        Err(reason) => Err(wrong(format!("has an invalid url in the connection `{name}`: {reason}"))),
    }
}
