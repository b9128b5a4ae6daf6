//! Line diffs: where the lines stand, and which words of a line differ.

use std::ops::Range;

use similar::{DiffOp, TextDiff, capture_diff_slices, group_diff_ops};
use textwrap::core::display_width;

use super::alike::{are_alike, written_out};
use super::page::Page;
use super::sanitize::line;
use super::style::Role;
use crate::limits::DIFFERENCE;
use crate::redact::HIDDEN;

/// One line of a line diff, safe for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Where the next lines stand, before and after: `@@ -1,7 +1,8 @@`.
    Hunk(String),
    /// What is said of the texts.
    Note(&'static str),
    Both(String),
    Old(Vec<Piece>),
    New(Vec<Piece>),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether it is what differs from the line that it is compared with.
    pub(super) differs: bool,
}

/// Lines around what differs in a script.
const CONTEXT: usize = 3;
/// In larger blocks, and in longer lines (bytes), no words are compared.
const BLOCK: usize = 40;
const LONG: usize = 400;
/// A line that has less than this part in common with another one is another line.
const ALIKE: f32 = 0.4;
/// In larger blocks there are no marks below the lines: they would be lost in them.
const MARKED: usize = 4;

/// What two sorted lists of words have and have not in common.
pub(super) fn of_sets(old: &[String], new: &[String]) -> Vec<Line> {
    compared(old, new, None)
}

/// The lines in which two scripts differ, where they stand, and some around them.
pub(super) fn of_scripts(old: &[String], new: &[String]) -> Vec<Line> {
    let mut lines = compared(old, new, Some(CONTEXT));
    if lines.is_empty() {
        let hides = old.iter().any(|line| line.contains(HIDDEN));
        let words = if hides {
            "(they differ in a secret, which is not shown)"
        } else {
            "(they differ in the line endings at the end)"
        };
        lines.push(Line::Note(words));
    }
    lines
}

/// The same of a part that is called `name`.
pub(super) fn of_part(name: &str, old: &[String], new: &[String]) -> Vec<Line> {
    let mut lines = of_scripts(old, new);
    if !matches!(lines.first(), Some(Line::Hunk(_))) {
        lines.insert(0, Line::Hunk("@@".to_owned()));
    }
    let name = line(name);
    for line in &mut lines {
        if let Line::Hunk(at) = line {
            *at = format!("{at} {name}");
        }
    }
    lines
}

fn compared(old: &[String], new: &[String], context: Option<usize>) -> Vec<Line> {
    let olds: Vec<&str> = old.iter().map(String::as_str).collect();
    let news: Vec<&str> = new.iter().map(String::as_str).collect();
    let ops = if DIFFERENCE.exceeded(olds.len().max(news.len())) {
        at_once(&olds, &news)
    } else {
        TextDiff::from_slices(&olds, &news).ops().to_vec()
    };
    let mut lines = Vec::new();
    for group in group_diff_ops(ops, context.unwrap_or(0)) {
        if context.is_some() {
            lines.extend(header(&group));
        }
        for op in &group {
            let (before, after) = (&olds[op.old_range()], &news[op.new_range()]);
            match op {
                DiffOp::Equal { .. } => lines.extend(before.iter().map(|text| Line::Both(line(text).into_owned()))),
                _ => block(&mut lines, before, after),
            }
        }
    }
    lines
}

/// All from the first to the last line that differs: to find the least that differs takes the square of the length.
fn at_once(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[before..], &new[before..]);
    let after = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_len, new_len) = (old_rest.len() - after, new_rest.len() - after);
    let equal = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
    let ops = match (old_len, new_len) {
        (0, 0) => return Vec::new(),
        (_, _) => [
            equal(0, 0, before),
            DiffOp::Replace { old_index: before, old_len, new_index: before, new_len },
            equal(before + old_len, before + new_len, after),
        ],
    };
    ops.into_iter().filter(|op| !op.old_range().is_empty() || !op.new_range().is_empty()).collect()
}

/// Where a group of lines stands in both texts. An empty range is named by the line before it, as everywhere.
fn header(group: &[DiffOp]) -> Option<Line> {
    let (first, last) = (group.first()?, group.last()?);
    let place = |range: Range<usize>| match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        lines => format!("{},{lines}", range.start + 1),
    };
    let old = place(first.old_range().start..last.old_range().end);
    let new = place(first.new_range().start..last.new_range().end);
    Some(Line::Hunk(format!("@@ -{old} +{new} @@")))
}

/// Lines that took the place of others.
fn block(lines: &mut Vec<Line>, old: &[&str], new: &[&str]) {
    let pairs = paired(old, new);
    let mut olds: Vec<Vec<Piece>> = old.iter().map(|text| whole(text)).collect();
    let mut news: Vec<Vec<Piece>> = new.iter().map(|text| whole(text)).collect();
    for (a, b) in pairs {
        (olds[a], news[b]) = words_apart(old[a], new[b]);
    }
    lines.extend(olds.into_iter().map(Line::Old));
    lines.extend(news.into_iter().map(Line::New));
}

