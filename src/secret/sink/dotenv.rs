//! The dialect of env files: what python-dotenv, `docker --env-file` and a shell's `source` all read alike.
//!
//! - A value of letters, digits and `_-./:@%+,=` stands without quotes; all three read it as it is, and InfluxDB's own
//!   tokens are such.
//! - Else single quotes, if it has no `'`, `\` or `${`; else double quotes with `\"` and `\\`, if it has no `$` or backtick.
//!   (`docker --env-file` takes quotes for part of the value; there is no spelling that it reads.)
//! - What is left, and control characters, readers read differently: refused.
//!
//! A value in quotes may go over several lines. Where a key stands several times readers take the last: that one is
//! replaced where it stands, `export` included, and the earlier ones are removed, so that no old secret stays behind.

use std::ops::Range;

use super::SinkError;

/// # Errors
/// A key that is no shell name.
pub(super) fn check_key(key: &str) -> Result<(), SinkError> {
    let first = key.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    if first && key.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(SinkError::Key(key.to_owned()))
}

/// The value as it is written; None: readers would disagree.
pub(super) fn quote(value: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if value.chars().all(plain) {
        return Some(value.to_owned());
    }
    if value.chars().any(char::is_control) {
        return None;
    }
    if !value.contains(['\'', '\\']) && !value.contains("${") {
        return Some(format!("'{value}'"));
    }
    if value.contains(['$', '`']) {
        return None;
    }
    Some(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// An assignment in a file.
struct Assignment {
    /// From the start of its line to behind its line end.
    all: Range<usize>,
    /// Blanks and `export` before the key.
    lead: Range<usize>,
    key: Range<usize>,
    /// What stands behind `=`, without the line end.
    value: Range<usize>,
}

/// The file with `key` set to `value`, which is quoted already. All other bytes stay.
pub(super) fn set(file: &[u8], key: &str, value: &str) -> Vec<u8> {
    let mut same: Vec<Assignment> =
        assignments(file).filter(|found| &file[found.key.clone()] == key.as_bytes()).collect();
    let mut out = Vec::with_capacity(file.len() + key.len() + value.len() + 4);
    let Some(last) = same.pop() else {
        let line_end: &[u8] = if first_line_end(file) == b"\r\n" { b"\r\n" } else { b"\n" };
        out.extend_from_slice(file);
        if !file.is_empty() && !file.ends_with(b"\n") {
            out.extend_from_slice(line_end);
        }
        for part in [key.as_bytes(), b"=", value.as_bytes(), line_end] {
            out.extend_from_slice(part);
        }
        return out;
    };
    let mut kept = 0;
    for earlier in same {
        out.extend_from_slice(&file[kept..earlier.all.start]);
        kept = earlier.all.end;
    }
    out.extend_from_slice(&file[kept..last.all.start]);
    for part in [&file[last.lead.clone()], key.as_bytes(), b"=", value.as_bytes()] {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&file[last.value.end..]);
    out
}

/// The value of the last assignment to `key`, without quotes and escapes.
pub(super) fn get(file: &[u8], key: &str) -> Option<Vec<u8>> {
    let last = assignments(file).filter(|found| &file[found.key.clone()] == key.as_bytes()).last()?;
    Some(unquote(&file[last.value]))
}

/// The number of the first line that is of no env file: neither blank, nor a comment, an assignment, or one of the words that a shell
/// takes in such a file.
pub(super) fn stranger(file: &[u8]) -> Option<usize> {
    const WORDS: [&[u8]; 6] = [b"export", b"readonly", b"set", b"unset", b"source", b"."];
    let known = |line: &[u8]| {
        let word = line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty());
        word.is_none_or(|word| word.starts_with(b"#") || WORDS.contains(&word))
    };
    let mut at = 0;
    let rest = assignments(file).map(|found| found.all).chain(std::iter::once(file.len()..file.len()));
    for assigned in rest {
        let mut from = at;
        for line in file[at..assigned.start].split_inclusive(|byte| *byte == b'\n') {
            // A script is none, whatever follows.
            if !known(line) || (from == 0 && line.starts_with(b"#!")) {
                return Some(file[..from].iter().filter(|byte| **byte == b'\n').count() + 1);
            }
            from += line.len();
        }
        at = assigned.end;
    }
    None
}

fn unquote(raw: &[u8]) -> Vec<u8> {
    let value = raw.trim_ascii();
    match value.first() {
        Some(b'\'') => value[1..].iter().copied().take_while(|byte| *byte != b'\'').collect(),
        Some(b'"') => {
            let mut out = Vec::with_capacity(value.len());
            let mut rest = value[1..].iter().copied();
            while let Some(byte) = rest.next() {
                match byte {
                    b'"' => break,
                    b'\\' => out.extend(rest.next()),
                    byte => out.push(byte),
                }
            }
            out
        }
        _ => {
            let comment = value.windows(2).position(|pair| matches!(pair, b" #" | b"\t#"));
            value[..comment.unwrap_or(value.len())].trim_ascii_end().to_vec()
        }
    }
}

fn first_line_end(file: &[u8]) -> &[u8] {
    match file.iter().position(|byte| *byte == b'\n') {
        Some(at) if at > 0 && file[at - 1] == b'\r' => b"\r\n",
        _ => b"\n",
    }
}

/// All assignments, in order. A quote that is never closed ends with its line.
fn assignments(file: &[u8]) -> impl Iterator<Item = Assignment> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < file.len() {
            let start = at;
            let found = assignment(file, start);
            let value_end = found.as_ref().map_or(start, |found| found.value.end);
            at = line_end(file, value_end).end;
            if let Some(found) = found {
                return Some(Assignment { all: start..at, ..found });
            }
        }
        None
    })
}

