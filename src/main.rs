//! The `fluxform` command.
fn main() {}
