//! What is wrong, in plain words.

use super::fault::{Fault, FaultKind, Wanted};
use super::lexer::Token;
use super::pattern::PatternError;
use crate::flux::Mistake;
use crate::flux::ast::{Script, Span};
use crate::flux::token::TokenKind;

/// A bracket that is open where the next statement seems to begin.
pub(super) fn never_closed(script: &Script, open: Span, next: Span) -> Mistake {
    let bracket = script.text(open);
    Mistake {
        span: open,
        message: format!("this `{bracket}` is never closed"),
        label: "opened here".to_owned(),
        also: Some((next, format!("expected `{}` before this", closer(bracket)))),
        help: None,
    }
}

/// A statement that seems to go on in the line that starts at `next` and would be a statement of its own.
pub(super) fn unfinished(script: &Script, next: u32) -> Mistake {
    let source = script.source();
    let before = source[..next as usize].trim_end();
    let last = before.char_indices().next_back().map_or(0, |(at, _)| at);
    let rest = &source[next as usize..];
    let name = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
    Mistake {
        span: Span::new(last as u32, before.len() as u32),
        message: format!(
            "this statement is not finished: the next line, `{} = ...`, is read as part of it",
            &rest[..name]
        ),
        label: "expected a value".to_owned(),
        also: None,
        help: None,
    }
}

/// A fault in words.
pub(super) fn of(script: &Script, fault: &Fault) -> Mistake {
    let words = Words { script, fault };
    let (message, help) = words.message();
    let (span, label) = words.place();
    Mistake { span, message, label, also: words.also(), help }
}

fn closer(bracket: &str) -> &'static str {
    match bracket {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// What a message consists of: a sentence and a hint.
type Sentence = (String, Option<String>);

fn plain(message: impl Into<String>) -> Sentence {
    (message.into(), None)
}

fn hinted(message: impl Into<String>, help: impl Into<String>) -> Sentence {
    (message.into(), Some(help.into()))
}

struct Words<'a> {
    script: &'a Script,
    fault: &'a Fault,
}

