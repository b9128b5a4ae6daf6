//! What the client's token can see.
