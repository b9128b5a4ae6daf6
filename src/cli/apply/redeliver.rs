//! Which secrets `fluxform apply --redeliver` makes anew.

use std::collections::BTreeSet;

use crate::address::{Address, few};
use crate::api::Writer;
use crate::apply::{Sought, seek};
use crate::cli::session::Session;
use crate::cli::shell::Shell;
use crate::manifest::Manifest;
use crate::problem::Problems;

/// The resources whose secrets are not in all of their sinks any more; says whose sinks cannot be read.
pub(super) async fn lost(
    shell: &Shell,
    session: &Session,
    writer: &Writer,
    manifest: &Manifest,
) -> Result<BTreeSet<Address>, Problems> {
    let (ledger, _) = session.ledger(manifest).await?;
    let Sought { lost, unread } = seek(writer, manifest, &ledger).await?;
    if !unread.is_empty() {
        let unread = few(&unread);
        shell.say(format!(
            "Not looked at, because a program keeps the secret: {unread}. `fluxform rotate ADDRESS` gives a token another one."
        ));
    }
    Ok(lost)
}
