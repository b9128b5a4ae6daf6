//! Scripts with mistakes.

use super::dice::Dice;
use super::grammar::Grammar;
use super::spacing::spaced;

/// What is put into a script to break it.
#[rustfmt::skip]
const SHARDS: [&str; 62] = [
    "and", "or", "not", "import", "package", "return", "option", "builtin", "testcase", "if", "then", "else",
    "exists", "a", "with", "1", "007", "1.5", "1h", "2026-13-01", "2026-01-02", "\"s\"", "\"${", "}\"", "\"",
    "\"\\q\"", "/a/", "/(/", "@n", "@", "+", "-", "*", "/", "%", "^", "==", "!=", "<", ">=", "=~", "!~", "=", "=>",
    "<-", "|>", "(", ")", "[", "]", "{", "}", ":", ",", ".", "?", "$", "|", "// c\n", "99999999999999999999", "é",
    "\u{a0}",
];

/// A script with a mistake or more, which may be none.
pub(super) fn script(seed: u64) -> String {
    let (mut tokens, mut dice) = Grammar::new(seed).script();
    for _ in 0..=dice.below(3) {
        if tokens.is_empty() {
            break;
        }
        let at = dice.below(tokens.len());
        match dice.below(7) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at].clone()),
            2 => tokens.insert(at, dice.pick(&SHARDS).to_owned()),
            3 => tokens[at] = dice.pick(&SHARDS).to_owned(),
            4 => {
                let other = dice.below(tokens.len());
                tokens.swap(at, other);
            }
            5 => tokens.truncate(at),
            _ => {
                let until = (at + 1 + dice.below(4)).min(tokens.len());
                drop(tokens.drain(at..until));
            }
        }
    }
    spaced(&tokens, &mut dice, 0)
}

#[rustfmt::skip]
const LETTERS: [&str; 22] = [
    "(", ")", "{", "}", "[", "]", "\"", "$", "\\", "/", "\n", "\0", "é", ",", ":", "=", "|", "\u{feff}", "@", ".", "${", "\r",
];

/// A script with letters that are too many, too few, or elsewhere.
pub(super) fn mangled(seed: u64) -> String {
    let mut dice = Dice::new(!seed);
    let mut text = if dice.percent(30) { super::grammar::script(seed) } else { script(seed) };
    for _ in 0..dice.below(5) {
        let at = text.floor_char_boundary(dice.below(text.len() + 1));
        match dice.below(3) {
            0 => text.truncate(at),
            1 => text.insert_str(at, dice.pick(&LETTERS)),
            _ => {
                let until = text.floor_char_boundary((at + dice.below(40)).min(text.len())).max(at);
                text.replace_range(at..until, "");
            }
        }
    }
    text
}
