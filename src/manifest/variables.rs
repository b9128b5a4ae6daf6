//! `[var]`: what is declared, what is given, and which value holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use toml::de::DeValue;

use super::budget::Budget;
use super::foreign;
use super::node::{Entry, Intake, Node, Raw, Span, Table};
use super::source::{file, place};
use super::syntax::{Document, parse, wrong_type};
use super::template::Expression;
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::limits::{VALUES, VARIABLE_DEPTH};

/// What a run gives to a project from outside.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `--var NAME=VALUE`, in order; the last one of a name holds.
    pub vars: Vec<(String, String)>,
    /// `--var-file FILE`, in order; the last one that has a name holds.
    pub var_files: Vec<PathBuf>,
    /// The variables of the environment by name, without `FLUXFORM_VAR_`.
    pub env: BTreeMap<String, String>,
}

impl Inputs {
    /// The prefix of environment variables that are variables of a project.
    pub const ENV_PREFIX: &'static str = "FLUXFORM_VAR_";
}

/// Bytes of a digest: enough to tell two values apart.
const DIGEST: usize = 8;

/// The value of each declared variable, and what reading the project may still cost.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// None where it has an error, which has been said.
    known: BTreeMap<String, Option<Node<'static>>>,
    pub(super) budget: Budget,
}

impl Values {
    /// A copy of the value of `name`, which `source` asks for at `span`: `Err` where there is none, which has been said.
    /// Nothing where there is no such variable.
    pub(super) fn copy(&self, name: &str, source: &Arc<Source>, span: Span) -> Option<Result<Node<'static>, ()>> {
        let value = self.known.get(name)?.as_ref().ok_or(());
        Some(value.and_then(|value| self.affordable(name, value, || place(source, span))).cloned())
    }

    fn affordable<'v>(
        &self,
        name: &str,
        value: &'v Node<'static>,
        place: impl Fn() -> Place,
    ) -> Result<&'v Node<'static>, ()> {
        self.budget.copies(value, || (format!("`${{var.{name}}}`"), place())).then_some(value).ok_or(())
    }

    /// The names of all declared variables.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// The digest of each value, wherever it was written.
    pub(super) fn digests(&self) -> BTreeMap<String, String> {
        let digest = |value: &Node<'static>| {
            let digest = Sha256::digest(value.value.canonical().as_bytes());
            digest.iter().take(DIGEST).map(|byte| format!("{byte:02x}")).collect()
        };
        self.known.iter().filter_map(|(name, value)| Some((name.clone(), digest(value.as_ref()?)))).collect()
    }

    /// All values that there are.
    pub(super) fn all(&self) -> impl Iterator<Item = &Node<'static>> {
        self.known.values().flatten()
    }
}

/// A value from outside.
enum Given {
    Text { text: String, origin: String },
    Toml { source: Arc<Source>, entry: Entry<'static> },
}

/// One declaration.
struct Declared<'d, 'a> {
    source: &'a Arc<Source>,
    at: Span,
    default: Option<&'d Node<'a>>,
    one_of: Option<(Span, &'d [Node<'a>])>,
}

/// Finds the value of each variable.
pub(super) fn resolve(document: &Document<'_>, inputs: &Inputs, problems: &mut Vec<Diagnostic>) -> Values {
    let values = Values::default();
    let given = given(document, inputs, &values.budget, problems);
    let mut resolver =
        Resolver { document, given, values, depths: BTreeMap::new(), deepest: 0, path: Vec::new(), problems };
    for name in document.vars.keys() {
        if resolver.values.budget.is_enough(resolver.problems) {
            break;
        }
        resolver.resolve(name);
    }
    resolver.values
}

/// All values from outside; a stronger origin replaces a weaker one.
fn given(
    document: &Document<'_>,
    inputs: &Inputs,
    budget: &Budget,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Given> {
    let mut given = BTreeMap::new();
    let unknown = |name: &str, from: &str, prefix: &str| {
        let message = format!("unknown variable `{name}` in {from}");
        let near = budget.nearest(name, || document.vars.keys());
        (message, near.map(|near| format!("did you mean `{prefix}{near}`?")))
    };
    let with_help = |diagnostic: Diagnostic, help: Option<String>| match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    };
    for (name, text) in &inputs.env {
        let origin = format!("{}{name}", Inputs::ENV_PREFIX);
        if document.vars.contains_key(name) {
            given.insert(name.clone(), Given::Text { text: text.clone(), origin });
        } else {
            let (message, help) = unknown(name, "the environment", Inputs::ENV_PREFIX);
            problems.push(with_help(Diagnostic::warning("manifest::unknown-variable", message), help));
        }
    }
    let mut left = VALUES.size();
    for path in &inputs.var_files {
        let source = match file(path, path.display().to_string()) {
            Ok(source) => source,
            Err(error) => {
                problems.push(error);
                continue;
            }
        };
        let Some(Table(entries)) = parse(&source, &mut left, problems) else { continue };
        for entry in entries {
            if budget.is_enough(problems) {
                break;
            }
            if document.vars.contains_key(entry.key.as_ref()) {
                let entry =
                    Entry { key: entry.key.clone().into_owned().into(), at: entry.at, node: entry.node.into_owned() };
                given.insert(entry.key.clone().into_owned(), Given::Toml { source: Arc::clone(&source), entry });
            } else {
                let (message, help) = unknown(&entry.key, &source.name, "");
                let diagnostic = Diagnostic::error("manifest::unknown-variable", message);
                problems.push(with_help(diagnostic.at(place(&source, entry.at), "not declared"), help));
            }
        }
    }
    for (name, text) in &inputs.vars {
        if document.vars.contains_key(name) {
            given.insert(name.clone(), Given::Text { text: text.clone(), origin: format!("--var {name}") });
        } else {
            let (message, help) = unknown(name, "--var", "");
            problems.push(with_help(Diagnostic::error("manifest::unknown-variable", message), help));
        }
    }
    given
}

