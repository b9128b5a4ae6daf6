//! Types, as `builtin` statements write them.

use super::{Key, Span};

/// Names a type of a [`Script`](super::Script).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(u32);

impl TypeId {
    pub(in super::super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("invariant: no more types than bytes"))
    }

    pub(in super::super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// `(a: T) => T where T: Addable`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeExpression {
    /// Where it stands.
    pub span: Span,
    /// The type.
    pub ty: TypeId,
    /// What its variables must be able to do.
    pub constraints: Box<[Constraint]>,
}

/// `T: Addable + Comparable`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Where it stands.
    pub span: Span,
    /// The variable.
    pub variable: Span,
    /// What it must be able to do.
    pub kinds: Box<[Span]>,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// Something that is missing: the place of an error.
    Hole,
    /// `int`
    Named,
    /// `A`: a name of one byte.
    Variable,
    /// `dynamic`
    Dynamic,
    /// `[T]`
    Array(TypeId),
    /// `stream[T]`
    Stream(TypeId),
    /// `vector[T]`
    Vector(TypeId),
    /// `[K:V]`
    Dict {
        /// Type of the keys.
        key: TypeId,
        /// Type of the values.
        value: TypeId,
    },
    /// `{a: T}`, `{A with a: T}`
    Record {
        /// The `A`.
        with: Option<Span>,
        /// The properties that are named.
        properties: Box<[PropertyType]>,
    },
    /// `(a: T, ?b: T, <-c: T) => T`
    Function {
        /// The parameters.
        parameters: Box<[Parameter]>,
        /// What it gives.
        result: TypeId,
    },
}

/// `a: T` in a record type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertyType {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub key: Key,
    /// Its type.
    pub ty: TypeId,
}

/// `a: T` among a function type's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Where it stands.
    pub span: Span,
    /// Whether it must be given.
    pub kind: ParameterKind,
    /// Its name; the parameter of a pipe may have none.
    pub name: Option<Span>,
    /// Its type.
    pub ty: TypeId,
}

/// Whether a parameter must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// `a: T`
    Required,
    /// `?a: T`
    Optional,
    /// `<-a: T`, given by a pipe.
    Pipe,
}
