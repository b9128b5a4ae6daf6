//! Flux: what fluxform itself asks a server.

pub mod evidence;