struct Resolver<'d, 'a> {
    document: &'d Document<'a>,
    given: BTreeMap<String, Given>,
    values: Values,
    /// How many variables stand behind each that was read, in a row, and with it.
    depths: BTreeMap<String, usize>,
    /// The largest of these among what the variable that is being read has asked for.
    deepest: usize,
    /// The variables whose defaults are being read.
    path: Vec<String>,
    problems: &'d mut Vec<Diagnostic>,
}

impl<'d, 'a> Resolver<'d, 'a> {
    /// Finds the value of a variable, unless that was done before.
    fn resolve(&mut self, name: &str) {
        if self.values.known.contains_key(name) {
            return;
        }
        let around = std::mem::take(&mut self.deepest);
        let value = self.declared(name).and_then(|declared| self.choose(name, &declared));
        let depth = std::mem::replace(&mut self.deepest, around) + 1;
        // Whatever the order in which they are read: the depth is the project's, not that of the search.
        if VARIABLE_DEPTH.exceeded(depth) {
            self.too_deep(name);
        }
        self.depths.insert(name.to_owned(), depth);
        self.values.known.insert(name.to_owned(), value);
    }

    fn too_deep(&self, name: &str) {
        let declared = self.document.vars.get(name).map(|(source, entry)| place(source, entry.at));
        let what = || (format!("the chain of variables that `{name}` is part of is longer than"), declared);
        self.values.budget.exceed(&VARIABLE_DEPTH, what);
    }

