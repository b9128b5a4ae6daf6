//! The only writer: walks a plan and tells what happens as events.

mod event;

pub use event::{Event, Outcome};