impl Words<'_> {
    /// Where to look, and what to write there. What is missing at the end of a line is shown there, not on the next.
    fn place(&self) -> (Span, String) {
        let (span, after) = (self.fault.span, self.fault.after);
        let label = |text: &str| text.to_owned();
        match &self.fault.kind {
            FaultKind::Unclosed { open, got, .. } if got.kind == TokenKind::End => (*open, label("opened here")),
            FaultKind::InString { open, got } if got.kind != TokenKind::Illegal => (*open, label("opened here")),
            FaultKind::InString { got, .. } => (self.escape(got.span), String::new()),
            FaultKind::Expected { wanted, got } => match self.missing_before(got, after) {
                Some(span) => (span, format!("expected {}", wanted_words(*wanted))),
                None => (span, label("unexpected")),
            },
            FaultKind::NoExpression(got) => {
                (self.missing_before(got, after).unwrap_or(span), label("expected a value"))
            }
            _ => (span, String::new()),
        }
    }

    /// The end of the line before, if what was found stands on a later one.
    fn missing_before(&self, got: &Token, after: u32) -> Option<Span> {
        let between = self.script.source().get(after as usize..got.span.start as usize)?;
        let ends = got.kind == TokenKind::End || between.contains('\n');
        let last = self.script.source()[..after as usize].char_indices().next_back()?.0;
        ends.then(|| Span::new(last as u32, after))
    }

    /// An escape: the backslash and what follows.
    fn escape(&self, backslash: Span) -> Span {
        let rest = &self.script.source()[backslash.end as usize..];
        let length = rest.chars().next().map_or(0, char::len_utf8);
        Span::new(backslash.start, backslash.end + length as u32)
    }

    fn also(&self) -> Option<(Span, String)> {
        match &self.fault.kind {
            FaultKind::Unclosed { open, got, .. } if got.kind != TokenKind::End => {
                Some((*open, format!("for this `{}`", self.script.text(*open))))
            }
            FaultKind::NoOperator | FaultKind::NoComma(_) | FaultKind::Key { .. } => None,
            FaultKind::InString { open, got } if got.kind == TokenKind::Illegal => {
                Some((*open, "in the string that starts here".to_owned()))
            }
            _ => None,
        }
    }

    fn text(&self) -> &str {
        self.script.text(self.fault.span)
    }

    /// What closes the innermost bracket.
    fn closing(&self) -> &'static str {
        self.fault.open.map_or(")", |open| closer(self.script.text(open)))
    }

    /// Whether the innermost bracket only groups: it follows nothing that could be called or indexed.
    fn groups(&self) -> bool {
        let Some(open) = self.fault.open else { return false };
        let before = self.script.source()[..open.start as usize].trim_end();
        self.script.text(open) != "{"
            && !before.ends_with(|c: char| c == '_' || c.is_alphanumeric() || ")]}\"".contains(c))
    }

    fn found(&self, token: &Token) -> String {
        let text = self.script.text(token.span);
        match token.kind {
            TokenKind::End => "the end of the script".to_owned(),
            TokenKind::StringStart => "a string".to_owned(),
            kind if is_keyword(kind) => format!("the keyword `{text}`"),
            _ if text.chars().count() > 30 || text.contains('\n') => {
                format!("`{}...`", text.chars().take(20).take_while(|c| *c != '\n').collect::<String>())
            }
            _ => format!("`{text}`"),
        }
    }

    fn message(&self) -> Sentence {
        match &self.fault.kind {
            FaultKind::Expected { wanted, got } => self.expected(*wanted, got),
            FaultKind::Unclosed { open, got, closer } => match got.kind {
                TokenKind::End => plain(format!("this `{}` is never closed", self.script.text(*open))),
                _ => plain(format!("expected `{}`, found {}", bracket_text(*closer), self.found(got))),
            },
            FaultKind::Statement(token) => self.statement(token),
            FaultKind::ExtraAttributes => {
                hinted("nothing follows the attribute", "an attribute goes before a statement, an import or `package`")
            }
            FaultKind::Skipped(token) => match self.foreign(token) {
                Some(sentence) => sentence,
                None if token.kind == TokenKind::Assign => hinted("unexpected `=`", "`==` compares two values"),
                None if token.kind == TokenKind::Arrow => self.arrow(token),
                None => plain(format!("unexpected {}", self.found(token))),
            },
            FaultKind::NoOperator => {
                let found = self.excerpt(self.fault.span);
                let separator = if self.groups() { "an operator" } else { "`,`" };
                plain(format!("expected {separator} or `{}`, found {found}", self.closing()))
            }
            FaultKind::NoRight => self.one_sided("after"),
            FaultKind::NoLeft => self.one_sided("before"),
            FaultKind::PipeTarget => hinted(
                "expected a call after `|>`",
                "a pipe goes into a call with parentheses, even if there are no other arguments: `|> count()`",
            ),
            FaultKind::NoComma(got) => match self.foreign(got) {
                Some(sentence) => sentence,
                None if got.kind == TokenKind::Assign => self.equals_for_colon(),
                None => plain(format!("expected `,` or `{}`, found {}", self.closing(), self.found(got))),
            },
            FaultKind::NoWith(got) => plain(format!("expected `:`, `,`, `with` or `}}`, found {}", self.found(got))),
            FaultKind::Key { got, in_record } => self.key(got, *in_record),
            FaultKind::NoKey => plain("expected a name before `:`"),
            FaultKind::NoValue => plain("expected a value after `:`"),
            FaultKind::NoProperty => plain("one comma too many"),
            FaultKind::QuotedWithoutValue => plain(format!("expected `:` and a value after {}", self.text())),
            FaultKind::Mixed => hinted(
                format!("`{}` has no value, while others have one", self.text()),
                format!("write `{0}: {0}` for the variable `{0}`", self.text()),
            ),
            FaultKind::EmptyIndex => plain("expected a value between the brackets"),
            FaultKind::InString { got, .. } => self.string(got),
            FaultKind::LeadingZero => plain(format!("the number `{}` starts with a zero", self.text())),
            FaultKind::IntegerRange => hinted(
                format!("`{}` is too large", self.excerpt(self.fault.span).trim_matches('`')),
                "an integer is at most 9223372036854775807",
            ),
            FaultKind::Utf8 { .. } => plain("the escaped bytes of this string are not valid UTF-8"),
            FaultKind::HiddenEscape(..) => hinted(
                "the escape after `$` is unknown",
                "`$` takes the character after it along; write the escape first, or `\\x24` for the `$`",
            ),
            FaultKind::Pattern(_) if self.text().starts_with("/*") => no_block_comment(),
            FaultKind::Pattern(error) => pattern(error),
            FaultKind::TooDeep => {
                plain("the script is nested too deep: influxd reads 80 statements and expressions within each other")
            }
            FaultKind::TypeTooDeep => plain("this type is nested too deep: fluxform reads 100 types within each other"),
            FaultKind::LeapSecond => plain(format!("influxd does not accept leap seconds: `{}`", self.text())),
            FaultKind::Label | FaultKind::LabelType => {
                plain("labels are an experiment of Flux that influxd does not take")
            }
            FaultKind::Nul => hinted("a NUL character", "influxd reads nothing of what follows it"),
            FaultKind::TooLong => plain("the script has 4 GiB or more"),
            FaultKind::NoExpression(got) => match self.foreign(got) {
                Some(sentence) if got.kind == TokenKind::Illegal => sentence,
                _ => plain(format!("expected a value, found {}", self.found(got))),
            },
            FaultKind::Time(why) => plain(format!("`{}` is not a time: {why}", self.text())),
            FaultKind::DurationRange => plain("this duration has a number beyond 64 bits"),
            FaultKind::InterpolatedText => plain("the escapes in this part of the string cannot be decoded"),
        }
    }

    fn expected(&self, wanted: Wanted, got: &Token) -> Sentence {
        if let (TokenKind::Illegal, Some(sentence)) = (got.kind, self.foreign(got)) {
            return sentence;
        }
        let found = self.found(got);
        let kind = match wanted {
            Wanted::TypeKey => return plain(format!("expected the name of a property, found {found}")),
            Wanted::Token(kind) => kind,
        };
        match kind {
            TokenKind::Ident if is_keyword(got.kind) => {
                let word = self.script.text(got.span);
                hinted(
                    format!("expected a name, found {found}"),
                    format!(
                        "keywords cannot be names; a member of that name is `[\"{word}\"]`, a key is `\"{word}\": ...`"
                    ),
                )
            }
            TokenKind::Ident if got.kind == TokenKind::Arrow => plain("expected `)` before `=>`"),
            TokenKind::Ident => plain(format!("expected a name, found {found}")),
            TokenKind::Arrow => hinted(
                format!("expected `=>` after the parameters, found {found}"),
                "a function is written `(x) => ...`; a list is written `[x, y]`",
            ),
            TokenKind::Else => {
                hinted(format!("expected `else`, found {found}"), "a conditional always has both: `if a then b else c`")
            }
            TokenKind::String => plain(format!("expected a path in quotes, found {found}")),
            TokenKind::Comma => plain(format!("expected `,` or `]`, found {found}")),
            TokenKind::RBrace => plain(format!("expected `}}` at the end of `${{...}}`, found {found}")),
            TokenKind::Colon if self.fault.accepted => plain(format!("expected `:` and a type, found {found}")),
            TokenKind::Colon if self.fault.open.is_some() => {
                plain(format!("expected `:` and the value of this key, found {found}"))
            }
            _ => plain(format!("expected {}, found {found}", wanted_words(wanted))),
        }
    }

    fn one_sided(&self, side: &str) -> Sentence {
        let operator = self.text();
        let rest = self.script.source()[self.fault.span.end as usize..].trim_start();
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if side == "after" && matches!(word, "if" | "not" | "exists") {
            return hinted(
                format!("expected a value after `{operator}`, found the keyword `{word}`"),
                format!("put it in parentheses: `{operator} ({word} ...)`"),
            );
        }
        if operator == "/" && self.script.source()[self.fault.span.start as usize..].starts_with("/*") {
            return no_block_comment();
        }
        if operator == "/" && side == "before" {
            return hinted(
                "expected a value before `/`",
                "a regular expression ends with a second `/`; a comment starts with `//`",
            );
        }
        plain(format!("expected a value {side} `{operator}`"))
    }

    fn statement(&self, token: &Token) -> Sentence {
        if let Some(sentence) = self.foreign(token) {
            return sentence;
        }
        match token.kind {
            TokenKind::Import => plain("`import` must stand before all other statements"),
            TokenKind::Package => plain("`package` must be the first statement"),
            TokenKind::Option => plain("an option is set with `option name = value` or `option package.name = value`"),
            TokenKind::Assign => hinted(
                "unexpected `=`",
                "a statement can set a variable, `x = 1`, but not a member or an element; make a new record: `{r with x: 1}`",
            ),
            TokenKind::PipeForward => plain("expected a value before `|>`"),
            TokenKind::Arrow => self.arrow(token),
            TokenKind::RParen | TokenKind::RBrack | TokenKind::RBrace => {
                plain(format!("`{}` closes nothing", self.script.text(token.span)))
            }
            _ => plain(format!("unexpected {}", self.found(token))),
        }
    }

    fn arrow(&self, token: &Token) -> Sentence {
        let before = self.script.source()[..token.span.start as usize].trim_end();
        let start = before
            .rfind(|c: char| c != '_' && !c.is_alphanumeric())
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        let name = Some(&before[start..]).filter(|name| !name.is_empty()).unwrap_or("x");
        hinted("unexpected `=>`", format!("put the parameters of a function in parentheses: `({name}) => ...`"))
    }

    fn key(&self, got: &Token, in_record: bool) -> Sentence {
        if let Some(sentence) = self.foreign(got) {
            return sentence;
        }
        match got.kind {
            TokenKind::Assign => self.equals_for_colon(),
            kind if is_keyword(kind) => {
                let word = self.script.text(got.span);
                hinted(
                    format!("the keyword `{word}` cannot be a name"),
                    format!("write it in quotes: `\"{word}\": ...`"),
                )
            }
            _ if in_record => plain(format!("expected the name of a property, found {}", self.found(got))),
            _ => hinted(
                format!("expected the name of an argument, found {}", self.found(got)),
                "arguments are named: `f(name: value)`",
            ),
        }
    }

    fn equals_for_colon(&self) -> Sentence {
        hinted("expected `:`, found `=`", "a name and its value are separated by `:`")
    }

    fn string(&self, got: &Token) -> Sentence {
        if got.kind != TokenKind::Illegal {
            return plain("this string is never closed");
        }
        let escape = self.script.text(self.escape(got.span));
        let help = match escape {
            "\\$" => "a `$` needs no backslash, but before `{`: `\\${`",
            "\\x" => "`\\x` takes two hexadecimal digits: `\\x41`",
            _ => "the escapes are \\n \\r \\t \\\\ \\\" \\${ and \\x41; a backslash itself is `\\\\`",
        };
        hinted(format!("unknown escape `{}`", escape.escape_debug().to_string().replace("\\\\", "\\")), help)
    }

    /// What other languages have, and Flux has not.
    fn foreign(&self, token: &Token) -> Option<Sentence> {
        let text = self.script.text(token.span);
        let rest = &self.script.source()[token.span.end as usize..];
        let doubled = rest.starts_with(text);
        Some(match (token.kind, text) {
            (TokenKind::Question, _) => hinted("Flux has no `?`", "write `if a then b else c`"),
            (TokenKind::Illegal, ";") => {
                hinted("Flux has no `;`", "the end of a line is enough, and a comma within brackets")
            }
            (TokenKind::Illegal, "&") => hinted("Flux has no `&`", "write `and`"),
            (TokenKind::Illegal, "|") if doubled => hinted("Flux has no `||`", "write `or`"),
            (TokenKind::Illegal, "|") => hinted("Flux has no `|`", "a pipe is written `|>`"),
            (TokenKind::Illegal, "!") => hinted("Flux has no `!`", "write `not`"),
            (TokenKind::Illegal, "'" | "`") => hinted(
                format!("Flux has no {}", if text == "'" { "`'`" } else { "backticks" }),
                "strings are written in double quotes: `\"...\"`",
            ),
            (TokenKind::Illegal, "\u{201c}" | "\u{201d}" | "\u{201e}" | "\u{2018}" | "\u{2019}") => {
                hinted(format!("a typographic quote, `{text}`"), "strings are written in straight double quotes: `\"`")
            }
            (TokenKind::Illegal, "#") => hinted("Flux has no `#`", "a comment starts with `//`"),
            (TokenKind::Illegal, "$") => hinted("unexpected `$`", "`${...}` works in strings only"),
            (TokenKind::Illegal, "@") => plain("expected a name after `@`"),
            (TokenKind::Illegal, "\u{feff}") => {
                hinted("a byte order mark (U+FEFF)", "influxd refuses it; save the script as UTF-8 without a BOM")
            }
            (TokenKind::Illegal, "\u{a0}") => {
                hinted("a no-break space (U+00A0)", "Flux does not treat it as white space")
            }
            (TokenKind::Illegal, _) => {
                let code = text.chars().next().map_or(0, u32::from);
                let shown: String = text.chars().flat_map(char::escape_debug).collect();
                plain(format!("unexpected character `{shown}` (U+{code:04X})"))
            }
            _ => return None,
        })
    }

    /// The first word or so of an expression.
    fn excerpt(&self, span: Span) -> String {
        let text = self.script.text(span);
        let end = text.find(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '{' | '.')).unwrap_or(text.len());
        let end = if end == 0 { text.chars().next().map_or(0, char::len_utf8) } else { end };
        if text.starts_with('"') && !text[1..end].contains('"') {
            return "a string".to_owned();
        }
        let short: String = text[..end].chars().take(30).collect();
        if short.len() < end { format!("`{short}...`") } else { format!("`{short}`") }
    }
}

