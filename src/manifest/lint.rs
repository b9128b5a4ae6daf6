//! `[policy.lint]`, and what becomes of what lints find.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::node::{Node, Raw};
use super::section::Section;
use super::source::place;
use super::variables::Values;
use super::written::{Written, wrong_type};
use crate::diagnostic::{Code, Diagnostic, Level, Place, Severity, Source};
use crate::limits::LINTS;
use crate::lint::{allowed_by, unknown_lint};

/// What the project says of lints.
#[derive(Clone, Debug, Default)]
pub struct Lints(BTreeMap<Code, Level>);

/// Comments above a line are looked for in so many lines.
const LINES: usize = 20;

/// Reads `[policy.lint]`.
pub(super) fn read(policy: &Written<'_>, node: &Node<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Lints {
    let Raw::Table(table) = &node.value else {
        let at = place(policy.source, node.span);
        problems.push(wrong_type("lint", "a table such as `{ \"flux::no-range\" = \"deny\" }`", &node.value, at));
        return Lints::default();
    };
    let mut levels = BTreeMap::new();
    for entry in &table.0 {
        if values.budget.is_enough(problems) {
            break;
        }
        match Code::from_text(&entry.key).filter(|code| code.level().is_some()) {
            Some(code) => {
                let written = Written { source: policy.source, head: node.span, table: table.clone() };
                let mut section = Section::known(&written, values, problems);
                levels.extend(section.one_of(code.text(), &Level::ALL, Level::word).map(|level| (code, level)));
            }
            None => {
                let (message, help) = unknown_lint(&entry.key);
                let diagnostic = Diagnostic::error(Code::ManifestUnknownKey, message);
                problems.push(diagnostic.at(place(policy.source, entry.at), "unknown").help(help));
            }
        }
    }
    Lints(levels)
}

impl Lints {
    /// What is said where `code` finds something, as the project wants it; none where that is allowed, for all of the project or by a
    /// comment beside one of `places`.
    pub(super) fn severity<'p>(
        &self,
        code: Code,
        found: Severity,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> Option<Severity> {
        let default = match (code.level(), found) {
            // Some of what it finds may be right.
            (Some(Level::Deny), Severity::Warning) => Level::Warn,
            (Some(Level::Deny), Severity::Error) => Level::Deny,
            (Some(level), Severity::Warning) => level,
            _ => return Some(found),
        };
        let severity = match self.0.get(&code).copied().unwrap_or(default) {
            Level::Allow => return None,
            Level::Warn => Severity::Warning,
            Level::Deny => Severity::Error,
        };
        let is_allowed = places.into_iter().flat_map(beside).any(|comment| allowed_by(comment).contains(&Ok(code)));
        (!is_allowed).then_some(severity)
    }

    /// What `severity` makes of a diagnostic.
    pub(super) fn judge(&self, diagnostic: Diagnostic) -> Option<Diagnostic> {
        let places = diagnostic.places.iter().map(|(place, _)| place);
        let severity = self.severity(diagnostic.code, diagnostic.severity, places)?;
        Some(Diagnostic { severity, ..diagnostic })
    }
}

/// The comments at the end of the line with a place, and in the lines right above, without their marks.
fn beside(place: &Place) -> impl Iterator<Item = &str> {
    let Place { source, span } = place;
    let behind = source.text.get(span.end..).unwrap_or_default().lines().next().unwrap_or_default();
    let behind = behind.trim_start_matches([']', '}', ')', ',', ' ', '\t']);
    let first = source.line_of(span.start);
    let above = (first.saturating_sub(LINES)..first).rev().map(|line| {
        let lines = source.lines();
        source.text[lines[line]..lines[line + 1]].trim()
    });
    let above = above.map_while(comment);
    comment(behind).into_iter().chain(above)
}

fn comment(line: &str) -> Option<&str> {
    line.strip_prefix('#').or_else(|| line.strip_prefix("//"))
}

/// What lints warn of in a project. Of one lint the first few places are shown, and the others are counted: nobody reads the hundredth,
/// and it must not hide what another lint says.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// Where something was found: instances have one script, and several tasks may have one file.
    seen: HashSet<(Code, *const Source, usize)>,
    counts: BTreeMap<Code, (usize, Option<Diagnostic>)>,
}

impl Folded {
    /// The diagnostic, if it is to be shown by itself.
    pub(super) fn take(&mut self, diagnostic: Diagnostic) -> Option<Diagnostic> {
        let code = diagnostic.code;
        if code.level().is_none() || diagnostic.severity != Severity::Warning {
            return Some(diagnostic);
        }
        let (count, last) = self.counts.entry(code).or_default();
        let new = diagnostic
            .places
            .first()
            .is_none_or(|(Place { source, span }, _)| self.seen.insert((code, Arc::as_ptr(source), span.start)));
        *count += usize::from(new);
        if *count < LINTS.size() || !new && last.is_none() {
            return Some(diagnostic);
        }
        if new {
            *last = Some(diagnostic);
        }
        None
    }

    /// What was not shown, of each lint in one.
    pub(super) fn finish(self) -> impl Iterator<Item = Diagnostic> {
        self.counts.into_iter().filter_map(|(code, (count, last))| {
            let last = last?;
            let more = (count + 1).checked_sub(LINTS.size()).filter(|more| *more > 1);
            let Some(more) = more else { return Some(last) };
            let help = format!(
                "in [policy.lint], `\"{code}\" = \"deny\"` shows all of them, and \"allow\" none; `fluxform explain {code}` says more"
            );
            let diagnostic = Diagnostic::warning(code, format!("{more} more places where `{code}` finds something"));
            let place = last.places.into_iter().next().map(|(place, _)| place);
            Some(diagnostic.at_known(place.as_ref(), "the last of them").help(help))
        })
    }
}
