//! `[var]`: what is declared, and which value holds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::budget::Budget;
use super::foreign;
use super::given::{Given, Inputs, given, same_type};
use super::node::{Entry, Node, Raw, Span};
use super::source::place;
use super::syntax::{Document, Variables};
use super::template::Expression;
use super::written::{no_list, wrong_type};
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::limits::VARIABLE_DEPTH;
use crate::redact::is_secret;
use crate::secret::Secret;

/// Bytes of a digest: enough to tell two values apart.
const DIGEST: usize = 8;

/// The value of each declared variable, and what reading the project may still cost.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// None where it has an error, which has been said.
    known: BTreeMap<String, Option<Node<'static>>>,
    /// The sensitive ones: they are in no value. None where nobody gives it.
    sensitive: BTreeMap<String, Option<Secret>>,
    /// Where the values come from that are from outside.
    origins: BTreeMap<String, String>,
    pub(super) budget: Budget,
}

/// Says that there is no variable `name`, which is used at `at`; `near` may be meant.
fn unknown(name: &str, near: Option<String>, at: Place) -> Diagnostic {
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it: `[var]` with `{name} = {{}}`"),
    };
    let message = format!("unknown variable `{name}`");
    Diagnostic::error(Code::ManifestUnknownVariable, message).at(at, "not declared").help(help)
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

    /// Whether `name` is a sensitive variable, which is named at `at` as the source of a secret.
    pub(super) fn is_secret_source(&self, name: &str, at: impl Fn() -> Place) -> Result<(), Diagnostic> {
        if self.sensitive.contains_key(name) {
            return Ok(());
        }
        if !self.known.contains_key(name) {
            return Err(self.unknown(name, at()));
        }
        let message = format!("the variable `{name}` is not sensitive, and plans show its value");
        let diagnostic = Diagnostic::error(Code::ManifestVariableSecret, message).at(at(), "a secret from it");
        Err(diagnostic.help(format!("declare it as one that is never shown: `{name} = {{ sensitive = true }}`")))
    }

    /// The values of the sensitive variables that have one.
    pub(super) fn sensitive(&self) -> BTreeMap<String, Secret> {
        self.sensitive.iter().filter_map(|(name, secret)| Some((name.clone(), secret.clone()?))).collect()
    }

    /// Says that there is no variable `name`, which is used at `at`, or that it is used where its value would be shown.
    pub(super) fn unknown(&self, name: &str, at: Place) -> Diagnostic {
        if self.sensitive.contains_key(name) {
            let message = format!("the variable `{name}` is sensitive, and what is written here is shown");
            let diagnostic = Diagnostic::error(Code::ManifestVariableSecret, message).at(at, "a sensitive variable");
            return diagnostic.help(format!("use it where a secret is expected: `password = {{ var = \"{name}\" }}`"));
        }
        unknown(name, self.budget.nearest(name, || self.known.keys()), at)
    }

    /// `node`, which is in `source` and no part of a resource, with the variables in it; `only` is what is said of anything
    /// else in it. None where it has an error, which has been said.
    pub(super) fn expand<'a>(
        &self,
        node: &Node<'a>,
        source: &Arc<Source>,
        only: (Code, &str),
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Node<'a>> {
        let mut said = None;
        let expanded = super::expand::expand(node, &mut |expression, span| {
            let at = || place(source, span);
            let value = match expression {
                Expression::Var(name) => {
                    let value = self.copy(name, source, span);
                    value.ok_or_else(|| self.unknown(name, at()))
                }
                _ => Err(Diagnostic::error(only.0, only.1).at(at(), "not a variable")),
            };
            value.unwrap_or_else(|diagnostic| {
                said = Some(diagnostic);
                Err(())
            })
        });
        match expanded {
            Ok(node) => Some(node.into_owned()),
            Err(error) => {
                problems.extend(said.or_else(|| error.diagnostic(source)));
                None
            }
        }
    }

    /// Where the value of a variable comes from, if that is outside of the manifests.
    pub(super) fn origin(&self, name: &str) -> Option<&str> {
        self.origins.get(name).map(String::as_str)
    }

    /// The value of a variable that is called like a secret, where it is one word.
    pub(super) fn secret(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.known.get(name)?.as_ref()?;
        value.value.inline().filter(|value| is_secret(name) && !value.is_empty())
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

/// Plans show the values of variables, and plans of pull requests too: a secret must not get into one.
fn secret_from_outside(name: &str, given: &Given, declared: Place) -> Diagnostic {
    let message = format!(
        "the variable `{name}` is called like a secret and gets its value from `{}`: plans show what variables are",
        given.origin()
    );
    Diagnostic::error(Code::ManifestVariableSecret, message).at(declared, "declared here").help(
        "an apply reads secrets itself, such as `value = { env = \"NAME\" }` of a secret or `password = { env = \"NAME\" }` of a \
         user, or `{ var = \"NAME\" }` of a variable with `sensitive = true`; if this is none, give the variable another name",
    )
}

/// One declaration.
struct Declared<'a> {
    source: &'a Arc<Source>,
    at: Span,
    default: Option<Node<'a>>,
    one_of: Option<(Span, Vec<Node<'a>>)>,
    /// Whether it is in no value, and where a secret is expected alone.
    sensitive: bool,
}

impl Declared<'_> {
    fn place(&self) -> Place {
        place(self.source, self.at)
    }
}

