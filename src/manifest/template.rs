//! `${...}` in strings: what it may say, and how text is made of it.

use crate::address::{Address, read_key};
use crate::kind::Kind;

/// A piece of a string.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Text as it is meant.
    Literal(&'t str),
    /// What stands between `${` and `}`.
    Expression(&'t str),
}

/// What stands between `${` and `}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// `var.NAME`
    Var(String),
    /// `each.key`
    EachKey,
    /// `each.value`, or `each.value.a.b`
    EachValue(Vec<String>),
    /// `kind.key.attr`
    Attribute {
        /// The resource.
        table: Address,
        /// Its instance.
        index: Index,
        /// The field.
        attr: String,
    },
}

/// What stands in the brackets of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// No brackets.
    None,
    /// `[*]`
    All,
    /// `[each]`
    Each,
    /// `[key]` or `["key"]`
    Key(String),
}

/// Splits `text` at its `${...}`; `$${` is a literal `${`.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if at > 0 && rest.as_bytes()[at - 1] == b'$' {
            // `$${`: all but the first dollar.
            if at > 1 {
                pieces.push(Piece::Literal(&rest[..at - 1]));
            }
            pieces.push(Piece::Literal(&rest[at..at + 2]));
            rest = &rest[at + 2..];
            continue;
        }
        if at > 0 {
            pieces.push(Piece::Literal(&rest[..at]));
        }
        let inner = &rest[at + 2..];
        let end = closing(inner).ok_or("`${` has no `}`")?;
        pieces.push(Piece::Expression(inner[..end].trim()));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

/// The names of the variables in a piece of a manifest.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("${").filter_map(|(at, head)| {
        let name = text[at + head.len()..].trim_start().strip_prefix("var.")?;
        name.split(['}', ' ', '$']).next()
    })
}

/// Where the `}` is that is not in quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Reads what stands between `${` and `}`.
pub(super) fn expression(text: &str) -> Result<Expression, String> {
    let unknown = || {
        format!(
            "`${{{text}}}` is not an expression: use `${{var.NAME}}`, `${{each.key}}`, `${{each.value}}` or `${{KIND.KEY.FIELD}}`"
        )
    };
    let (head, rest) = text.split_once('.').ok_or_else(unknown)?;
    match head {
        "var" if !rest.is_empty() => Ok(Expression::Var(rest.to_owned())),
        "each" if rest == "key" => Ok(Expression::EachKey),
        "each" => {
            let mut names = rest.split('.');
            if names.next() != Some("value") {
                return Err(unknown());
            }
            let names: Vec<String> = names.map(str::to_owned).collect();
            if names.iter().any(String::is_empty) { Err(unknown()) } else { Ok(Expression::EachValue(names)) }
        }
        _ => {
            let kind = Kind::from_name(head).ok_or_else(unknown)?;
            let (key, rest) = read_key(rest).ok_or_else(unknown)?;
            let (index, rest) = index(rest).ok_or_else(unknown)?;
            let attr = rest.strip_prefix('.').filter(|attr| !attr.is_empty()).ok_or_else(|| {
                let table = Address::new(kind, key.clone());
                format!("`${{{text}}}` names no field: write for example `${{{table}.name}}`")
            })?;
            Ok(Expression::Attribute { table: Address::new(kind, key), index, attr: attr.to_owned() })
        }
    }
}

/// Reads brackets, if any, from the head of `text`; gives also what is left.
pub(super) fn index(text: &str) -> Option<(Index, &str)> {
    let Some(inner) = text.strip_prefix('[') else { return Some((Index::None, text)) };
    if let Some(rest) = inner.strip_prefix("*]") {
        return Some((Index::All, rest));
    }
    if let Some(rest) = inner.strip_prefix("each]") {
        return Some((Index::Each, rest));
    }
    let (key, rest) = read_key(inner)?;
    Some((Index::Key(key), rest.strip_prefix(']')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn literal(text: &str) -> Option<String> {
        pieces(text).ok()?.into_iter().try_fold(String::new(), |all, piece| match piece {
            Piece::Literal(text) => Some(all + text),
            Piece::Expression(_) => None,
        })
    }

    proptest! {
        #[test]
        fn doubling_the_dollar_keeps_any_text(text in "[${}a\"\\\\.]{0,12}|\\PC{0,12}") {
            prop_assert_eq!(literal(&text.replace("${", "$${")), Some(text));
        }

        #[test]
        fn text_without_a_brace_is_itself(text in "[$a}\"]{0,12}") {
            prop_assert_eq!(literal(&text), Some(text));
        }
    }

    #[test]
    fn a_brace_in_quotes_does_not_close() {
        assert_eq!(
            pieces(r#"a${bucket.l["}"].name}b"#),
            Ok(vec![Piece::Literal("a"), Piece::Expression(r#"bucket.l["}"].name"#), Piece::Literal("b")])
        );
        assert!(pieces("a${var.x").is_err());
    }

    #[test]
    fn expressions_are_read() {
        assert_eq!(expression("var.x"), Ok(Expression::Var("x".into())));
        assert_eq!(expression("each.value.a.b"), Ok(Expression::EachValue(vec!["a".into(), "b".into()])));
        let line = Address::new(Kind::Bucket, "line");
        assert_eq!(
            expression("bucket.line[each].name"),
            Ok(Expression::Attribute { table: line.clone(), index: Index::Each, attr: "name".into() })
        );
        assert_eq!(
            expression(r#"bucket.line["a b"].name"#),
            Ok(Expression::Attribute { table: line, index: Index::Key("a b".into()), attr: "name".into() })
        );
        for text in ["", "var", "var.", "each.keys", "each.value.", "bukket.a.name", "bucket.a", "bucket.a[.name"] {
            assert!(expression(text).is_err(), "{text}");
        }
    }
}
