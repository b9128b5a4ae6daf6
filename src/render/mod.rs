//! What people and machines read: the only place with colours and printing. All but [`Output`] and [`Progress`] is pure.

mod coverage;
pub mod diagnostic;
mod difference;
mod drift;
mod field;
mod graph;
mod human;
mod json;
mod markdown;
mod output;
mod overview;
mod page;
mod progress;
mod reason;
mod report;
mod sanitize;
mod style;
mod value;
mod waiting;

pub use coverage::coverage;
pub use difference::difference;
pub use drift::drift;
pub use graph::{Edges, dot, mermaid};
pub use human::{differences, plan};
pub use json::{Document, Head, Part, document, documents, sight, text as json};
pub use markdown::{Comment, comment, comments};
pub use output::Output;
pub use overview::overview;
pub use page::Page;
pub use progress::Progress;
pub use report::{Verb, report};
pub use sanitize::line;
pub use style::{Palette, Role};
pub use value::count;
pub use waiting::waiting;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
