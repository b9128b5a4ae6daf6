//! What had to be read besides lists to decide a change.

/// What is known of the points that a change would delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// It is shown that there are none.
    None,
    /// There are some.
    Some {
        /// How many values, where they were counted.
        count: Option<u64>,
        /// The time of the first (RFC 3339).
        first: Option<String>,
        /// The time of the last (RFC 3339).
        last: Option<String>,
    },
    /// It is not known; with the reason. Counts as if there were some.
    Unknown(String),
}
