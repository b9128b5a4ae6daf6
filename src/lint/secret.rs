//! Secrets in plain text.

use super::Look;
use crate::diagnostic::Code;
use crate::flux::ast::Span;
use crate::redact::{Language, certain_literals};

/// What to do about it.
pub const HELP: &str = "declare it as `[secret.KEY]`, and read it with `secrets.get(key: \"KEY\")` of the package \
                        \"influxdata/influxdb/secrets\"";
/// Who can read it.
pub const LABEL: &str = "whoever may read the script can read it";

/// What certainly is a secret. Neither the message nor its place shows it.
pub(super) fn literals(look: &mut Look<'_>) {
    let found = certain_literals(look.script.source(), Language::Flux);
    for span in
        found.into_iter().filter_map(|span| Some(Span::new(span.start.try_into().ok()?, span.end.try_into().ok()?)))
    {
        look.find(Code::FluxSecretLiteral, span, "a secret is written into the script", LABEL, HELP);
    }
}
