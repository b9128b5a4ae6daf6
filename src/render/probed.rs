//! What was found in sinks and behind sources of secrets.

use super::page::Page;
use super::style::Role;
use crate::evidence::{Held, Place, Probed};
use crate::plan::Plan;

/// A line for each sink and each source that was looked at.
pub(super) fn probed(page: &mut Page, plan: &Plan) {
    let (sinks, sources): (Vec<_>, Vec<_>) = plan.probed.iter().partition(|one| matches!(one.place, Place::Sink(_)));
    for (title, all) in [("Delivered secrets:", sinks), ("Declared secrets:", sources)] {
        if !all.is_empty() {
            page.heading(title);
            all.into_iter().for_each(|one| line(page, one));
        }
    }
}

fn line(page: &mut Page, one: &Probed) {
    let role = if one.is_fine { Role::Quiet } else { Role::Warning };
    page.say("  ").put(Role::Strong, &one.address);
    match &one.place {
        Place::Sink(sink) => page.say(format_args!(": {sink} ")),
        Place::Source { at, source, .. } => page.say(format_args!(": `{at}` ({source}) ")),
    };
    page.put(role, words(&one.held)).fold(6);
}

fn words(held: &Held) -> String {
    match held {
        Held::Works => "works".to_owned(),
        Held::Inactive => "is as delivered; the token is declared inactive".to_owned(),
        Held::DoesNotWork => "is as delivered, and does not work".to_owned(),
        Held::PredecessorWorks => {
            "has the secret from before a rotation, which works until the overlap ends".to_owned()
        }
        Held::Predecessor => "has the secret from before a rotation, which does not work any more".to_owned(),
        Held::OtherToken(address) => format!("has the secret of {address}"),
        Held::UnknownWorks => "has a token that the project did not deliver, which works".to_owned(),
        Held::Unknown => "has a token that the project did not deliver, which does not work".to_owned(),
        Held::NoToken => "has something that is no token".to_owned(),
        Held::Nothing => "is not there, or empty".to_owned(),
        Held::Program => "is a program, which is not started to look".to_owned(),
        Held::Unreadable(why) => format!("cannot be read: {why}"),
        Held::Same => "is what the server has".to_owned(),
        Held::Another => "is not what the server has".to_owned(),
        Held::NotCompared(why) => format!("cannot be compared: {why}"),
        Held::Unanswered => "cannot be judged: the server did not say".to_owned(),
    }
}
