//! Two texts beside each other without their secrets: where only a secret differs, that is said.

use std::collections::HashMap;

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

/// What is shown of the parts `new`, which take the place of `old`. Of those that are shown alike the first takes the place of
/// the first, and so on, between what both begin with and what both end with.
pub(crate) fn beside(old: &[Part<'_>], new: &[Part<'_>]) -> Vec<String> {
    let same = |(a, b): &(&Part<'_>, &Part<'_>)| a.plain == b.plain;
    let before = old.iter().zip(new).take_while(same).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(same).count();
    let mut olds: HashMap<&str, Vec<&str>> = HashMap::new();
    for part in old[before..old.len() - after].iter().rev().filter(|part| part.shown.contains(HIDDEN)) {
        olds.entry(part.shown).or_default().push(part.plain);
    }
    let middle = before..new.len() - after;
    let shown = new.iter().enumerate().map(|(at, part)| {
        let was = if middle.contains(&at) { olds.get_mut(part.shown).and_then(Vec::pop) } else { None };
        match was.is_some_and(|was| was != part.plain) {
            true => part.shown.replace(HIDDEN, ANOTHER),
            false => part.shown.to_owned(),
        }
    });
    shown.collect()
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
        ] {
            assert_eq!(shown_beside(old, new), shown, "{old} {new}");
        }
    }
}
