//! What is known of values, and the names that are bound to them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::rc::Rc;

use crate::duration::Duration;
use crate::flux::ast::Function;

/// A text of the script itself, or one that was made of several.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    /// As it stands there.
    Written(&'a str),
    /// Put together.
    Made(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Written(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Written(text),
            Cow::Owned(text) => Self::Made(text.into()),
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

/// What is known of a value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Nothing.
    Unknown,
    /// `"a"`
    Text(Text<'a>),
    /// `1`
    Integer(usize),
    /// `1h`
    Duration(Duration),
    /// `-1h`
    Before(Duration),
    /// `true`
    Bool(bool),
    /// `[a]`, with how deep values are nested in it.
    Array(Rc<[Value<'a>]>, usize),
    /// `{a: b}`, with how deep values are nested in it.
    Record(Rc<BTreeMap<&'a str, Value<'a>>>, usize),
    /// A package, by its path.
    Package(Text<'a>),
    /// A function of the standard library: its package and its name.
    Library(Text<'a>, &'a str),
    /// A function of the script, and where it stands.
    Written(&'a Function, ScopeId),
    /// What a call of the standard library gives.
    Result(CallId),
}

impl<'a> Value<'a> {
    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How `string(v:)` spells it.
    pub(super) fn spelled(&self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string().into()),
            Self::Duration(duration) => Some(duration.in_flux().into()),
            Self::Bool(yes) => Some(yes.to_string().into()),
            Self::Unknown
            | Self::Array(..)
            | Self::Record(..)
            | Self::Before(_)
            | Self::Result(_)
            | Self::Package(_)
            | Self::Library(..)
            | Self::Written(..) => None,
        }
    }

    /// How deep values are nested in it.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Array(_, depth) | Self::Record(_, depth) => *depth,
            _ => 0,
        }
    }
}

/// The names that are bound in a block, and the block around it.
#[derive(Debug, Default)]
struct Scope<'a> {
    names: HashMap<&'a str, Value<'a>>,
    around: Option<ScopeId>,
}

/// Its position among all. They refer to each other in circles: a function to the block that it is bound in.
pub(super) type ScopeId = usize;

/// The position of a call among all that were followed.
pub type CallId = usize;

/// All blocks.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a>(Vec<Scope<'a>>);

impl<'a> Scopes<'a> {
    /// A block in the block `around`.
    pub(super) fn open(&mut self, around: Option<ScopeId>) -> ScopeId {
        self.0.push(Scope { names: HashMap::new(), around });
        self.0.len() - 1
    }

    /// Binds a name in a block.
    pub(super) fn bind(&mut self, scope: ScopeId, name: &'a str, value: Value<'a>) {
        self.0[scope].names.insert(name, value);
    }

    /// What a name stands for in a block.
    pub(super) fn find(&self, scope: ScopeId, name: &str) -> Option<&Value<'a>> {
        let mut next = Some(scope);
        while let Some(scope) = next.map(|scope| &self.0[scope]) {
            if let Some(value) = scope.names.get(name) {
                return Some(value);
            }
            next = scope.around;
        }
        None
    }
}
