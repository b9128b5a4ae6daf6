//! What people and machines read: the only place with colours and printing. All but [`Output`] and [`Progress`] is pure.

mod alike;
mod compact;
mod coverage;
pub mod diagnostic;
mod difference;
mod drift;
mod excerpt;
mod field;
mod graph;
mod human;
mod items;
mod json;
mod lines;
mod markdown;
mod output;
mod overlap;
mod overview;
mod page;
mod probed;
mod progress;
mod reason;
mod report;
mod sanitize;
mod shared;
mod style;
mod value;
mod waiting;
mod words;

pub use compact::brief;
pub use coverage::coverage;
pub use difference::difference;
pub use drift::drift;
pub use graph::{Edges, dot, mermaid};
pub use human::{destruction, differences, plan};
pub use json::{
    DiagnosticForm, Document, Head, Part, ProblemForm, SpanForm, Valid, document, documents, sight, text as json,
};
pub use markdown::{Comment, Fitted, comment, comments};
pub use output::Output;
pub use overview::overview;
pub use page::Page;
pub use progress::Progress;
pub use reason::time;
pub use report::{Verb, report, report_after_progress};
pub use sanitize::line;
pub use style::{Look, Role};
pub use value::count;
pub use waiting::waiting;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