fn whole(text: &str) -> Vec<Piece> {
    vec![Piece { text: line(text).into_owned(), differs: false }]
}

/// Which line became which.
fn paired(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    if old.len() > BLOCK || new.len() > BLOCK {
        return pairs;
    }
    let mut next = 0;
    for (b, after) in new.iter().enumerate() {
        let found = (next..old.len()).find(|a| {
            let before = old[*a];
            before.len() <= LONG && after.len() <= LONG && (are_alike(before, after) || ratio(before, after) >= ALIKE)
        });
        if let Some(a) = found {
            pairs.push((a, b));
            next = a + 1;
        }
    }
    pairs
}

/// Which part of two lines is the same, by characters of words; what indents them does not count.
fn ratio(old: &str, new: &str) -> f32 {
    let (old, new) = (tokens(old.trim()), tokens(new.trim()));
    let size = |tokens: &[&str]| tokens.iter().filter(|token| !is_blank(token)).map(|token| token.len()).sum::<usize>();
    let same: usize = capture_diff_slices(similar::Algorithm::Myers, &old, &new)
        .iter()
        .filter(|op| matches!(op, DiffOp::Equal { .. }))
        .map(|op| size(&old[op.old_range()]))
        .sum();
    let all = size(&old) + size(&new);
    if all == 0 { 1.0 } else { 2.0 * same as f32 / all as f32 }
}

fn is_blank(token: &str) -> bool {
    token.starts_with(char::is_whitespace)
}

