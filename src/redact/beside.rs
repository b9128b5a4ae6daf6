//! Two texts beside each other without their secrets: where only a secret differs, that is said.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

use similar::{Algorithm, capture_diff_slices};

use super::HIDDEN;

/// What is shown in the place of a secret that differs from the one before.
pub(crate) const ANOTHER: &str = "*** (another secret)";

/// A part of a text, such as a line.
#[derive(Clone, Debug)]
pub(crate) struct Part<'t> {
    /// With its secrets.
    pub(crate) plain: &'t str,
    /// Without them.
    pub(crate) shown: &'t str,
}

impl<'t> Part<'t> {
    /// The parts of `plain` and of `shown` between such marks; none if these have not as many.
    pub(crate) fn between(mark: &str, plain: &'t str, shown: &'t str) -> Option<Vec<Self>> {
        let (plain, shown): (Vec<_>, Vec<_>) = (plain.split(mark).collect(), shown.split(mark).collect());
        let is_alike = plain.len() == shown.len();
        is_alike.then(|| plain.into_iter().zip(shown).map(|(plain, shown)| Part { plain, shown }).collect())
    }
}

/// What is shown of the parts `new`, which take the place of `old`: of each secret that takes the place of another one, that is said.
/// Of parts that are shown alike the first takes the place of the first, and so on, between what both begin with and what both end
/// with; in those that are left, word stands beside word.
pub(crate) fn beside(old: &[Part<'_>], new: &[Part<'_>]) -> Vec<String> {
    let same = |(a, b): &(&Part<'_>, &Part<'_>)| a.plain == b.plain;
    let before = old.iter().zip(new).take_while(same).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(same).count();
    let mut olds: HashMap<&str, VecDeque<usize>> = HashMap::new();
    let has_secret = |part: &Part<'_>| part.shown.contains(HIDDEN);
    for at in (before..old.len() - after).filter(|at| has_secret(&old[*at])) {
        olds.entry(old[at].shown).or_default().push_back(at);
    }
    let mut shown: Vec<String> = new.iter().map(|part| part.shown.to_owned()).collect();
    let mut left = Vec::new();
    for at in (before..new.len() - after).filter(|at| has_secret(&new[*at])) {
        match olds.get_mut(new[at].shown).and_then(VecDeque::pop_front) {
            Some(was) => shown[at] = marked(&words(&old[was]), &words(&new[at])),
            None => left.push(at),
        }
    }
    let mut olds: Vec<usize> = olds.into_values().flatten().collect();
    olds.sort_unstable();
    if left.is_empty() || olds.is_empty() {
        return shown;
    }
    let (old_words, new_words) = (joined(old, &olds), joined(new, &left));
    if old_words.len().max(new_words.len()) > MOST_WORDS {
        for (was, at) in olds.into_iter().zip(left) {
            shown[at] = marked(&words(&old[was]), &words(&new[at]));
        }
        return shown;
    }
    let others = others(&old_words, &new_words);
    let mut lines = left.into_iter();
    let mut line = String::new();
    for (word, is_other) in new_words.iter().zip(others) {
        if *word == Word::END {
            shown[lines.next().expect("invariant: each line has an end")] = std::mem::take(&mut line);
        } else {
            line.push_str(word.said(is_other));
        }
    }
    shown
}

/// So many words are compared with as many.
const MOST_WORDS: usize = 2_000;

/// A word, a run of spaces, or another character; or a secret.
#[derive(Clone, Copy, Debug)]
struct Word<'t> {
    shown: &'t str,
    secret: Option<&'t str>,
}

impl<'t> Word<'t> {
    /// What ends a part.
    const END: Self = Self { shown: "", secret: None };

    /// What is shown of it, which may be a secret that takes the place of another one.
    const fn said(&self, is_other: bool) -> &'t str {
        if is_other && self.secret.is_some() { ANOTHER } else { self.shown }
    }
}

/// The words of those of `parts` that are at these places, with an end behind each.
fn joined<'t>(parts: &[Part<'t>], at: &[usize]) -> Vec<Word<'t>> {
    at.iter().flat_map(|at| words(&parts[*at]).into_iter().chain([Word::END])).collect()
}

/// As they are shown.
impl PartialEq for Word<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.secret.is_some() == other.secret.is_some() && self.shown == other.shown
    }
}

impl Eq for Word<'_> {}

impl Hash for Word<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shown.hash(state);
    }
}

impl PartialOrd for Word<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.secret.is_some(), self.shown).cmp(&(other.secret.is_some(), other.shown))
    }
}

/// The secrets of `plain` in the order in which `shown` hides them: all that stands between what is shown. Where that cannot be told,
/// all of it is each.
pub(super) fn secrets<'t>(plain: &'t str, shown: &str) -> Vec<&'t str> {
    let mut pieces = shown.split(HIDDEN);
    let first = pieces.next().unwrap_or_default();
    let pieces: Vec<&str> = pieces.collect();
    let found = || {
        let mut rest = plain.strip_prefix(first)?;
        let mut found = Vec::with_capacity(pieces.len());
        for (n, piece) in pieces.iter().enumerate() {
            let end = if n + 1 == pieces.len() {
                rest.ends_with(piece).then(|| rest.len() - piece.len())?
            } else {
                rest.find(piece)?
            };
            found.push(&rest[..end]);
            rest = &rest[end + piece.len()..];
        }
        Some(found)
    };
    found().unwrap_or_else(|| vec![plain; pieces.len()])
}

