//! What a script consists of.

use std::ops::Range;

/// One token of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes in the script.
    pub span: Range<usize>,
}

impl Token {
    /// The token as the script spells it. `source` is the script that was scanned.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.span.clone()]
    }
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `// ...` to the end of the line.
    Comment,
    /// A name. `true`, `false`, `with`, `where` are names too.
    Ident,
    /// `and`
    And,
    /// `or`
    Or,
    /// `not`
    Not,
    /// `import`
    Import,
    /// `package`
    Package,
    /// `return`
    Return,
    /// `option`
    Option,
    /// `builtin`
    Builtin,
    /// `testcase`
    TestCase,
    /// `if`
    If,
    /// `then`
    Then,
    /// `else`
    Else,
    /// `exists`
    Exists,
    /// Decimal digits.
    Int,
    /// Digits with a dot.
    Float,
    /// `1h30m`
    Duration,
    /// `2026-01-02` or `2026-01-02T03:04:05Z`
    Time,
    /// A string without interpolation, quotes included.
    String,
    /// The `"` that opens a string with interpolation.
    StringStart,
    /// Text between interpolations.
    StringText,
    /// `${` in a string.
    InterpolationStart,
    /// The `}` that closes an interpolation.
    InterpolationEnd,
    /// The `"` that closes a string with interpolation.
    StringEnd,
    /// `/.../` where an operand stands.
    Regex,
    /// `@name`
    Attribute,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
    /// `==`
    Eq,
    /// `!=`
    Neq,
    /// `<`
    Lt,
    /// `<=`
    Lte,
    /// `>`
    Gt,
    /// `>=`
    Gte,
    /// `=~`
    RegexEq,
    /// `!~`
    RegexNeq,
    /// `=`
    Assign,
    /// `=>`
    Arrow,
    /// `<-`
    PipeReceive,
    /// `|>`
    PipeForward,
    /// `(`
    LParen,
    /// `)`
    RParen,
    /// `[`
    LBrack,
    /// `]`
    RBrack,
    /// `{`
    LBrace,
    /// `}`
    RBrace,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `?`
    Question,
    /// A character that starts no token.
    Illegal,
    /// The end of the script.
    End,
}

impl TokenKind {
    /// The keyword that `word` is, if it is one.
    pub fn keyword(word: &str) -> Option<Self> {
        // Most names are longer than any keyword, or begin otherwise: nothing has to be compared.
        if !matches!(word.as_bytes(), [b'a'..=b't', ..]) || word.len() > 8 {
            return None;
        }
        Some(match word {
            "and" => Self::And,
            "or" => Self::Or,
            "not" => Self::Not,
            "import" => Self::Import,
            "package" => Self::Package,
            "return" => Self::Return,
            "option" => Self::Option,
            "builtin" => Self::Builtin,
            "testcase" => Self::TestCase,
            "if" => Self::If,
            "then" => Self::Then,
            "else" => Self::Else,
            "exists" => Self::Exists,
            _ => return None,
        })
    }

    /// Whether an operand can end with this token: after it `/` divides, `(` calls and `-` subtracts.
    pub fn ends_operand(self) -> bool {
        matches!(
            self,
            Self::Ident
                | Self::Int
                | Self::Float
                | Self::Duration
                | Self::Time
                | Self::String
                | Self::StringEnd
                | Self::Regex
                | Self::PipeReceive
                | Self::RParen
                | Self::RBrack
                | Self::RBrace
        )
    }

    /// Whether the token opens what a later token closes.
    pub(crate) fn opens(self) -> bool {
        matches!(self, Self::LParen | Self::LBrack | Self::LBrace | Self::StringStart | Self::InterpolationStart)
    }

    /// Whether the token closes what an earlier token opened.
    pub(crate) fn closes(self) -> bool {
        matches!(self, Self::RParen | Self::RBrack | Self::RBrace | Self::StringEnd | Self::InterpolationEnd)
    }
}

/// Whether a script can say `name` without quotes.
pub fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c == '_' || c.is_alphabetic();
    name.starts_with(is_letter)
        && name.chars().all(|c| is_letter(c) || c.is_numeric())
        && TokenKind::keyword(name).is_none()
}
