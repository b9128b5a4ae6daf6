//! Bugs: a panic becomes exit code 70 and a request for a report.

use std::panic::{AssertUnwindSafe, PanicHookInfo};

use crate::exit::Exit;
use crate::render::{Output, Page, Role};
use crate::server::is_guarded;

/// Says on standard error where a panic happened. Its message is an invariant of ours, which holds no secret.
pub(super) fn install() {
    std::panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    // A damaged file of the embedded server, which is told as such.
    if is_guarded() {
        return;
    }
    let output = Output::of_process();
    let mut page = Page::new(output.err);
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    page.put(Role::Error, "This is a bug in fluxform.").end();
    page.say(format_args!("  {what}{place}")).end();
    page.say(format_args!(
        "  Please report it with these lines, the command, and the output of `fluxform --version`: {}.",
        env!("CARGO_PKG_VERSION")
    ));
    page.end();
    page.say("  What an apply did before is recorded: it is safe to run it again.").end();
    output.talk(&page.finish());
}

/// Runs `body`; a panic in it is [`Exit::Bug`].
pub(super) fn caught(body: impl FnOnce() -> Exit) -> Exit {
    std::panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or(Exit::Bug)
}
