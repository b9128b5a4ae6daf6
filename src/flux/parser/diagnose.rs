//! What is wrong, for people: each mistake once, at its place, without what only follows from it.

use std::collections::BTreeSet;

use super::fault::{Fault, FaultKind, Reach, Wanted};
use super::island::{self, faults_from, next_island};
use super::{Parsed, message};
use crate::flux::another_language;
use crate::flux::ast::{ExpressionKind, Span};
use crate::flux::mistake::{MOST, Mistake};
use crate::flux::token::TokenKind;

impl Parsed {
    /// Whether there is nothing wrong. Then there is no [`Hole`](crate::flux::ast::ExpressionKind::Hole) in the tree, but in
    /// attributes.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether there is something wrong but that the script goes on behind a NUL, which influxd does not see.
    pub fn has_holes(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind != FaultKind::Nul)
    }

    /// Whether influxd makes a tree of the script, and we the same: there is nothing wrong, or only what it does not see and
    /// has a `null` for. (For mistakes in types its tree has words, which we have not.)
    pub fn has_tree(&self) -> bool {
        self.faults.iter().all(|fault| {
            fault.accepted
                && matches!(
                    fault.kind,
                    FaultKind::NoExpression(_)
                        | FaultKind::NoLeft
                        | FaultKind::Time(_)
                        | FaultKind::DurationRange
                        | FaultKind::InterpolatedText
                        | FaultKind::Nul
                )
        })
    }

    /// What is wrong, in the order of the script; the first 100 mistakes.
    pub fn errors(&self) -> Vec<Mistake> {
        let mut report =
            Report { parsed: self, errors: Vec::new(), mentioned: BTreeSet::new(), confused: BTreeSet::new() };
        let mut resume = report.add(&self.faults);
        let body = self.script.body.iter().filter(|statement| !statement.span.is_empty());
        let first_statement = body.map(|statement| statement.span.start).next();
        while let Some(from) = resume.filter(|_| report.errors.len() < MOST) {
            let Some(island) = next_island(self.readable(), from) else { break };
            // Imports belong before the first statement.
            let imports = first_statement.is_none_or(|first| first as usize >= from);
            resume = report.add(&faults_from(&self.script, island, imports)).map(|next| next.max(island + 1));
        }
        report.errors.truncate(MOST);
        another_language::instead_of(self.readable(), report.errors)
    }

    /// Whether influxd takes the script for a task: there is nothing wrong, or only what it sees when it runs the script.
    pub fn is_accepted(&self) -> bool {
        self.faults.iter().all(|fault| fault.accepted)
    }

    fn readable(&self) -> &str {
        &self.script.source[..self.script.end as usize]
    }
}

struct Report<'p> {
    parsed: &'p Parsed,
    errors: Vec<Mistake>,
    /// Where the brackets are that something was said of.
    mentioned: BTreeSet<u32>,
    /// Where the brackets are that do not hold what they should.
    confused: BTreeSet<u32>,
}