fn no_block_comment() -> Sentence {
    hinted("Flux has no `/*`", "a comment starts with `//` and ends with the line")
}

fn pattern(error: &PatternError) -> Sentence {
    match error {
        PatternError::Unterminated => {
            hinted("the regular expression ends in a backslash", "`\\/` is a slash in it; a backslash itself is `\\\\`")
        }
        PatternError::Hex(_) => plain("`\\x` in a regular expression takes two hexadecimal digits: `\\x41`"),
        PatternError::Utf8 { .. } => plain("the escaped bytes of this regular expression are not valid UTF-8"),
        PatternError::Rust { message, .. } => plain(format!("invalid regular expression: {message}")),
        PatternError::Go(message) => plain(format!("invalid regular expression: {message}")),
    }
}

fn wanted_words(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::TypeKey => "the name of a property",
        Wanted::Token(kind) => match kind {
            TokenKind::Ident => "a name",
            TokenKind::String => "a path in quotes",
            TokenKind::Arrow => "`=>`",
            TokenKind::Assign => "`=`",
            TokenKind::Then => "`then`",
            TokenKind::Else => "`else`",
            TokenKind::Comma => "`,`",
            TokenKind::Colon => "`:`",
            other => bracket_words(other),
        },
    }
}

fn bracket_words(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::LParen => "`(`",
        TokenKind::RParen => "`)`",
        TokenKind::LBrack => "`[`",
        TokenKind::RBrack => "`]`",
        TokenKind::LBrace => "`{`",
        _ => "`}`",
    }
}

fn bracket_text(kind: TokenKind) -> &'static str {
    bracket_words(kind).trim_matches('`')
}

fn is_keyword(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::And
            | TokenKind::Or
            | TokenKind::Not
            | TokenKind::Import
            | TokenKind::Package
            | TokenKind::Return
            | TokenKind::Option
            | TokenKind::Builtin
            | TokenKind::TestCase
            | TokenKind::If
            | TokenKind::Then
            | TokenKind::Else
            | TokenKind::Exists
    )
}
