//! What is read from standard input where a file could be named.

use std::io::Read as _;

use crate::limits::Limit;

/// All of it.
///
/// # Errors
/// Why it cannot be read: a sentence.
pub(super) fn read(limit: &Limit) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(limit.most + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read standard input: {error}"))?;
    if limit.exceeded(bytes.len()) {
        return Err(format!("standard input is larger than {limit}"));
    }
    Ok(bytes)
}
