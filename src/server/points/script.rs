//! A reader for the few shapes of Flux that evidence queries have: pipelines of calls with plain arguments.

use jiff::Timestamp;

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    /// `"text"`.
    String(String),
    /// `2026-01-01T00:00:00Z`, in nanoseconds since 1970.
    Time(i64),
    /// `1`.
    Integer(u64),
    /// `true` or `false`.
    Boolean(bool),
    /// `["a", "b"]`.
    Strings(Vec<String>),
}

/// `name(argument: value, ...)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<(String, Argument)>,
}

/// Reads a script as pipelines (`a() |> b()`); `None` if it is anything else.
pub(super) fn pipelines(script: &str) -> Option<Vec<Vec<Call>>> {
    let mut reader = Reader { rest: script };
    let mut pipelines = Vec::new();
    while !reader.at_end() {
        let mut calls = vec![reader.call()?];
        while reader.take("|>") {
            calls.push(reader.call()?);
        }
        pipelines.push(calls);
    }
    Some(pipelines)
}

/// Reads a string literal; `None` if it is anything else.
pub(super) fn string(literal: &str) -> Option<String> {
    let mut reader = Reader { rest: literal.strip_prefix('"')? };
    let text = reader.string_rest()?;
    reader.rest.is_empty().then_some(text)
}

struct Reader<'s> {
    rest: &'s str,
}

impl<'s> Reader<'s> {
    fn at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        self.take(token).then_some(())
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> Option<&'s str> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|letter| !belongs(letter)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!taken.is_empty()).then_some(taken)
    }

    fn identifier(&mut self) -> Option<&'s str> {
        self.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            .filter(|name| !name.starts_with(|letter: char| letter.is_ascii_digit()))
    }

    fn call(&mut self) -> Option<Call> {
        let name = self.identifier()?.to_owned();
        let mut arguments = Vec::new();
        self.expect("(")?;
        while !self.take(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            let argument = self.identifier()?.to_owned();
            self.expect(":")?;
            arguments.push((argument, self.argument()?));
        }
        Some(Call { name, arguments })
    }

    fn argument(&mut self) -> Option<Argument> {
        if self.take("\"") {
            return Some(Argument::String(self.string_rest()?));
        }
        if self.take("[") {
            let mut strings = Vec::new();
            while !self.take("]") {
                if !strings.is_empty() {
                    self.expect(",")?;
                }
                self.expect("\"")?;
                strings.push(self.string_rest()?);
            }
            return Some(Argument::Strings(strings));
        }
        let word = self.take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | ':' | '.'))?;
        match word {
            "true" => Some(Argument::Boolean(true)),
            "false" => Some(Argument::Boolean(false)),
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => word.parse().ok().map(Argument::Integer),
            _ => {
                let time: Timestamp = word.parse().ok()?;
                i64::try_from(time.as_nanosecond()).ok().map(Argument::Time)
            }
        }
    }

    /// The rest of a string behind its opening quote; `None` if it has an interpolation.
    fn string_rest(&mut self) -> Option<String> {
        let mut text = Vec::new();
        let mut letters = self.rest.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return String::from_utf8(text).ok();
                }
                '$' if letters.peek().is_some_and(|(_, next)| *next == '{') => return None,
                '\\' => text.push(match letters.next()?.1 {
                    'n' => b'\n',
                    'r' => b'\r',
                    't' => b'\t',
                    '"' => b'"',
                    '\\' => b'\\',
                    '$' => b'$',
                    // A byte, which may be one of several of a letter.
                    'x' => {
                        let mut digit = || letters.next().and_then(|(_, digit)| digit.to_digit(16));
                        u8::try_from(digit()? << 4 | digit()?).ok()?
                    }
                    _ => return None,
                }),
                other => text.extend(other.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_read_with_all_kinds_of_arguments() {
        let script = "a(b: \"x\\\"\\${y}\\n\\x1b\\xc2\\x9b\", c: [\"d\", \"e\"])\n  |> f(g: 12, h: true) |> i(j: 1970-01-01T00:00:00.000000005Z)\nk()";
        let read = pipelines(script).unwrap();
        let arguments: Vec<_> =
            read.iter().flatten().flat_map(|call| call.arguments.clone()).map(|(_, value)| value).collect();
        assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(
            arguments,
            [
                Argument::String("x\"${y}\n\u{1b}\u{9b}".to_owned()),
                Argument::Strings(vec!["d".to_owned(), "e".to_owned()]),
                Argument::Integer(12),
                Argument::Boolean(true),
                Argument::Time(5),
            ]
        );
    }

    #[test]
    fn anything_else_is_not_read() {
        for script in [
            "x = 1",
            "a(",
            "a() |>",
            "a(b: \"${c}\")",
            "a(b: c)",
            "import \"x\" a()",
            "a(b: (r) => true)",
            "a(b: -1h)",
            "a(b: \"\\x4\")",
            "a(b: \"\\xff\")",
        ] {
            assert_eq!(pipelines(script), None, "{script}");
        }
    }
}
