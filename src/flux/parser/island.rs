//! Where to read on after a mistake that confuses all that follows: at the next line that looks like the begin of a
//! statement of the top level.

use super::super::ast::Script;
use super::super::token::TokenKind;
use super::Parser;
use super::fault::Fault;
use super::letters::starts_name;

/// The first line from byte `from` on that starts with a name or a keyword that starts a statement, without indentation.
pub(super) fn next_island(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let next_line = |at: usize| Some(at + bytes.get(at..)?.iter().position(|byte| *byte == b'\n')? + 1);
    let starts_line = from == 0 || bytes.get(from - 1) == Some(&b'\n');
    let mut at = if starts_line { from } else { next_line(from)? };
    while at < source.len() {
        if starts_statement(&source[at..]) {
            return Some(at);
        }
        at = next_line(at)?;
    }
    None
}

/// Whether a line that looks like the begin of a statement starts at byte `at`.
pub(super) fn is_island(source: &str, at: usize) -> bool {
    (at == 0 || source.as_bytes().get(at - 1) == Some(&b'\n')) && starts_statement(&source[at..])
}

fn starts_statement(line: &str) -> bool {
    if !line.starts_with(starts_name) && !line.starts_with('@') {
        return false;
    }
    let word = line.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap_or_default();
    !matches!(
        TokenKind::keyword(word),
        Some(TokenKind::And | TokenKind::Or | TokenKind::Not | TokenKind::Exists | TokenKind::Then | TokenKind::Else)
    )
}

/// What is wrong from the byte `from` on, up to the first mistake that confuses what comes after it.
pub(super) fn faults_from(script: &Script, from: usize, imports: bool) -> Vec<Fault> {
    let mut parser = Parser::new(&script.source()[..script.end() as usize]);
    parser.halts = true;
    parser.lexer.skip_to(from as u32);
    if imports {
        parser.file();
    } else {
        while parser.peek().kind != TokenKind::End {
            parser.statement_with_attributes();
        }
    }
    parser.faults.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_begins_at_the_begin_of_a_line() {
        let source = "x = f(\n  a: 1\n|> g()\nelse 1\n// y\nb)\noption x = 1";
        assert_eq!(next_island(source, 1), source.find("b)"));
        assert_eq!(next_island(source, 0), Some(0));
        assert_eq!(next_island(source, source.rfind(")\n").unwrap()), source.find("option"));
        assert_eq!(next_island(source, source.len()), None);
    }
}
