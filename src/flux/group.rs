//! Which parentheses of an expression say nothing: the server's formatter drops and adds them.

use super::token::TokenKind as K;

/// How tight an operator binds; the order of Flux's grammar (influxd 2.9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    /// `if` and functions, which take all that follows.
    Open,
    Or,
    And,
    /// `not`, `exists`
    Test,
    Comparison,
    Additive,
    Multiplicative,
    Power,
    Pipe,
    /// `-` and `+` before an operand
    Sign,
    /// Names, literals, calls, members: nothing to take apart.
    Operand,
}

/// How the operator `kind` binds; `after_operand` tells `a - b` from `-b`. None: no operator.
pub(crate) fn binding(kind: K, after_operand: bool) -> Option<Binding> {
    Some(match kind {
        K::If | K::Arrow => Binding::Open,
        K::Or => Binding::Or,
        K::And => Binding::And,
        K::Not | K::Exists => Binding::Test,
        K::Eq | K::Neq | K::Lt | K::Lte | K::Gt | K::Gte | K::RegexEq | K::RegexNeq => Binding::Comparison,
        K::Add | K::Sub if after_operand => Binding::Additive,
        K::Add | K::Sub => Binding::Sign,
        K::Mul | K::Div | K::Mod => Binding::Multiplicative,
        K::Pow => Binding::Power,
        K::PipeForward => Binding::Pipe,
        _ => return None,
    })
}

/// An expression in parentheses and what stands around it.
#[derive(Debug)]
pub(crate) struct Group {
    /// The operator before it, and whether that one has a left operand; none: a delimiter.
    pub before: Option<(K, bool)>,
    /// Whether it is the body of a function.
    pub body: bool,
    /// The loosest operator inside, other parentheses left out.
    pub loosest: Binding,
    /// Whether it starts with `{`: as a function's body that would be a block.
    pub record: bool,
}

impl Group {
    /// Whether the same tree is parsed without the parentheses. `after` is the token behind them.
    pub(crate) fn is_redundant(&self, after: Option<K>) -> bool {
        if self.body && self.record {
            return false;
        }
        let before = match self.before.and_then(|(kind, infix)| Some((binding(kind, infix)?, infix))) {
            None | Some((Binding::Open, _)) => true,
            // All operators are left-associative: a right operand must bind tighter.
            Some((left, true)) => self.loosest > left,
            Some((left, false)) => self.loosest >= left,
        };
        let after = match after {
            Some(K::LParen | K::LBrack | K::Dot) => self.loosest == Binding::Operand,
            Some(kind) => binding(kind, true)
                .is_none_or(|right| matches!(kind, K::If | K::Not | K::Exists) || self.loosest >= right),
            None => true,
        };
        before && after
    }
}
