//! What a user reads: the only place with colours and printing.

pub mod diagnostic;
