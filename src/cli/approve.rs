//! Consent at the terminal, or beforehand.

use std::io::BufRead;

use super::shell::Shell;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::What;
use crate::plan::{Consent, Plan};
use crate::problem::{Problem, Problems};
use crate::render::Role;

/// Whether anybody can be asked; decided before anything is written. `preview` is how to see what would happen.
pub(super) fn possible(shell: &Shell, auto_approve: bool, preview: &str) -> Result<(), Problems> {
    if auto_approve || shell.around.terminal {
        return Ok(());
    }
    Err(Problems::from(
        Diagnostic::error(Code::CliNoTerminal, "there is no terminal to ask for approval")
            .help(format!("use --auto-approve; before that, see what would happen: {preview}")),
    ))
}

fn declined() -> Problems {
    Problem::new(Code::CliDeclined, "not approved: nothing was changed").into()
}

/// Asks for the address of each resource that would lose data or take other objects along; gives the consent with those that were typed.
pub(super) async fn data_loss(shell: &Shell, plan: &Plan, consent: &Consent) -> Result<Consent, Problems> {
    let mut consent = consent.clone();
    for (address, stake) in &plan.at_stake {
        if stake.is_nothing() || consent.allows_data_loss(address) || plan.allows(What::DataLoss, address) {
            continue;
        }
        let mut page = shell.talk_page();
        page.put(Role::Warning, format_args!("{address} {stake}")).end();
        page.say("  To allow that, type its address: ");
        shell.output.talk(&page.finish());
        if answer().await? != address.to_string() {
            return Err(declined());
        }
        consent.typed.insert(address.clone());
    }
    Ok(consent)
}

/// Asks whether to go on; only `yes` is a yes. What would be taken over is named, since the answer covers it.
pub(super) async fn ask(shell: &Shell, plan: &Plan, what: &str) -> Result<(), Problems> {
    let mut page = shell.talk_page();
    let adopted: Vec<_> = plan.changes.iter().filter(|change| change.adopts).map(|change| &change.address).collect();
    if !adopted.is_empty() {
        page.put(Role::Warning, "These already exist and would be taken over: ").say(few(adopted)).end();
    }
    shell.output.talk(&page.finish());
    yes(shell, what).await
}

/// Asks a question; only `yes` is a yes.
pub(super) async fn yes(shell: &Shell, question: &str) -> Result<(), Problems> {
    let mut page = shell.talk_page();
    page.put(Role::Strong, question).say(" Only `yes` will be accepted: ");
    shell.output.talk(&page.finish());
    if answer().await? == "yes" { Ok(()) } else { Err(declined()) }
}

/// One line of standard input; the end of input is a no.
async fn answer() -> Result<String, Problems> {
    // A thread of its own: a signal must be heard while nobody answers.
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line.trim().to_owned())
    });
    match line.await {
        Ok(Ok(line)) => Ok(line),
        _ => Err(declined()),
    }
}