fn words<'t>(part: &Part<'t>) -> Vec<Word<'t>> {
    let mut secrets = secrets(part.plain, part.shown).into_iter();
    let mut words = Vec::new();
    for (n, piece) in part.shown.split(HIDDEN).enumerate() {
        if n > 0 {
            words.push(Word { shown: HIDDEN, secret: secrets.next() });
        }
        let class = |c: char| if c.is_alphanumeric() || c == '_' { 1 } else { u8::from(c.is_whitespace()) * 2 };
        let mut start = 0;
        let mut last = None;
        for (at, c) in piece.char_indices() {
            if last.is_some_and(|last| last != class(c) || last == 0) {
                words.push(Word { shown: &piece[start..at], secret: None });
                start = at;
            }
            last = Some(class(c));
        }
        if start < piece.len() {
            words.push(Word { shown: &piece[start..], secret: None });
        }
    }
    words
}

/// Which of the `new` words are secrets that take the place of other ones.
fn others(old: &[Word<'_>], new: &[Word<'_>]) -> Vec<bool> {
    let mut others = vec![false; new.len()];
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        let is_secret = |word: &&Word<'_>| word.secret.is_some();
        let olds = old[op.old_range()].iter().filter(is_secret);
        let news = op.new_range().filter(|at| new[*at].secret.is_some());
        for (was, at) in olds.zip(news) {
            others[at] = was.secret != new[at].secret;
        }
    }
    others
}

fn marked(old: &[Word<'_>], new: &[Word<'_>]) -> String {
    let is_short = old.len().max(new.len()) <= MOST_WORDS;
    // What is too long to be compared says of each of its secrets that it may be another one.
    let others = if is_short || old == new { others(old, new) } else { vec![true; new.len()] };
    new.iter().zip(others).map(|(word, is_other)| word.said(is_other)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words in capitals are secrets.
    fn shown_beside(old: &'static str, new: &'static str) -> String {
        let is_secret = |word: &str| word.chars().all(char::is_uppercase);
        let part = |plain| Part { plain, shown: if is_secret(plain) { HIDDEN } else { plain } };
        let parts = |text: &'static str| text.split(' ').map(part).collect::<Vec<_>>();
        beside(&parts(old), &parts(new)).join(" ").replace(ANOTHER, "!")
    }

    #[test]
    fn another_secret_is_told() {
        for (old, new, shown) in [
            ("a A b", "a A b", "a *** b"),
            ("a A b", "a B b", "a ! b"),
            ("a A b", "a B c", "a ! c"),
            ("a A b B", "a B b A", "a ! b !"),
            ("a A", "a A b B", "a *** b ***"),
            ("a A b B c", "b B c", "b *** c"),
            ("a A b B c", "x a A b B c", "x a *** b *** c"),
            ("a A b", "a x b", "a x b"),
            ("a A b", "x A b", "x *** b"),
        ] {
            assert_eq!(shown_beside(old, new), shown, "{old} {new}");
        }
    }

    #[test]
    fn another_secret_is_told_within_what_changes_besides() {
        let part = |plain, shown| Part { plain, shown };
        for ((old, old_shown), (new, new_shown), wanted) in [
            (("password=A b", "password=*** b"), ("password=B c", "password=*** c"), "password=! c"),
            (("password=A b", "password=*** b"), ("password=A c", "password=*** c"), "password=*** c"),
            (
                ("{password: \"A\", x: 1}", "{password: \"***\", x: 1}"),
                ("{password: \"B\", y: 2}", "{password: \"***\", y: 2}"),
                "{password: \"!\", y: 2}",
            ),
            (
                ("https://h/A/hook?room=B", "https://h/***/hook?room=***"),
                ("https://h/C/hooks?room=B&D", "https://h/***/hooks?room=***&***"),
                "https://h/!/hooks?room=***&***",
            ),
            (("a=A b=B c", "a=*** b=*** c"), ("a=B b=A d", "a=*** b=*** d"), "a=! b=! d"),
            (("x", "x"), ("token=A", "token=***"), "token=***"),
        ] {
            let shown = beside(&[part(old, old_shown)], &[part(new, new_shown)]).concat();
            assert_eq!(shown.replace(ANOTHER, "!"), wanted, "{old} {new}");
        }
        // Lines that come and go move no secret to another one.
        let old = [part("x", "x"), part("t=A 1", "t=*** 1"), part("u=B 1", "u=*** 1")];
        let new = [part("v=C", "v=***"), part("t=A 2", "t=*** 2"), part("y", "y"), part("u=D 2", "u=*** 2")];
        assert_eq!(beside(&old, &new).join("|").replace(ANOTHER, "!"), "v=***|t=*** 2|y|u=! 2");
    }

    #[test]
    fn what_is_too_long_to_be_compared_hides_no_change() {
        let long = |secret: &str, word: &str| format!("password={secret} {}", format!("{word} ").repeat(MOST_WORDS));
        let (old, new) = (long("A", "a"), long("B", "b"));
        let (old_shown, new_shown) = (long(HIDDEN, "a"), long(HIDDEN, "b"));
        let shown = beside(&[Part { plain: &old, shown: &old_shown }], &[Part { plain: &new, shown: &new_shown }]);
        assert!(shown[0].starts_with("password=*** (another secret) b"), "{}", &shown[0][..50]);
    }
}