impl Report<'_> {
    /// Adds what is wrong up to a mistake that confuses what comes after it, and gives where to read on after that.
    fn add(&mut self, faults: &[Fault]) -> Option<usize> {
        let mut sorted: Vec<&Fault> = faults.iter().collect();
        sorted.sort_by_key(|fault| fault.begin());
        // Up to there it was said already that something is wrong.
        let mut shadow = 0;
        let mut last = None;
        let literals = Literals::of(faults);
        for fault in sorted {
            if self.errors.len() >= MOST {
                return None;
            }
            if literals.too_deep.is_some_and(|at| fault.surrounds(at)) {
                continue;
            }
            let at = fault.begin();
            let repeats = at < shadow || last == Some(at);
            if let Some(name) = self.unfinished_before(fault) {
                if name >= shadow {
                    self.errors.push(message::unfinished(&self.parsed.script, name));
                }
                return Some(name as usize);
            }
            if fault.reach() == Reach::Statement {
                if !repeats {
                    self.say(fault, None);
                }
                return Some(self.resume(fault));
            }
            if matches!(fault.kind, FaultKind::Skipped(_)) && literals.ends.contains(&fault.after) {
                // The server leaves out what comes after a literal that is none, and it may be what closes the bracket.
                return Some(fault.span.start as usize + 1);
            }
            if self.follows(fault, &literals) || repeats {
                continue;
            }
            last = Some(at);
            if fault.reach() == Reach::Line {
                if let Some(open) = fault.open.filter(|_| self.looks_like_a_statement(at)) {
                    self.say(fault, Some(open));
                    self.confused.insert(open.start);
                    if self.is_island(at) {
                        return Some(at as usize);
                    }
                    continue;
                }
                self.say(fault, None);
                if let Some(string) = self.long_string_before(fault) {
                    return Some(string.start as usize + 1);
                }
                shadow = self.line_end(at);
                continue;
            }
            self.say(fault, None);
            if matches!(&fault.kind, FaultKind::NoExpression(got) if got.kind == TokenKind::Illegal) {
                shadow = self.line_end(at);
            }
        }
        None
    }

    fn line_end(&self, at: u32) -> u32 {
        let rest = &self.parsed.readable()[at as usize..];
        rest.find('\n').map_or(self.parsed.script.end, |length| at + length as u32)
    }

    fn is_island(&self, at: u32) -> bool {
        island::is_island(self.parsed.readable(), at as usize)
    }

    /// Whether the mistake only follows from another one.
    fn follows(&mut self, fault: &Fault, literals: &Literals) -> bool {
        let Fault { kind, open, .. } = fault;
        match kind {
            FaultKind::EmptyIndex => literals.starts.contains(&(fault.span.start + 1)),
            FaultKind::NoValue => literals.starts.range(fault.span.end..).next().is_some_and(|start| {
                self.parsed.readable()[fault.span.end as usize..*start as usize].trim().is_empty()
            }),
            FaultKind::Skipped(token) if open.is_some_and(|open| self.mentioned.contains(&open.start)) => {
                // No punctuation that should have been another one: words or values that have no place here.
                if token.kind != TokenKind::Illegal {
                    self.confused.extend(open.map(|open| open.start));
                }
                true
            }
            FaultKind::NoOperator | FaultKind::NoComma(_) | FaultKind::NoKey => {
                open.is_some_and(|open| self.confused.contains(&open.start))
            }
            // What is missing is there, but it is no value.
            FaultKind::NoRight => {
                let rest = self.parsed.readable()[fault.span.end as usize..].trim_start();
                literals.ends.contains(&fault.node.end) || rest.starts_with('\'')
            }
            FaultKind::NoLeft => literals.starts.contains(&fault.node.start),
            // The bracket is not closed either.
            FaultKind::Expected { wanted: Wanted::Token(TokenKind::Comma), got } => got.kind == TokenKind::End,
            _ => false,
        }
    }

    /// The name at the begin of a line before a `=` that is one too many: the statement before it seems to go on there.
    fn unfinished_before(&self, fault: &Fault) -> Option<u32> {
        if !matches!(&fault.kind, FaultKind::Statement(token) if token.kind == TokenKind::Assign) {
            return None;
        }
        let source = self.parsed.readable();
        let line = source[..fault.span.start as usize].rfind('\n')? + 1;
        let name = source.get(line..fault.after as usize)?.trim();
        let is_name = name.chars().all(|c| c == '_' || c.is_alphanumeric()) && !name.is_empty();
        (is_name && self.is_island(line as u32)).then_some(line as u32)
    }

    /// Whether what stands at the begin of a line would be a statement: what should be closed is not.
    fn looks_like_a_statement(&self, at: u32) -> bool {
        let source = self.parsed.readable();
        let (before, rest) = source.split_at(at as usize);
        let first = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
        let name = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let after = rest[name..].trim_start();
        let assigns =
            name > 0 && after.starts_with('=') && !["==", "=~", "=>"].iter().any(|other| after.starts_with(other));
        self.is_island(at) || first && (assigns || rest.starts_with("return "))
    }

    /// A string of several lines that ends right before the mistake: perhaps it should have ended on its first line.
    fn long_string_before(&self, fault: &Fault) -> Option<Span> {
        let script = &self.parsed.script;
        let ends = |span: Span| span.end == fault.after && script.text(span).contains('\n');
        let strings = script.expressions.iter().filter(|one| matches!(one.kind, ExpressionKind::String));
        strings.map(|one| one.span).find(|span| ends(*span))
    }

    /// `unclosed` is a bracket that should have been closed before the fault.
    fn say(&mut self, fault: &Fault, unclosed: Option<Span>) {
        let script = &self.parsed.script;
        let opener = match fault.kind {
            FaultKind::Unclosed { open, .. } => Some(open),
            _ => unclosed.or(fault.open),
        };
        let ends = matches!(fault.kind, FaultKind::Unclosed { .. }) || unclosed.is_some();
        if ends && opener.is_some_and(|open| self.mentioned.contains(&open.start)) {
            return;
        }
        self.mentioned.extend(opener.map(|open| open.start));
        let mut error = match unclosed {
            Some(open) => message::never_closed(script, open, fault.span),
            None => message::of(script, fault),
        };
        if error.also.is_none()
            && fault.reach() == Reach::Line
            && let Some(string) = self.long_string_before(fault)
        {
            let lines = script.text(string).matches('\n').count() + 1;
            let quote = Span::new(string.start, string.start + 1);
            error.also = Some((quote, format!("is the end of this string missing? It goes over {lines} lines")));
        }
        if fault.accepted && fault.kind != FaultKind::Nul && self.parsed.is_accepted() {
            let note = "influxd 2.9.1 accepts a task with this, and the task fails each time it runs";
            error.help = Some(error.help.map_or_else(|| note.to_owned(), |help| format!("{help}; {note}")));
        }
        self.errors.push(error);
    }

    /// Where to look for the next statement.
    fn resume(&self, fault: &Fault) -> usize {
        let source = self.parsed.readable();
        let from = match &fault.kind {
            FaultKind::InString { got, .. } if got.kind == TokenKind::Illegal => {
                string_end(source, got.span.end as usize)
            }
            FaultKind::InString { open, .. } => open.end as usize,
            _ => fault.span.start as usize + 1,
        };
        from.min(source.len())
    }
}

