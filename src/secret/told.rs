//! What a command wrote to its standard error, as it may be shown.

use crate::hidden::is_hidden;
use crate::redact::{Redaction, SECRET};

/// So many lines are shown, the last ones,
const LINES: usize = 20;
/// of so many characters each, the first ones.
const WIDTH: usize = 200;
/// The longest form that a secret may have at the end of what was cut off.
const CUT: usize = 1024;

/// The last lines of `bytes`, without colours and other hidden characters, and without `secrets` in any form that is searched for.
pub(super) fn told(bytes: &[u8], secrets: &[&[u8]]) -> Vec<String> {
    let bytes = if bytes.len() < bytes_kept() { bytes } else { &bytes[..bytes.len() - CUT] };
    let text = String::from_utf8_lossy(bytes);
    let text = anstream::adapter::strip_str(&text).to_string();
    let text: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_hidden(*c)).collect();
    let text = secrets.iter().fold(text, |text, secret| {
        Redaction::with_mark(&String::from_utf8_lossy(secret), SECRET).said(&text).into_owned()
    });
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let shown = lines.len().saturating_sub(LINES);
    let short = |line: &&str| match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => (*line).to_owned(),
    };
    lines[shown..].iter().map(short).collect()
}

/// A stream of so many bytes was cut off, perhaps within the secret.
const fn bytes_kept() -> usize {
    super::process::OUTPUT_LIMIT as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_searched_for_in_all_forms() {
        let secret: &[u8] = b"geheim/Token+1234567890==";
        let base64 = "Z2VoZWltL1Rva2VuKzEyMzQ1Njc4OTA9PQ==";
        let text = format!(
            "\u{1b}[31merror\u{1b}[0m: geheim/\u{1b}[1mToken+1234567890== refused\n\n{base64}\ngeheim%2FToken%2B1234567890%3D%3D\n\"geheim\\/Token+1234567890==\"\n"
        );
        let told = told(text.as_bytes(), &[secret]);
        assert_eq!(told[0], "error: [the secret] refused");
        assert!(told.iter().all(|line| line.contains(SECRET)) && !told.concat().contains("oken"), "{told:?}");
    }

    #[test]
    fn a_secret_that_is_wrapped_or_broken_by_hidden_characters_is_found() {
        let secret: &[u8] = b"geheim/Token+1234567890==geheim/Token+1234567890==geheim/Token+1234567890==";
        for text in [
            "Z2VoZWltL1Rva2VuKzEyMzQ1Njc4OTA9PWdlaGVpbS9Ub2tlbisxMjM0NTY3ODkwPT1nZWhlaW0v\nVG9rZW4rMTIzNDU2Nzg5MD09\n",
            "geheim/Token+1234567890==geheim/\r\nToken+1234567890==geheim/Token+1234567890==",
            "ge\0heim/\u{200b}Token\u{9b}+1234567890==geheim/Token+1234567890==geheim/Token\u{8}+1234567890==\u{1b}]0;x\u{7}",
        ] {
            assert_eq!(told(text.as_bytes(), &[secret]), [SECRET], "{text}");
        }
    }

    #[test]
    fn a_little_of_much_is_shown_and_no_secret_is_cut_in_two() {
        let much = "x".repeat(300) + "\n";
        let told = told(much.repeat(30).as_bytes(), &[b""]);
        assert_eq!((told.len(), told[0].len()), (LINES, WIDTH + 3));
        let mut text = "y".repeat(bytes_kept() - 10);
        text.push_str("\ngeheim123");
        assert!(!super::told(&text.as_bytes()[..bytes_kept()], &[b"geheim1234567890"]).concat().contains("geheim"));
    }
}