/// Words, runs of spaces, and single other characters.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 1,
        c if c.is_whitespace() => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| last != class(c) || last == 0) {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(class(c));
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// Two lines, each in the parts that are the same and those that differ. Where both look the same, those are written out.
fn words_apart(old: &str, new: &str) -> (Vec<Piece>, Vec<Piece>) {
    let alike = are_alike(old, new);
    let backslashes = alike && written_out(old, false) == written_out(new, false);
    let show = |text: &str, at_end: bool| match (alike, at_end) {
        (false, _) => line(text).into_owned(),
        (true, true) => written_out(text, backslashes),
        // Spaces within the line are no spaces at its end.
        (true, false) => {
            let spaces = text.len() - text.trim_end_matches(' ').len();
            written_out(text.trim_end_matches(' '), backslashes) + &" ".repeat(spaces)
        }
    };
    let (olds, news) = (tokens(old), tokens(new));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let push = |to: &mut Vec<Piece>, tokens: &[&str], range: Range<usize>, differs: bool| {
        if !range.is_empty() {
            let at_end = range.end == tokens.len();
            to.push(Piece { text: show(&tokens[range].concat(), at_end), differs });
        }
    };
    for op in capture_diff_slices(similar::Algorithm::Myers, &olds, &news) {
        let differs = !matches!(op, DiffOp::Equal { .. });
        push(&mut left, &olds, op.old_range(), differs);
        push(&mut right, &news, op.new_range(), differs);
    }
    (left, right)
}

/// The line below `pieces` that marks what differs; none where nothing does.
pub(super) fn marks(pieces: &[Piece]) -> Option<String> {
    let mark = |piece: &Piece| (if piece.differs { "^" } else { " " }).repeat(display_width(&piece.text));
    let marks: String = pieces.iter().map(mark).collect();
    let marks = marks.trim_end();
    (!marks.is_empty()).then(|| marks.to_owned())
}

/// For each line whether what differs in it can be marked below it, so that it stays readable.
pub(super) fn marked(lines: &[Line]) -> Vec<bool> {
    let changed = |line: &Line| matches!(line, Line::Old(_) | Line::New(_));
    let blocks = lines.chunk_by(|a, b| changed(a) == changed(b));
    blocks
        .flat_map(|block| {
            let (old, new) = block.iter().fold((0, 0), |(old, new), line| match line {
                Line::Old(_) => (old + 1, new),
                Line::New(_) => (old, new + 1),
                _ => (old, new),
            });
            vec![old.max(new) <= MARKED; block.len()]
        })
        .collect()
}

/// Writes a line diff: what differs in a line is highlighted, or marked below it where there are no colours.
pub(super) fn write(page: &mut Page, lines: &[Line]) {
    for (line, marked) in lines.iter().zip(marked(lines)) {
        page.say("          ");
        let (sign, pieces, role, word) = match line {
            Line::Hunk(text) => {
                page.put(Role::Ledger, text).end();
                continue;
            }
            Line::Note(text) => {
                page.put(Role::Quiet, text).end();
                continue;
            }
            Line::Both(text) => {
                page.put(Role::Quiet, format_args!("  {text}")).end();
                continue;
            }
            Line::Old(pieces) => ("- ", pieces, Role::Destroy, Role::RemovedWord),
            Line::New(pieces) => ("+ ", pieces, Role::Add, Role::AddedWord),
        };
        page.put(role, sign);
        for piece in pieces {
            page.put(if piece.differs { word } else { role }, &piece.text);
        }
        page.end();
        if let Some(marks) = marks(pieces).filter(|_| marked && !page.look().colour) {
            page.say("            ").say(marks).end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::style::Look;
    use super::*;

    /// Two changes far from each other, in a script of so many lines.
    fn far(count: usize) -> Vec<Line> {
        let text = |word: &str| {
            let mut lines = vec!["x".to_owned(); count];
            (lines[10], lines[count - 10]) = (word.to_owned(), word.to_owned());
            lines
        };
        of_scripts(&text("a"), &text("b"))
    }

    #[test]
    fn of_so_many_lines_those_that_differ_are_found() {
        let hunks = |lines: &[Line]| lines.iter().filter(|line| matches!(line, Line::Hunk(_))).count();
        let most = DIFFERENCE.size();
        let found = far(most);
        assert_eq!((hunks(&found), found.len()), (2, 18));
        let at_once = far(most + 1);
        assert_eq!((hunks(&at_once), at_once.len()), (1, 1 + 3 + 2 * (most - 18) + 3));
        // All that is new is shown, and nothing else.
        let long = vec!["x".to_owned(); most + 1];
        assert_eq!(of_sets(&[], &long).len(), most + 1);
        assert_eq!(of_sets(&long, &long), []);
        assert_eq!(of_sets(&long[1..], &long), [Line::New(whole("x"))]);
    }

    fn shown(old: &str, new: &str, look: Look) -> String {
        let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        let mut page = Page::new(look);
        write(&mut page, &of_scripts(&lines(old), &lines(new)));
        page.finish()
    }

    const OLD: &str = "from(bucket: \"raw\")\n    |> range(start: -1h)\n    |> filter(fn: (r) => r.x == \"m\")\n    |> mean()\n    |> a()\n    |> b()\n    |> c()\n    |> d()\n    |> e()\n    |> f()\n    |> g()\n    |> to(bucket: \"hourly\")";

    #[test]
    fn a_hunk_says_where_it_is_and_which_words_differ() {
        let new = OLD.replace("mean()", "median()").replace("\"hourly\")", "\"daily\", org: \"x\")");
        insta::assert_snapshot!(shown(OLD, &new, Look::PLAIN));
        insta::assert_snapshot!(shown("a\nb\nc", "a\nc", Look::PLAIN));
        insta::assert_snapshot!(shown(OLD, &new, Look::COLOURED).replace('\u{1b}', "ESC"));
    }

    #[test]
    fn other_lines_are_not_marked() {
        let shown = shown("one two three\nfour", "five six\nseven", Look::PLAIN);
        assert!(!shown.contains('^'), "{shown}");
        let (many, more) = ("a = 1\n".repeat(9), "a = 2\n".repeat(9));
        assert!(!self::shown(&many, &more, Look::PLAIN).contains('^'));
    }

    #[test]
    fn what_nobody_sees_is_seen() {
        let mut all = String::new();
        for (old, new) in [
            ("a\r", "a"),
            ("  x  ", "  x"),
            ("\tx", "    x"),
            ("x = \"a\u{a0}b\"", "x = \"a b\""),
            ("b\u{430}r", "bar"),
            ("e\u{301}", "\u{e9}"),
            ("r = /a\tb/", "r = /a\\tb/"),
            ("x\u{200b}y", "xy"),
            ("x\u{1b}[31my", "xy"),
            ("  x", "    x"),
        ] {
            all += &format!("{}\n", shown(old, new, Look::PLAIN));
        }
        insta::assert_snapshot!(all);
        let same = of_scripts(&["a".to_owned()], &["a".to_owned()]);
        assert!(matches!(same.as_slice(), [Line::Note(_)]), "something is said of two texts that differ");
    }

    proptest::proptest! {
        #[test]
        fn no_line_that_changed_looks_like_the_one_that_it_was(
            old in "[ab \t\u{a0}\r\\\\te\u{301}\u{e9}]{0,8}", new in "[ab \t\u{a0}\r\\\\te\u{301}\u{e9}]{0,8}"
        ) {
            let lines = of_scripts(std::slice::from_ref(&old), std::slice::from_ref(&new));
            let text = |pieces: &[Piece]| pieces.iter().map(|piece| piece.text.as_str()).collect::<String>();
            let olds = lines.iter().find_map(|line| if let Line::Old(pieces) = line { Some(text(pieces)) } else { None });
            let news = lines.iter().find_map(|line| if let Line::New(pieces) = line { Some(text(pieces)) } else { None });
            if old == new {
                proptest::prop_assert_eq!((olds, news), (None, None));
            } else {
                proptest::prop_assert_ne!(olds.as_deref().map(str::trim_end), news.as_deref().map(str::trim_end));
            }
        }
    }
}
