//! Scripts that influxd makes (2.9.1, measured): laid out, with strings that it takes as they are.

use crate::flux::Quoted;
use crate::flux::format::format_as_influxd;
use crate::flux::parser::parse;

/// Stands for each character of a string while the script is laid out: there `${` in it is nothing special.
const MASK: char = '\u{e000}';

/// As influxd writes a string: `${` in it becomes an interpolation.
pub(super) fn quoted(text: &str) -> String {
    Quoted::new(text).as_str().to_owned()
}

/// Strings that are masked while the script is laid out, in their order.
#[derive(Default)]
pub(super) struct Strings(Vec<String>);

impl Strings {
    /// What stands for `text` in the script.
    pub(super) fn put(&mut self, text: &str) -> String {
        let quoted = quoted(text);
        let masked = format!("\"{}\"", MASK.to_string().repeat(quoted.chars().count() - 2));
        if masked.len() > 2 {
            self.0.push(quoted);
        }
        masked
    }

    /// `text` laid out, with the strings. One that is no Flux stays as it is.
    pub(super) fn laid_out(self, text: &str) -> String {
        let parsed = parse(text);
        let text = if parsed.refusal().is_none() { format_as_influxd(&parsed.script) } else { text.to_owned() };
        self.unmask(&text)
    }

    fn unmask(self, text: &str) -> String {
        let mut parts = text.split(MASK).filter(|part| !part.is_empty());
        let mut out = parts.next().unwrap_or_default().to_owned();
        for (part, string) in parts.zip(self.0) {
            out.push_str(&string[1..string.len() - 1]);
            out.push_str(part);
        }
        out
    }
}