/// Where the line that `from` is in ends: its line end, empty at the end of the file.
fn line_end(file: &[u8], from: usize) -> Range<usize> {
    match file[from..].iter().position(|byte| *byte == b'\n') {
        Some(length) => {
            let newline = from + length;
            let start = if newline > from && file[newline - 1] == b'\r' { newline - 1 } else { newline };
            start..newline + 1
        }
        None => file.len()..file.len(),
    }
}

fn assignment(file: &[u8], start: usize) -> Option<Assignment> {
    let skip = |from: usize, test: fn(&u8) -> bool| from + file[from..].iter().take_while(|byte| test(byte)).count();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut key_start = start;
    if start == 0 && file.starts_with(b"\xef\xbb\xbf") {
        key_start = 3;
    }
    key_start = skip(key_start, blank);
    if file[key_start..].starts_with(b"export") {
        let after = skip(key_start + "export".len(), blank);
        if after > key_start + "export".len() && file.get(after) != Some(&b'=') {
            key_start = after;
        }
    }
    let key_end = skip(key_start, |byte| *byte == b'_' || byte.is_ascii_alphanumeric());
    let equals = skip(key_end, blank);
    if key_end == key_start || file.get(equals) != Some(&b'=') {
        return None;
    }
    let value_start = equals + 1;
    let quote_at = skip(value_start, blank);
    let end = match file.get(quote_at) {
        Some(quote @ (b'"' | b'\'')) => match closing(file, quote_at, *quote) {
            Some(close) => line_end(file, close).start,
            None => line_end(file, value_start).start,
        },
        _ => line_end(file, value_start).start,
    };
    Some(Assignment { all: start..end, lead: start..key_start, key: key_start..key_end, value: value_start..end })
}