/// Finds the value of each variable, and takes what is written out of the document: it may be large, and is not kept twice.
pub(super) fn resolve(document: &mut Document<'_>, inputs: &Inputs, problems: &mut Vec<Diagnostic>) -> Values {
    let mut values = Values::default();
    let vars = &mut document.vars;
    let given = given(vars, inputs, &values.budget, problems);
    values.origins = given.iter().map(|(name, given)| (name.clone(), given.origin().to_owned())).collect();
    let names: Vec<String> = vars.keys().cloned().collect();
    let mut resolver =
        Resolver { vars, given, values, depths: BTreeMap::new(), deepest: 0, path: Vec::new(), problems };
    for name in names {
        if resolver.values.budget.is_enough(resolver.problems) {
            break;
        }
        resolver.resolve(&name);
    }
    resolver.values
}

struct Resolver<'d, 'a> {
    vars: &'d mut Variables<'a>,
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

impl<'a> Resolver<'_, 'a> {
    /// Finds the value of a variable, unless that was done before.
    fn resolve(&mut self, name: &str) {
        if self.values.known.contains_key(name) || self.values.sensitive.contains_key(name) {
            return;
        }
        if self.path.iter().any(|earlier| earlier == name) {
            let message = format!("the variable `{name}` refers to itself");
            let declared = self.vars.get(name).map(|(source, entry)| place(source, entry.at));
            let diagnostic = Diagnostic::error(Code::ManifestCycle, message);
            self.problems.push(diagnostic.at_known(declared.as_ref(), "declared here"));
            self.values.known.insert(name.to_owned(), None);
            return;
        }
        let around = std::mem::take(&mut self.deepest);
        let declared = self.declared(name);
        if let Some(Declared { sensitive: true, .. }) = &declared {
            self.deepest = around;
            let secret = declared.and_then(|declared| self.secret(name, &declared));
            self.values.sensitive.insert(name.to_owned(), secret);
            return;
        }
        let value = declared.and_then(|declared| self.choose(name, declared));
        let depth = std::mem::replace(&mut self.deepest, around) + 1;
        // Whatever the order in which they are read: the depth is the project's, not that of the search.
        if VARIABLE_DEPTH.exceeded(depth) {
            self.too_deep(name);
        }
        self.depths.insert(name.to_owned(), depth);
        self.values.known.insert(name.to_owned(), value);
    }

