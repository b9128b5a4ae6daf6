//! Prose in lines of a width: broken between words, and never inside what people copy.

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// `text`, one line that may hold escape sequences, in lines of at most `width` columns where words allow it; those after
/// the first begin with `indent` spaces.
pub(super) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let lead = " ".repeat(text.len() - text.trim_start_matches(' ').len());
    let indent = " ".repeat(indent);
    let options = Options::new(width)
        .break_words(false)
        .word_separator(SEPARATOR)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .initial_indent(&lead)
        .subsequent_indent(&indent);
    textwrap::fill(text.trim_start_matches(' '), options)
}

/// Separates words at spaces, but for those in quotes: commands, paths, names.
pub(super) const SEPARATOR: WordSeparator = WordSeparator::Custom(words);

fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut rest = line;
    Box::new(std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (word, after) = rest.split_at(end_of_word(rest));
        rest = after;
        Some(Word::from(word))
    }))
}

/// Where the first word of `text` ends, with the spaces after it.
fn end_of_word(text: &str) -> usize {
    let mut quote = None;
    let mut before = ' ';
    let mut spaces = false;
    for (at, c) in text.char_indices() {
        if spaces && c != ' ' {
            // An ID stays with what says that it is one.
            if text[..at].ends_with("(id ") || text[..at].ends_with("(ID ") {
                spaces = false;
            } else {
                return at;
            }
        }
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, ' ') => spaces = true,
            // A quote that is never closed is a character like any other, and so is an apostrophe.
            (None, '`' | '"') if text[at + 1..].contains(c) => quote = Some(c),
            (None, '\'') if !before.is_alphanumeric() && text[at + 1..].contains('\'') => quote = Some(c),
            (None, _) => {}
        }
        before = c;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prose_is_broken_between_words() {
        let text = "  ! bucket.raw would lose data: points from 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z";
        assert_eq!(
            wrapped(text, 50, 6),
            "  ! bucket.raw would lose data: points from\n      2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z"
        );
        assert_eq!(wrapped("short", 50, 6), "short");
        assert_eq!(wrapped("", 50, 6), "");
    }

    #[test]
    fn what_people_copy_stays_whole() {
        for whole in [
            "`fluxform apply iot.plan --allow-data-loss 'bucket.*' envs/prod`",
            "\"a name with several words in it, longer than a line is\"",
            "'bucket.*, or a pattern of several words in single quotes'",
            "https://influxdb.example.com:8086/a-b-c/d-e-f?g=h-i-j&k=l-m-n-o-p",
        ] {
            let text = format!("that isn't the end: see {whole}, please");
            let lines = wrapped(&text, 40, 2);
            assert!(lines.lines().any(|line| line.contains(whole)), "{lines}");
        }
        assert_eq!(wrapped("it is bucket.raw (id 0123456789abcdef)", 21, 0), "it is bucket.raw\n(id 0123456789abcdef)");
        assert_eq!(wrapped("a quote \" that is not closed", 14, 0), "a quote \" that\nis not closed");
    }

    #[test]
    fn escape_sequences_have_no_width() {
        assert_eq!(wrapped("\u{1b}[1mone\u{1b}[0m two three", 8, 0), "\u{1b}[1mone\u{1b}[0m two\nthree");
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-z`'\" ]{0,80}", width in 5..30_usize) {
            let lines = wrapped(&text, width, 2);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&lines), words(&text));
        }
    }
}
