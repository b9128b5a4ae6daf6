//! Flux as text: scanner, literal encoder, `option task`, composition and comparison of task scripts.
//!
//! Everything here is pure. The judge of what Flux is, is the real server: `POST /api/v2/query/ast`, the creation of
//! tasks, and what `PATCH` of a task's schedule makes of a script (influxd 2.9.1, measured).

mod another_language;
mod assigned;
pub mod ast;
mod compose;
pub mod digest;
mod error;
pub mod evidence;
pub mod format;
mod group;
pub mod library;
mod literal;
mod mistake;
pub mod names;
mod normal;
mod number;
mod option_task;
pub mod params;
pub mod parser;
mod quoted;
pub mod refs;
mod scanner;
mod statement;
mod token;
mod uncompilable;
mod value;
mod weight;

pub use assigned::records;
pub use compose::{AuthorScript, LiveScript, with_params, without_params};
pub use error::{FluxError, Spanned};
pub use literal::{Literal, LiteralError};
pub use mistake::Mistake;
pub use normal::{NormalForm, NormalToken};
pub(crate) use option_task::in_hours;
pub use option_task::{Schedule, TaskHead, TaskOption};
pub(crate) use quoted::Quoted;
pub use scanner::scan;
pub(crate) use scanner::scan_leniently;
pub use token::{Token, TokenKind, is_name};
pub use uncompilable::{PutIn, Uncompilable};