    /// A copy of the value of a variable, which `source` asks for at `span`.
    fn value(&mut self, name: &str, source: &Arc<Source>, span: Span) -> Result<Node<'static>, ()> {
        if VARIABLE_DEPTH.exceeded(self.path.len()) {
            self.too_deep(name);
            return Err(());
        }
        self.resolve(name);
        self.deepest = self.deepest.max(self.depths.get(name).copied().unwrap_or_default());
        self.values.copy(name, source, span).unwrap_or(Err(()))
    }

    fn declared(&mut self, name: &str) -> Option<Declared<'d, 'a>> {
        let (source, entry) = self.document.vars.get(name)?;
        let Raw::Table(table) = &entry.node.value else {
            let diagnostic = wrong_type(name, "a table", &entry.node.value, place(source, entry.node.span));
            self.problems.push(diagnostic.help(format!("write `{name} = {{ default = ... }}`")));
            return None;
        };
        let mut sound = true;
        for entry in &table.0 {
            if !["default", "one_of"].contains(&entry.key.as_ref()) {
                let message = format!("unknown key `{}` in a variable", entry.key);
                let diagnostic =
                    Diagnostic::error("manifest::unknown-key", message).at(place(source, entry.at), "unknown");
                let help = foreign::variable(&entry.key).unwrap_or("available keys: default, one_of");
                self.problems.push(diagnostic.help(help));
                if self.values.budget.is_enough(self.problems) {
                    break;
                }
                sound = false;
            }
        }
        let one_of = match table.get("one_of") {
            None => None,
            Some(Node { span, value: Raw::Array(items) }) if !items.is_empty() => Some((*span, items.as_slice())),
            Some(node) => {
                self.problems.push(wrong_type("one_of", "a list of values", &node.value, place(source, node.span)));
                sound = false;
                None
            }
        };
        sound.then_some(Declared { source, at: entry.at, default: table.get("default"), one_of })
    }

    fn choose(&mut self, name: &str, declared: &Declared<'d, 'a>) -> Option<Node<'static>> {
        if self.path.iter().any(|earlier| earlier == name) {
            let message = format!("the variable `{name}` refers to itself");
            self.problems.push(
                Diagnostic::error("manifest::cycle", message).at(place(declared.source, declared.at), "declared here"),
            );
            return None;
        }
        self.path.push(name.to_owned());
        let default = declared.default.map(|node| self.expand(declared.source, node));
        let one_of: Option<Option<Vec<_>>> =
            declared.one_of.map(|(_, items)| items.iter().map(|node| self.expand(declared.source, node)).collect());
        self.path.pop();
        let default = match default {
            Some(node) => Some(node?),
            None => None,
        };
        let one_of = match one_of {
            Some(items) => Some(items?),
            None => None,
        };
        let sample = default.as_ref().or(one_of.as_ref().and_then(|items| items.first())).cloned();
        if let (Some(sample), Some(items)) = (&sample, &one_of) {
            let others = items.iter().filter(|item| !same_type(&item.value, &sample.value));
            let before = self.problems.len();
            self.problems.extend(
                others
                    .map(|item| wrong_type(name, sample.value.what(), &item.value, place(declared.source, item.span))),
            );
            if self.problems.len() > before {
                return None;
            }
        }
        let (value, at) = match self.given.remove(name) {
            Some(given) => self.typed(name, given, sample.as_ref(), declared)?,
            None => match default {
                Some(node) => {
                    let at = place(declared.source, node.span);
                    (node, Some(at))
                }
                None => {
                    let message = format!("the variable `{name}` has no value");
                    self.problems.push(
                        Diagnostic::error("manifest::variable-unset", message)
                            .at(place(declared.source, declared.at), "has no default")
                            .help(format!("give `--var {name}=...`, or set {}{name}", Inputs::ENV_PREFIX)),
                    );
                    return None;
                }
            },
        };
        if let Some(items) = &one_of
            && !items.iter().any(|item| item.value == value.value)
        {
            let shown = value.value.inline().map_or_else(|| value.value.what().to_owned(), |text| format!("`{text}`"));
            let allowed: Vec<_> =
                items.iter().filter_map(|item| item.value.inline()).map(|text| format!("`{text}`")).collect();
            let mut diagnostic =
                Diagnostic::error("manifest::variable-value", format!("the variable `{name}` cannot be {shown}"))
                    .at_known(at.as_ref(), "not allowed");
            if let Some((span, _)) = declared.one_of {
                diagnostic = diagnostic.at(place(declared.source, span), "these are allowed");
            }
            self.problems.push(diagnostic.help(format!("one of {}", allowed.join(", "))));
            return None;
        }
        Some(value)
    }

    /// A value from outside as the declared type.
    fn typed(
        &mut self,
        name: &str,
        given: Given,
        sample: Option<&Node<'_>>,
        declared: &Declared<'_, '_>,
    ) -> Option<(Node<'static>, Option<Place>)> {
        let (text, origin) = match given {
            Given::Text { text, origin } => (text, origin),
            Given::Toml { source, entry } => {
                let at = place(&source, entry.node.span);
                let node = match (entry.node.value, sample.map(|sample| &sample.value)) {
                    (Raw::Integer(number), Some(Raw::Float(_))) => Raw::Float(number as f64),
                    (value, None) => value,
                    (value, Some(wanted)) if same_type(&value, wanted) => value,
                    (value, Some(wanted)) => {
                        self.problems.push(
                            wrong_type(name, wanted.what(), &value, at)
                                .at(place(declared.source, declared.at), "declared here"),
                        );
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
            self.problems.push(
                Diagnostic::error(
                    "manifest::type",
                    format!("the variable `{name}` must be {wanted}, but {origin} is not"),
                )
                .at(place(declared.source, declared.at), "declared here")
                .help_known(sample.and_then(|sample| written(name, &text, &origin, &sample.value))),
            );
        }
        value.map(|value| (Node { span: Span::default(), value }, None))
    }

    /// A default with the variables in it.
    fn expand(&mut self, source: &'a Arc<Source>, node: &Node<'a>) -> Option<Node<'static>> {
        let mut problem = None;
        let expanded = super::expand::expand(node, &mut |expression, span| match expression {
            Expression::Var(name) if self.document.vars.contains_key(name) => self.value(name, source, span),
            _ => {
                let message = "only variables can be used in a variable, such as `${var.NAME}`";
                problem = Some(Diagnostic::error("manifest::expression", message).at(place(source, span), "here"));
                Err(())
            }
        });
        let expanded = match expanded {
            Ok(node) => Some(node.into_owned().into_owned()),
            Err(error) => {
                problem = problem.or(error.diagnostic(source));
                None
            }
        };
        self.problems.extend(problem);
        expanded
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
        format!("--var {}", shell_quoted(&format!("{name}={value}")))
    } else {
        format!("{origin}={}", shell_quoted(&value))
    };
    Some(format!("write {} as in TOML, for example {assignment}", wanted.what()))
}

fn shell_quoted(word: &str) -> String {
    shlex::try_quote(word).unwrap_or_default().into_owned()
}

fn same_type(a: &Raw<'_>, b: &Raw<'_>) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