    fn too_deep(&self, name: &str) {
        let declared = self.vars.get(name).map(|(source, entry)| place(source, entry.at));
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

    fn declared(&mut self, name: &str) -> Option<Declared<'a>> {
        let (source, entry) = self.vars.get_mut(name)?;
        let (source, at) = (*source, entry.at);
        let node = std::mem::take(&mut entry.node);
        let Raw::Table(mut table) = node.value else {
            let diagnostic = wrong_type(name, "a table", &node.value, place(source, node.span));
            self.problems.push(diagnostic.help(format!("write `{name} = {{ default = ... }}`")));
            return None;
        };
        let mut sound = true;
        for entry in &table.0 {
            if !["default", "one_of", "sensitive"].contains(&entry.key.as_ref()) {
                let message = format!("unknown key `{}` in a variable", entry.key);
                let diagnostic =
                    Diagnostic::error(Code::ManifestUnknownKey, message).at(place(source, entry.at), "unknown");
                let help = foreign::variable(&entry.key).unwrap_or("available keys: default, one_of, sensitive");
                self.problems.push(diagnostic.help(help));
                if self.values.budget.is_enough(self.problems) {
                    break;
                }
                sound = false;
            }
        }
        let one_of = match table.take("one_of") {
            None => None,
            Some(Node { span, value: Raw::Array(items) }) if !items.is_empty() => Some((span, items)),
            Some(node) => {
                let found = place(source, node.span);
                let wanted = "a list of at least one value";
                self.problems.push(no_list("one_of", wanted, &node.value, found));
                sound = false;
                None
            }
        };
        let sensitive = match table.take("sensitive") {
            None => false,
            Some(Node { value: Raw::Boolean(yes), .. }) => yes,
            Some(node) => {
                let found = place(source, node.span);
                self.problems.push(wrong_type("sensitive", "true or false", &node.value, found));
                sound = false;
                false
            }
        };
        sound.then(|| Declared { source, at, default: table.take("default"), one_of, sensitive })
    }

    /// The value of a sensitive variable, if it is given: to plan, nobody needs it.
    fn secret(&mut self, name: &str, declared: &Declared<'a>) -> Option<Secret> {
        let Declared { source, default, one_of, .. } = declared;
        let written = default.as_ref().map(|node| node.span).or(one_of.as_ref().map(|(span, _)| *span));
        let given = self.given.remove(name);
        let fails = |message: String, at: Place, label: &str, help: String| {
            Diagnostic::error(Code::ManifestVariableSecret, message).at(at, label).help(help)
        };
        if let Some(span) = written {
            let message = format!("the sensitive variable `{name}` has its value in a manifest");
            let help = format!("give it from outside: set {}{name}, or write it in a --var-file", Inputs::ENV_PREFIX);
            self.problems.push(fails(message, place(source, span), "everybody may read it", help));
            return None;
        }
        match given? {
            Given::Text { origin, .. } if origin.starts_with("--var ") => {
                let message = format!("the sensitive variable `{name}` gets its value from `{origin}`");
                let help =
                    format!("others see command lines: set {}{name}, or write it in a --var-file", Inputs::ENV_PREFIX);
                self.problems.push(fails(message, declared.place(), "declared here", help));
                None
            }
            Given::Text { text, .. } => Some(text.into()),
            Given::Toml { entry: Entry { node: Node { value: Raw::Text(text), .. }, .. }, .. } => {
                Some(text.into_owned().into())
            }
            Given::Toml { source: from, .. } => {
                let message = format!("the sensitive variable `{name}` must be a string in {}", from.name);
                let help = "secrets are texts: put it into quotes".to_owned();
                self.problems.push(fails(message, declared.place(), "declared here", help));
                None
            }
        }
    }

