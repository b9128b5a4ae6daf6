//! Scripts that a server compiles and does not run.

use std::ops::Range;

use super::TokenKind;
use super::ast::{Lines, Position, Script, Span};
use super::mistake::{MOST, Mistake};
use super::parser::parse;
use super::scanner::scan;
use super::weight::weight;
use crate::limits::{COMPILED_SCRIPT, COMPILED_TYPES};

/// What stands before the script of a user.
const IMPORT: &str = "import \"fluxform/no/such/package\"\n";
/// What a server says of it.
const UNKNOWN: &str = "invalid import path fluxform/no/such/package";

/// A script behind the import of a package that no server has. It does not compile, so that nothing of it runs, `to` and
/// `http.post` included; the server lists all its mistakes all the same (influxd 2.9.1, measured).
#[derive(Debug, Clone)]
pub struct Uncompilable {
    text: String,
    /// What the script of the user has not, by where it stands in the text after our import.
    put_in: Vec<Range<usize>>,
}

/// What a server puts into a script before it runs it, by the bytes before which it puts that, in order.
pub type PutIn = fn(&Script) -> Vec<(usize, &'static str)>;

impl Uncompilable {
    /// `script` behind such an import, with what the server puts into it. Refused is a script that is not sound, one with tests or
    /// `builtin` in it, which mean nothing in a script of a user and which a server treats in its own way, and one that could keep a
    /// server busy: that compiles as long as it takes, whoever still waits for it.
    ///
    /// # Errors
    /// Why, as a clause.
    pub fn of(script: &str, put_in: PutIn) -> Result<Self, String> {
        if COMPILED_SCRIPT.exceeded(script.len()) {
            return Err(format!("it is longer than {COMPILED_SCRIPT}"));
        }
        let parsed = parse(script);
        let has = |kinds: &[TokenKind]| {
            scan(script).is_ok_and(|tokens| tokens.iter().any(|token| kinds.contains(&token.kind)))
        };
        if !parsed.is_sound() || script.contains('\0') {
            return Err("it is not valid Flux".to_owned());
        }
        if has(&[TokenKind::TestCase]) {
            return Err("it has tests in it".to_owned());
        }
        if has(&[TokenKind::Builtin]) {
            return Err("it has `builtin` in it".to_owned());
        }
        match weight(&parsed.script) {
            Some(weight) if weight <= COMPILED_TYPES.most => {}
            Some(_) => return Err(format!("its types may be more work than {COMPILED_TYPES}")),
            None => {
                return Err("what its functions do with functions that come in as arguments may be any amount of work"
                    .to_owned());
            }
        }
        let mut text = [IMPORT, script].concat();
        if let Some(package) = parsed.script.package() {
            // It would have to be first, and means nothing.
            for span in package.attributes.iter().map(|attribute| attribute.span).chain([package.span]) {
                let Range { start, end } = span.range();
                let blanks = script[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
                text.replace_range(IMPORT.len() + start..IMPORT.len() + end, &blanks.collect::<String>());
            }
        }
        let mut places = Vec::new();
        let mut more = 0;
        for (at, words) in put_in(&parsed.script) {
            text.insert_str(IMPORT.len() + at + more, words);
            places.push(at + more..at + more + words.len());
            more += words.len();
        }
        Ok(Self { text, put_in: places })
    }

    /// What is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The script but for what its strings say: of two that have this in common the server finds fault with both or with neither, as
    /// all strings have one type (influxd 2.9.1, measured). Those that name packages or fields are kept.
    pub fn form(&self) -> String {
        let tokens = scan(&self.text).unwrap_or_default();
        let tokens: Vec<_> = tokens.iter().filter(|token| token.kind != TokenKind::Comment).collect();
        let mut form = String::with_capacity(self.text.len());
        for (at, token) in tokens.iter().enumerate() {
            let kind_at = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.kind);
            let names = matches!(kind_at(at.checked_sub(1)), Some(TokenKind::Import | TokenKind::LBrack))
                || kind_at(Some(at + 1)) == Some(TokenKind::Colon);
            form.push_str(if token.kind == TokenKind::String && !names { "\"\"" } else { token.text(&self.text) });
            form.push(' ');
        }
        form
    }

    /// The mistakes in the user's script, of which the server has said this, in order; the first 100. None where these are not the
    /// words of a server that has compiled it.
    pub fn mistakes(&self, said: &str) -> Option<Vec<Mistake>> {
        const SYNTAX: &str = "compilation failed: ";
        const ERROR: &str = "error @";
        if !said.starts_with(SYNTAX) && !said.contains(UNKNOWN) {
            return None;
        }
        let listed = said.strip_prefix(SYNTAX).unwrap_or(said).strip_prefix(ERROR)?;
        let lines = Lines::of(self.script());
        let mut mistakes = Vec::new();
        for error in listed.split(&format!("\n\n{ERROR}")) {
            let (place, message) = error.split_once(": ")?;
            if message == UNKNOWN {
                continue;
            }
            // Types of records have a line for each field; where one type is quoted in another message, these are escaped.
            let message = message.replace("\\n", "\n");
            let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            let span = self.span(place, &lines)?;
            let mistake = Mistake { span, message, label: String::new(), also: None, help: None };
            if !mistakes.contains(&mistake) {
                mistakes.push(mistake);
            }
        }
        mistakes.sort_by_key(|mistake| mistake.span.start);
        mistakes.truncate(MOST);
        Some(mistakes)
    }

    /// The user's script, line by line as it is written, with what is put in.
    fn script(&self) -> &str {
        &self.text[IMPORT.len()..]
    }

    /// The byte of the user's script that is sent as its byte `at`.
    fn back(&self, at: u32) -> u32 {
        let before = |range: &Range<usize>| (at as usize).clamp(range.start, range.end) - range.start;
        at - self.put_in.iter().map(before).sum::<usize>() as u32
    }

    /// The bytes of the user's script at such a place: `LINE:COLUMN-LINE:COLUMN`, from 1, columns in bytes. None where the script has
    /// no such text.
    fn span(&self, place: &str, lines: &Lines) -> Option<Span> {
        let at = |place: &str| {
            let (line, column) = place.split_once(':')?;
            let (line, column): (u32, u32) = (line.parse().ok()?, column.parse().ok()?);
            // The first line is ours.
            lines.at(Position { line: line.checked_sub(1)?, column })
        };
        let (start, end) = place.split_once('-')?;
        let span = Span::new(at(start)?, at(end)?);
        self.script().get(span.range()).map(|_| Span::new(self.back(span.start), self.back(span.end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no server puts into a script.
    fn nothing(_: &Script) -> Vec<(usize, &'static str)> {
        Vec::new()
    }

    /// What is wrong with `script` by what a server says of it, as text and message.
    fn mistakes<'s>(script: &'s str, said: &str) -> Option<Vec<(&'s str, String)>> {
        let sent = Uncompilable::of(script, nothing).expect("a sound script");
        let mistakes = sent.mistakes(said)?.into_iter();
        Some(mistakes.map(|mistake| (&script[mistake.span.range()], mistake.message)).collect())
    }

    #[test]
    fn mistakes_are_found_at_their_places_and_ours_is_none() {
        let ours = format!("error @1:1-1:34: {UNKNOWN}");
        let script = "package main\nx = \"é\" + 1\ny = {a: 1,\n  b: x}.c\n";
        let said = format!(
            "{ours}\n\nerror @4:5-5:10: record is missing label c\n\nerror @3:12-3:13: expected string but found int\n\n\
             error @3:12-3:13: expected string but found int"
        );
        let told = |text, message: &str| (text, message.to_owned());
        let expected =
            [told("1", "expected string but found int"), told("{a: 1,\n  b: x}.c", "record is missing label c")];
        assert_eq!(mistakes(script, &said), Some(expected.to_vec()));
        assert_eq!(mistakes(script, &ours), Some(Vec::new()));
        let said = "error @3:12-3:13: stream[{\n    A with\n    _value: B,\n}] is not Record";
        let said = [&ours, "\n\n", said].concat();
        let told_once = Some(vec![told("1", "stream[{ A with _value: B, }] is not Record")]);
        assert_eq!(mistakes(script, &said), told_once);
        let escaped = said.replace("{\n    A with\n", "{\\n    A with\\n");
        assert_ne!(escaped, said);
        assert_eq!(mistakes(script, &escaped), told_once);
        let said = "compilation failed: error @3:3-3:4: invalid statement: =";
        assert_eq!(mistakes(script, said), Some(vec![told("=", "invalid statement: =")]));
    }

    #[test]
    fn what_no_server_says_that_has_compiled_it_tells_nothing() {
        let script = "x = \"é\"\n";
        for said in [
            "",
            "unauthorized access",
            "error @2:1-2:2: undefined identifier x",
            "compilation failed: the server is out of memory",
            "compilation failed: error @9:1-9:2: beyond the end",
            "compilation failed: error @1:1-1:2: on our line",
            "compilation failed: error @2:1: half a place",
            "compilation failed: error @2:3-2:1: from behind",
            "compilation failed: error @2:7-2:8: in the middle of a letter",
        ] {
            assert_eq!(mistakes(script, said), None, "{said}");
        }
    }

    #[test]
    fn what_is_put_in_moves_no_place() {
        let put_in: PutIn = |_| vec![(5, "id: 1, "), (19, "more: 2, ")];
        let script = "c = {a: \"é\"}\nd = {b: c + 1}\n";
        let sent = Uncompilable::of(script, put_in).expect("a sound script");
        assert_eq!(sent.script(), "c = {id: 1, a: \"é\"}\nd = {more: 2, b: c + 1}\n");
        let mistake = |place: &str| {
            let said = format!("error @{place}: expected int but found string\n\nerror @1:1-1:34: {UNKNOWN}");
            let mistakes = sent.mistakes(&said).expect("a list");
            script[mistakes[0].span.range()].to_owned()
        };
        assert_eq!(mistake("3:18-3:23"), "c + 1");
        assert_eq!(mistake("2:13-2:20"), "a: \"é\"");
        assert_eq!(mistake("2:6-2:9"), "", "in what is put in");
        assert_eq!(mistake("2:5-2:21"), "{a: \"é\"}");
    }

    #[test]
    fn our_import_is_the_first_statement_of_all_that_is_sent() {
        for script in ["x = 1", "// c\npackage a\nimport \"math\"\nx = math.pi", "@edition(\"1\")\npackage\na\n", ""] {
            let sent = Uncompilable::of(script, nothing).expect("a sound script");
            let parsed = parse(sent.text());
            assert!(
                sent.text().starts_with(IMPORT) && parsed.is_sound() && parsed.script.package().is_none(),
                "{script}"
            );
            let lines = |text: &str| text.lines().map(str::len).collect::<Vec<_>>();
            assert_eq!(lines(sent.text())[1..], lines(script), "{script}");
        }
        for script in
            ["x = ", "x = 1\0", "x = (", "testcase t { x = 1 }", "f = () => {\n  testcase t { y = 1 }\n  return 1\n}"]
        {
            assert!(Uncompilable::of(script, nothing).is_err(), "{script}");
        }
    }

    #[test]
    fn scripts_have_a_form_in_common_that_differ_in_the_text_of_values_only() {
        let form = |script: &str| Uncompilable::of(script, nothing).expect("a sound script").form();
        let script = "import \"math\"\nx = {\"a\": \"b\", c: d[\"e\"]} // one\ny = f(z: \"text\", n: 1)\n";
        assert_eq!(form(script), form(&script.replace("\"b\"", "\"c: d\"").replace("text", "").replace("one", "two")));
        for (old, new) in [("math", "strings"), ("\"a\"", "\"b\""), ("\"e\"", "\"f\""), ("\"text\"", "1"), ("1", "2")] {
            assert_ne!(form(script), form(&script.replace(old, new)), "{old}");
        }
        assert_ne!(form("x = \"${a}\""), form("x = \"${b}\""));
    }

    #[test]
    fn what_could_keep_a_server_busy_is_not_sent() {
        let twice = |n: usize| format!("r{n} = {{a: r{}, b: r{}}}\n", n - 1, n - 1);
        let records: String = ["r0 = {a: 1}\n".to_owned()].into_iter().chain((1..40).map(twice)).collect();
        let long = format!("x = \"{}\"", "a".repeat(COMPILED_SCRIPT.size()));
        for (script, why) in [
            (records.as_str(), "its types may be more work than 2,000,000 (limit `compiled-types`)"),
            ("builtin f : (x: A) => {a: A, b: A}\ny = f(x: f(x: 1))", "it has `builtin` in it"),
            (&long, "it is longer than 16 KiB (limit `compiled-script`)"),
            (
                "f = (g) => g(x: g(x: 1))",
                "what its functions do with functions that come in as arguments may be any amount of work",
            ),
        ] {
            assert_eq!(Uncompilable::of(script, nothing).map(|sent| sent.text), Err(why.to_owned()));
        }
    }
}
