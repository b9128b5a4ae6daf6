//! What stands between tokens.

use super::dice::Dice;

const COMMENTS: [&str; 5] = ["// c\n", "//\n", "// é: (\n", "//// two\n// lines\n", "// trailing blanks  \n"];

/// Whether the two tokens would become another one, side by side.
fn merge(left: &str, right: &str) -> bool {
    let word = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    let bracket = |c: char| matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | '"');
    match (left.chars().next_back(), right.chars().next()) {
        (Some(left), Some(right)) => {
            word(left) && word(right) || !(word(left) || word(right) || bracket(left) || bracket(right))
        }
        _ => false,
    }
}

/// The tokens with white space between them; in `comments` out of a hundred places a comment.
pub(super) fn spaced(tokens: &[String], dice: &mut Dice, comments: usize) -> String {
    let mut text = String::new();
    // Some people write everything on one line.
    let (breaks, blanks) = (dice.below(30), dice.below(100));
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 && merge(&tokens[at - 1], token) {
            text.push(' ');
        }
        if dice.percent(comments) {
            let joined = if text.ends_with('/') { " " } else { "" };
            text.push_str(dice.pick(&[" ", "\n", joined]));
            text.push_str(dice.pick(&COMMENTS));
        }
        if dice.percent(breaks) {
            text.push_str(dice.pick(&["\n", "\n\n", "\r\n", "\n    ", "\n\n\n\t"]));
        } else if dice.percent(blanks) {
            text.push_str(dice.pick(&[" ", " ", " ", "  ", "\t"]));
        }
        text.push_str(token);
    }
    if dice.percent(comments) {
        text.push_str(dice.pick(&[" // end", "\n// end\n"]));
    }
    if dice.percent(50) {
        text.push('\n');
    }
    text
}
