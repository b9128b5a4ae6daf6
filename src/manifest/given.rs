//! Values of variables from outside: the command line, the environment and files of variables.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use toml::de::DeValue;

use super::budget::Budget;
use super::node::{Entry, Intake, Node, Raw, Span, Table};
use super::source::{file, place};
use super::syntax::{Left, Variables, parse};
use super::written::wrong_type;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::limits::VALUES;
use crate::shell_words::shell_quoted;

/// What a run gives to a project from outside.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `--var NAME=VALUE`, in order; the last one of a name holds.
    pub vars: Vec<(String, String)>,
    /// `--var-file FILE`, in order; the last one that has a name holds.
    pub var_files: Vec<PathBuf>,
    /// The variables of the environment by name, without `FLUXFORM_VAR_`.
    pub env: BTreeMap<String, String>,
    /// The home org as the command line has it: it holds over `[server]`.
    pub org: Option<String>,
    /// The home org where nothing else says it.
    pub default_org: Option<String>,
}

impl Inputs {
    /// The prefix of environment variables that are variables of a project.
    pub const ENV_PREFIX: &'static str = "FLUXFORM_VAR_";
}

/// A value from outside.
pub(super) enum Given {
    Text { text: String, origin: String },
    Toml { source: Arc<Source>, entry: Entry<'static> },
}

/// All values from outside; a stronger origin replaces a weaker one.
pub(super) fn given(
    vars: &Variables<'_>,
    inputs: &Inputs,
    budget: &Budget,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Given> {
    let mut given = BTreeMap::new();
    let unknown = |name: &str, from: &str, prefix: &str| {
        let message = format!("unknown variable `{name}` in {from}");
        let near = budget.nearest(name, || vars.keys());
        (message, near.map(|near| format!("did you mean `{prefix}{near}`?")))
    };
    let with_help = |diagnostic: Diagnostic, help: Option<String>| match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    };
    for (name, text) in &inputs.env {
        let origin = format!("{}{name}", Inputs::ENV_PREFIX);
        if vars.contains_key(name) {
            given.insert(name.clone(), Given::Text { text: text.clone(), origin });
        } else {
            let (message, help) = unknown(name, "the environment", Inputs::ENV_PREFIX);
            problems.push(with_help(Diagnostic::warning(Code::ManifestUnknownVariable, message), help));
        }
    }
    let mut left = Left::of_all();
    for path in &inputs.var_files {
        let source = match file(path, path.display().to_string()) {
            Ok(source) => source,
            Err(error) => {
                let error = error.showing_nothing();
                problems.push(Diagnostic { message: format!("--var-file: {}", error.message), ..error });
                continue;
            }
        };
        // Of what cannot be read, nobody knows which values are sensitive.
        let unread = Arc::new(source.hiding(std::iter::once(0..source.text.len())));
        let Some(Table(entries)) = parse(&unread, &mut left, problems) else { continue };
        let sensitive = entries.iter().filter(|entry| vars.get(entry.key.as_ref()).is_none_or(is_sensitive));
        let source = Arc::new(source.hiding(sensitive.map(|entry| place(&source, entry.node.span).span)));
        for entry in entries {
            if budget.is_enough(problems) {
                break;
            }
            if vars.contains_key(entry.key.as_ref()) {
                let entry =
                    Entry { key: entry.key.clone().into_owned().into(), at: entry.at, node: entry.node.into_owned() };
                given.insert(entry.key.clone().into_owned(), Given::Toml { source: Arc::clone(&source), entry });
            } else {
                let (message, help) = unknown(&entry.key, &source.name, "");
                let diagnostic = Diagnostic::error(Code::ManifestUnknownVariable, message);
                problems.push(with_help(diagnostic.at(place(&source, entry.at), "not declared"), help));
            }
        }
    }
    for (name, text) in &inputs.vars {
        if vars.contains_key(name) {
            given.insert(name.clone(), Given::Text { text: text.clone(), origin: format!("--var {name}") });
        } else {
            let (message, help) = unknown(name, "--var", "");
            problems.push(with_help(Diagnostic::error(Code::ManifestUnknownVariable, message), help));
        }
    }
    given
}

/// Whether a variable may be one that is never shown.
fn is_sensitive((_, entry): &(&Arc<Source>, Entry<'_>)) -> bool {
    let Raw::Table(declared) = &entry.node.value else { return false };
    declared.get("sensitive").is_some_and(|said| !matches!(said.value, Raw::Boolean(false)))
}

impl Given {
    /// Where it comes from: an option, an environment variable or a file.
    pub(super) fn origin(&self) -> &str {
        match self {
            Self::Text { origin, .. } => origin,
            Self::Toml { source, .. } => &source.name,
        }
    }

    /// The value as the type of `sample`, for the variable `name` that is declared at `declared`; none if it is another one,
    /// which is said.
    pub(super) fn typed(
        self,
        name: &str,
        sample: Option<&Node<'_>>,
        declared: &Place,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<(Node<'static>, Option<Place>)> {
        let (text, origin) = match self {
            Self::Text { text, origin } => (text, origin),
            Self::Toml { source, entry } => {
                let at = place(&source, entry.node.span);
                let node = match (entry.node.value, sample.map(|sample| &sample.value)) {
                    (Raw::Integer(number), Some(Raw::Float(_))) => Raw::Float(number as f64),
                    (value, None) => value,
                    (value, Some(wanted)) if same_type(&value, wanted) => value,
                    (value, Some(wanted)) => {
                        let diagnostic = wrong_type(name, wanted.what(), &value, at);
                        problems.push(diagnostic.at(declared.clone(), "declared here"));
                        return None;
                    }
                };
                return Some((Node { span: Span::default(), value: node }, Some(at)));
            }
        };
        let wanted = sample.map(|sample| &sample.value);
        let value = match wanted {
            None | Some(Raw::Text(_)) => Some(Raw::Text(text.clone().into())),
            Some(wanted) => DeValue::parse(&text).ok().and_then(|value| {
                let mut intake = Intake::of(VALUES.size());
                let node = Node::alone(value, &mut intake).moved(Span::default()).into_owned();
                match (node.value, wanted) {
                    _ if !intake.beyond.is_empty() || intake.full.is_some() => None,
                    (Raw::Integer(number), Raw::Float(_)) => Some(Raw::Float(number as f64)),
                    (value, wanted) => same_type(&value, wanted).then_some(value),
                }
            }),
        };
        if value.is_none() {
            let wanted = wanted.map_or("a string", Raw::what);
            let message = format!("the variable `{name}` must be {wanted}, but {origin} is not");
            problems.push(
                Diagnostic::error(Code::ManifestType, message)
                    .at(declared.clone(), "declared here")
                    .help_known(sample.and_then(|sample| written(name, &text, &origin, &sample.value))),
            );
        }
        value.map(|value| (Node { span: Span::default(), value }, None))
    }
}

/// How to write a value that is no string on the command line or in the environment: as TOML does.
fn written(name: &str, text: &str, origin: &str, wanted: &Raw<'_>) -> Option<String> {
    let value = match wanted {
        Raw::Array(_) => {
            let words = text.trim().trim_start_matches('[').trim_end_matches(']').split(',').map(str::trim);
            let quote = |word: &str| match word.trim_matches(['"', '\'']) {
                "" => None,
                word => Some(format!("{word:?}")),
            };
            format!("[{}]", words.filter_map(quote).collect::<Vec<_>>().join(", "))
        }
        Raw::Table(_) => "{ key = \"value\" }".to_owned(),
        Raw::Integer(_) => "30".to_owned(),
        Raw::Float(_) => "0.5".to_owned(),
        Raw::Boolean(_) => "true".to_owned(),
        Raw::Datetime(_) => "2026-01-31T00:00:00Z".to_owned(),
        Raw::Text(_) => return None,
    };
    let assignment = if origin.starts_with("--") {
        format!("--var {}", shell_quoted([format!("{name}={value}").as_str()]))
    } else {
        format!("{origin}={}", shell_quoted([value.as_str()]))
    };
    Some(format!("write {} as in TOML, for example {assignment}", wanted.what()))
}

/// Whether both are strings, whole numbers, lists and so on.
pub(super) fn same_type(a: &Raw<'_>, b: &Raw<'_>) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
