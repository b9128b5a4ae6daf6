//! A server that does not answer, and is waited for.

use super::page::Page;
use super::style::{Look, Role};
use crate::api::{LONGEST_WAIT, Waiting};

/// The line that tells of a wait.
pub fn waiting(Waiting { error, wait, asked, next, of }: &Waiting, look: Look) -> String {
    let mut page = Page::new(look);
    page.put(Role::Quiet, "waiting: ");
    match error.status {
        None => page.say(format_args!("the server does not answer ({})", error.message)),
        Some(_) => page.say(format_args!("the server is not ready ({})", error.message)),
    };
    page.say(", trying again");
    match wait.as_secs() {
        0 => {}
        seconds => {
            page.say(format_args!(" in {seconds} s"));
        }
    }
    page.say(format_args!(" ({next} of {of})"));
    if let Some(asked) = asked {
        let (asked, longest) = (asked.as_secs(), LONGEST_WAIT.as_secs());
        page.say(format_args!("; the server asks for {asked} s, but fluxform waits at most {longest} s in total"));
    }
    page.fold(2);
    page.finish()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::{ApiError, Class};

    fn line(status: Option<u16>, message: &str, millis: u64, next: usize) -> String {
        let (method, path) = ("GET", "/api/v2/buckets".to_owned());
        let error = ApiError {
            class: Class::Unavailable,
            method,
            path,
            status,
            message: message.to_owned(),
            maybe_done: false,
        };
        let asked = (status == Some(503)).then_some(Duration::from_secs(480));
        waiting(&Waiting { error, wait: Duration::from_millis(millis), asked, next, of: 5 }, Look::PLAIN)
    }

    #[test]
    fn a_wait_is_one_line() {
        insta::assert_snapshot!(line(None, "connection refused", 300, 2), @"waiting: the server does not answer (connection refused), trying again (2 of 5)");
        insta::assert_snapshot!(line(None, "no answer in 25s", 4_200, 4), @"waiting: the server does not answer (no answer in 25s), trying again in 4 s (4 of 5)");
        insta::assert_snapshot!(line(Some(429), "too many\nrequests\u{1b}", 30_000, 2), @r"waiting: the server is not ready (too many\nrequests\u{1b}), trying again in 30 s (2 of 5)");
        insta::assert_snapshot!(line(Some(503), "starting", 120_000, 2), @"waiting: the server is not ready (starting), trying again in 120 s (2 of 5); the server asks for 480 s, but fluxform waits at most 120 s in total");
    }
}