    fn choose(&mut self, name: &str, mut declared: Declared<'a>) -> Option<Node<'static>> {
        let source = declared.source;
        self.path.push(name.to_owned());
        let default = declared.default.take().map(|node| self.expand(source, node));
        let (allowed, one_of) = declared.one_of.take().unzip();
        let one_of: Option<Option<Vec<_>>> =
            one_of.map(|items| items.into_iter().map(|node| self.expand(source, node)).collect());
        self.path.pop();
        let default = match default {
            Some(node) => Some(node?),
            None => None,
        };
        let one_of = match one_of {
            Some(items) => Some(items?),
            None => None,
        };
        let sample = default.as_ref().or(one_of.as_ref().and_then(|items| items.first()));
        if let (Some(sample), Some(items)) = (sample, &one_of) {
            let others = items.iter().filter(|item| !same_type(&item.value, &sample.value));
            let before = self.problems.len();
            self.problems.extend(
                others.map(|item| wrong_type(name, sample.value.what(), &item.value, place(source, item.span))),
            );
            if self.problems.len() > before {
                return None;
            }
        }
        let (value, at) = match self.given.remove(name) {
            Some(given) if is_secret(name) => {
                self.problems.push(secret_from_outside(name, &given, declared.place()));
                return None;
            }
            Some(given) => given.typed(name, sample, &declared.place(), self.problems)?,
            None => match default {
                Some(node) => {
                    let at = place(source, node.span);
                    (node, Some(at))
                }
                None => {
                    let message = format!("the variable `{name}` has no value");
                    let help = if is_secret(name) {
                        "it is called like a secret, and such a variable takes no value from outside: let the apply read the secret \
                         where it is needed, with `{ env = \"NAME\" }`, or choose another name"
                            .to_owned()
                    } else {
                        format!("give `--var {name}=...`, or set {}{name}", Inputs::ENV_PREFIX)
                    };
                    let diagnostic = Diagnostic::error(Code::ManifestVariableUnset, message);
                    self.problems.push(diagnostic.at(declared.place(), "has no default").help(help));
                    return None;
                }
            },
        };
        if let Some(items) = &one_of
            && !items.iter().any(|item| item.value == value.value)
        {
            let quoted = |text: Cow<'_, str>| if is_secret(name) { "`***`".to_owned() } else { format!("`{text}`") };
            let shown = value.value.inline().map_or_else(|| value.value.what().to_owned(), quoted);
            let values: Vec<_> = items.iter().filter_map(|item| item.value.inline()).map(quoted).collect();
            let origin = self.values.origin(name).filter(|_| at.is_none());
            let from = origin.map_or(String::new(), |origin| format!(", which comes from `{origin}`"));
            let message = format!("the variable `{name}` cannot be {shown}{from}");
            let mut diagnostic =
                Diagnostic::error(Code::ManifestVariableValue, message).at_known(at.as_ref(), "not allowed");
            if let Some(span) = allowed {
                diagnostic = diagnostic.at(place(source, span), "these are allowed");
            }
            self.problems.push(diagnostic.help(format!("one of {}", values.join(", "))));
            return None;
        }
        Some(value)
    }

    /// A default with the variables in it.
    fn expand(&mut self, source: &'a Arc<Source>, node: Node<'a>) -> Option<Node<'static>> {
        let mut problem = None;
        let expanded = super::expand::expand(&node, &mut |expression, span| match expression {
            Expression::Var(name) if self.vars.contains_key(name) => {
                let value = self.value(name, source, span);
                if self.values.sensitive.contains_key(name) {
                    problem = Some(self.values.unknown(name, place(source, span)));
                }
                value
            }
            Expression::Var(name) => {
                let near = self.values.budget.nearest(name, || self.vars.keys());
                problem = Some(unknown(name, near, place(source, span)));
                Err(())
            }
            _ => {
                let message = "only variables can be used in a variable, such as `${var.NAME}`";
                problem = Some(Diagnostic::error(Code::ManifestExpression, message).at(place(source, span), "here"));
                Err(())
            }
        });
        let expanded = match expanded {
            Ok(Cow::Owned(expanded)) => Some(expanded.into_owned()),
            Ok(Cow::Borrowed(_)) => Some(node.into_owned()),
            Err(error) => {
                problem = problem.or(error.diagnostic(source));
                None
            }
        };
        self.problems.extend(problem);
        expanded
    }
}