/// The place of the quote that closes the one at `open`.
fn closing(file: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in file.iter().enumerate().skip(open + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quote == b'"' => escaped = true,
            byte if *byte == quote => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(file: &str, value: &str) -> String {
        String::from_utf8(set(file.as_bytes(), "KEY", value)).expect("UTF-8")
    }

    #[test]
    fn the_line_of_the_key_is_replaced_where_it_stands() {
        for (file, wanted) in [
            ("", "KEY=new\n"),
            ("A=1\n", "A=1\nKEY=new\n"),
            ("A=1", "A=1\nKEY=new\n"),
            ("A=1\r\nB=2", "A=1\r\nB=2\r\nKEY=new\r\n"),
            ("# c\nKEY=old\nA=1", "# c\nKEY=new\nA=1"),
            ("A=1\nKEY=old", "A=1\nKEY=new"),
            ("KEY=old\r\nA=1\r\n", "KEY=new\r\nA=1\r\n"),
            ("  export KEY = 'old' # c\n", "  export KEY=new\n"),
            ("KEY=\n", "KEY=new\n"),
            ("KEYS=1\nMY_KEY=2\n#KEY=3\nKEY\n", "KEYS=1\nMY_KEY=2\n#KEY=3\nKEY\nKEY=new\n"),
            ("KEY=1\nA=2\nexport KEY=3\nB=4\n", "A=2\nexport KEY=new\nB=4\n"),
            ("A=\"1\nKEY=no\n2\"\nB=3\n", "A=\"1\nKEY=no\n2\"\nB=3\nKEY=new\n"),
            ("KEY=\"a\\\"b\nc\" # d\nB=3\n", "KEY=new\nB=3\n"),
            ("A=\"open\nKEY=old\n", "A=\"open\nKEY=new\n"),
            ("\u{feff}KEY=old\n", "\u{feff}KEY=new\n"),
            ("export=1\nexport KEY=2\n", "export=1\nexport KEY=new\n"),
        ] {
            assert_eq!(after(file, "new"), wanted, "{file:?}");
        }
    }

    #[test]
    fn what_is_no_env_file_is_told_by_its_lines() {
        for file in [
            "",
            "\n\r\n  \n",
            "# c\nA=1\n  # d\nexport B=2\nexport B\nset -a\n. ./other\n",
            "A=\"1\n[x]\n2\"\r\nB='\n{'\n",
            "\u{feff}A=1\n",
        ] {
            assert_eq!(stranger(file.as_bytes()), None, "{file:?}");
        }
        for (file, line) in [
            ("[project]\nname = \"p\"\n", 1),
            ("# c\nA=1\n\n[bucket.raw]\n", 4),
            ("{\n  \"fluxform_plan\": 1\n}\n", 1),
            ("x = 1\nfrom(bucket: \"b\")\n  |> range(start: -1h)\n", 2),
            ("#!/bin/sh\nA=1\n", 1),
            ("A=1\nif true; then\nB=2\nfi\n", 2),
            ("A=\"1\n2\"\necho\n", 3),
            ("-----BEGIN CERTIFICATE-----", 1),
        ] {
            assert_eq!(stranger(file.as_bytes()), Some(line), "{file:?}");
        }
    }

    #[test]
    fn only_what_needs_quotes_gets_them() {
        for (value, wanted) in [
            ("aZ09_-./:@%+,==", Some("aZ09_-./:@%+,==")),
            ("a b", Some("'a b'")),
            ("a$b`#\"", Some("'a$b`#\"'")),
            ("it's \"\\", Some("\"it's \\\"\\\\\"")),
            ("${a}", None),
            ("it's $5", None),
            ("a\nb", None),
        ] {
            assert_eq!(quote(value).as_deref(), wanted, "{value:?}");
        }
    }

    #[test]
    fn a_key_is_a_shell_name() {
        for key in ["A", "_a9", "INFLUX_TOKEN"] {
            check_key(key).expect("a key");
        }
        for key in ["", "9A", "A-B", "A B", "A=B", "É", "A\n"] {
            check_key(key).expect_err(key);
        }
    }

    /// What `source` in a shell makes of one quoted word.
    fn shell_reads(text: &str) -> String {
        match text.as_bytes().first() {
            Some(b'\'') => text[1..text.len() - 1].to_owned(),
            Some(b'"') => {
                let mut out = String::new();
                let mut chars = text[1..text.len() - 1].chars().peekable();
                while let Some(c) = chars.next() {
                    match (c, chars.peek()) {
                        ('\\', Some('\\' | '"' | '$' | '`')) => out.extend(chars.next()),
                        ('$' | '`' | '"', _) => panic!("a shell would expand {text}"),
                        (c, _) => out.push(c),
                    }
                }
                out
            }
            _ => text.to_owned(),
        }
    }

    /// What python-dotenv makes of it: escapes in both quotes, `${...}` expanded everywhere.
    fn python_reads(text: &str) -> String {
        assert!(!text.contains("${"), "python-dotenv would expand {text}");
        let escapes: &[char] = match text.chars().next() {
            Some('\'') => &['\\', '\''],
            Some('"') => &['\\', '\'', '"', 'a', 'b', 'f', 'n', 'r', 't', 'v'],
            _ => return text.to_owned(),
        };
        let mut out = String::new();
        let mut chars = text[1..text.len() - 1].chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some(next)) if escapes.contains(next) => {
                    assert!(!next.is_ascii_alphabetic(), "a control character out of {text}");
                    out.extend(chars.next());
                }
                (c, _) => out.push(c),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn all_readers_agree(value in "[ -~é]{1,20}|[a$`'\"{}\\\\ #]{1,8}") {
            if let Some(text) = quote(&value) {
                prop_assert_eq!(&shell_reads(&text), &value);
                prop_assert_eq!(&python_reads(&text), &value);
                let file = set(b"A=1", "KEY", &text);
                prop_assert_eq!(get(&file, "KEY"), Some(value.into_bytes()));
            }
        }

        #[test]
        fn all_other_lines_stay(
            lines in proptest::collection::vec("(#| |export )?(A|B|KEY2|)(=|)[ -~]{0,8}", 0..6),
            crlf: bool, last: bool, at in 0..7usize, old in "[a-z]{0,4}",
        ) {
            let line_end = if crlf { "\r\n" } else { "\n" };
            let mut lines = lines;
            prop_assume!(!lines.iter().any(|line| line.contains(['"', '\''])));
            let absent: String = lines.join(line_end) + if last { line_end } else { "" };
            let appended = after(&absent, "new");
            prop_assert!(appended.starts_with(&absent));
            prop_assert_eq!(after(&appended, "old"), appended.replace("KEY=new", "KEY=old"));
            let at = at.min(lines.len());
            lines.insert(at, format!("KEY={old}"));
            let before = lines.join(line_end) + if last { line_end } else { "" };
            lines[at] = "KEY=new".to_owned();
            prop_assert_eq!(after(&before, "new"), lines.join(line_end) + if last { line_end } else { "" });
        }

        #[test]
        fn any_bytes_do(file in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\''), Just(b'\n'), Just(b'='), Just(b'K'), any::<u8>()], 0..40)) {
            let new = set(&file, "K", "v");
            prop_assert_eq!(get(&new, "K"), Some(b"v".to_vec()));
            prop_assert_eq!(set(&new, "K", "v"), new);
        }
    }
}