/// Where literals are that are none, about which something is said anyhow.
struct Literals {
    starts: BTreeSet<u32>,
    ends: BTreeSet<u32>,
    /// Where it gets too deep to read: what is around it cannot be whole.
    too_deep: Option<u32>,
}

impl Literals {
    fn of(faults: &[Fault]) -> Self {
        let all = || faults.iter().filter(|fault| fault.is_literal()).map(|fault| fault.span);
        let too_deep = faults.iter().find(|fault| fault.kind == FaultKind::TooDeep).map(|fault| fault.span.start);
        Self { starts: all().map(|span| span.start).collect(), ends: all().map(|span| span.end).collect(), too_deep }
    }
}

impl Fault {
    /// Whether the place is within the node that the fault is in, and in no part that could be read by itself.
    fn surrounds(&self, at: u32) -> bool {
        self.kind != FaultKind::TooDeep && self.node.start <= at && at < self.node.end
    }

    /// Where people see it begin.
    fn begin(&self) -> u32 {
        match &self.kind {
            FaultKind::InString { open, got } if got.kind != TokenKind::Illegal => open.start,
            _ => self.span.start,
        }
    }

    /// How much of what comes after it cannot be trusted.
    fn reach(&self) -> Reach {
        // In a type nothing is found again.
        let in_type = self.accepted && matches!(self.kind, FaultKind::Expected { .. });
        if in_type { Reach::Statement } else { self.kind.reach() }
    }

    /// Whether it says why a literal is none.
    fn is_literal(&self) -> bool {
        matches!(self.kind, FaultKind::Time(_) | FaultKind::DurationRange | FaultKind::InterpolatedText)
    }
}

/// Where the string ends in which `from` is.
fn string_end(source: &str, from: usize) -> usize {
    let bytes = source.as_bytes();
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
