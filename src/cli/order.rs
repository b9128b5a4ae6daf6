//! The arguments of a command in the order in which it takes them: an address, an ID and a directory are told apart by their
//! form, so that nobody has to know which comes first. The sandbox is built for what is parsed, so this comes before.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Command, CommandFactory as _};

use crate::manifest::reads_as;

/// What stands at one place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// An address, or a pattern of addresses.
    Address,
    /// The ID of an object.
    Id,
    /// A project.
    Project,
    /// A saved plan.
    Plan,
}

/// What a command takes, in its order.
fn slots(command: &str) -> &'static [Slot] {
    match command {
        "show" | "output" => &[Slot::Project, Slot::Address],
        "forget" => &[Slot::Address, Slot::Project],
        "import" => &[Slot::Address, Slot::Id, Slot::Project],
        "apply" => &[Slot::Plan, Slot::Project],
        _ => &[],
    }
}

/// `words` in the order of the command that they begin with. What is not clearly the one or the other stays where it is.
pub(super) fn in_order(mut words: Vec<OsString>) -> Vec<OsString> {
    let Some(slots) = words.iter().find_map(|word| word.to_str().filter(|word| !word.starts_with('-'))).map(slots)
    else {
        return words;
    };
    let Some(places) = (!slots.is_empty()).then(|| places(&words)).flatten() else { return words };
    let given: Vec<OsString> = places.iter().map(|at| words[*at].clone()).collect();
    if let (&[at], &[Slot::Project, Slot::Address]) = (places.as_slice(), slots)
        && is_address(&words[at])
    {
        // Of the project where the person stands.
        words.insert(at, ".".into());
        return words;
    }
    if let Some(sorted) = sorted(&given, slots) {
        places.into_iter().zip(sorted).for_each(|(at, word)| words[at] = word);
    }
    words
}

/// The same words, each at a place that it is clearly meant for; none if that is not so of exactly one order, or not needed.
fn sorted(given: &[OsString], slots: &[Slot]) -> Option<Vec<OsString>> {
    let fits = |word: &OsString, slot: Slot| match slot {
        Slot::Address => is_address(word),
        Slot::Id => is_id(word),
        Slot::Project => !is_address(word) && !is_id(word) && !is_plan(word),
        Slot::Plan => is_plan(word),
    };
    // A project may be left out, a saved plan not: without it there is nothing to put in order.
    let wanted: Vec<Slot> = match slots.len().checked_sub(given.len())? {
        0 => slots.to_vec(),
        1 if slots.contains(&Slot::Id) => slots.iter().copied().filter(|slot| *slot != Slot::Project).collect(),
        _ => return None,
    };
    let mut left = given.to_vec();
    let mut sorted = Vec::new();
    for slot in wanted {
        let mut meant = (0..left.len()).filter(|at| fits(&left[*at], slot));
        let (at, None) = (meant.next()?, meant.next()) else { return None };
        sorted.push(left.remove(at));
    }
    (sorted != given).then_some(sorted)
}

/// Whether a word looks like an address or a pattern, and is no path that there is.
fn is_address(word: &OsStr) -> bool {
    let Some(text) = word.to_str() else { return false };
    let looks = !text.starts_with('.') && !text.contains('/') && (text.contains('.') || text.contains('*'));
    looks && reads_as(Path::new(text)).is_none() && Path::new(text).symlink_metadata().is_err()
}

/// Whether a word looks like an ID, or like that of an org with what follows a `/`, and is no path that there is.
fn is_id(word: &OsStr) -> bool {
    let Some(text) = word.to_str() else { return false };
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let is_path = !rest.is_empty() && Path::new(text).symlink_metadata().is_ok();
    first.len() == 16 && first.bytes().all(|byte| byte.is_ascii_hexdigit()) && !is_path
}

/// Whether a word is a file that is no manifest. What is in it, only the command looks at.
fn is_plan(word: &OsStr) -> bool {
    let path = Path::new(word);
    reads_as(path).is_none() && path.symlink_metadata().is_ok_and(|about| about.is_file())
}

/// Where the words are that are neither options nor their values, nor the command; none where that cannot be told.
fn places(words: &[OsString]) -> Option<Vec<usize>> {
    let mut all = super::Arguments::command();
    all.build();
    let mut command: Option<&Command> = None;
    let mut places = Vec::new();
    let (mut at, mut only_words) = (0, false);
    while let Some(word) = words.get(at) {
        at += 1;
        let text = word.to_str().unwrap_or_default();
        if only_words || !text.starts_with('-') || text == "-" {
            match command {
                None => command = Some(all.find_subcommand(text)?),
                Some(_) => places.push(at - 1),
            }
        } else if text == "--" {
            only_words = true;
        } else if takes_next(command.unwrap_or(&all), text)? {
            at += 1;
        }
    }
    Some(places)
}

/// Whether the value of the option `word` is the next word; none if there is no such option.
fn takes_next(command: &Command, word: &str) -> Option<bool> {
    let mut arguments = command.get_arguments();
    if let Some(name) = word.strip_prefix("--") {
        let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
        let argument = arguments.find(|argument| argument.get_long() == Some(name))?;
        return Some(argument.get_action().takes_values() && value.is_none());
    }
    let mut letters = word.strip_prefix('-')?.chars();
    while let Some(letter) = letters.next() {
        let argument = command.get_arguments().find(|argument| argument.get_short() == Some(letter))?;
        if argument.get_action().takes_values() {
            return Some(letters.as_str().is_empty());
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> String {
        let words = line.split_whitespace().map(OsString::from).collect();
        in_order(words).into_iter().map(|word| word.into_string().expect("text")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_clear_is_put_in_order() {
        for (line, ordered) in [
            ("show bucket.raw .", "show . bucket.raw"),
            ("show bucket.raw", "show . bucket.raw"),
            ("show --compact bucket.* --org bucket.b envs/dev", "show --compact envs/dev --org bucket.b bucket.*"),
            ("-v output bucket.raw iot --field id", "-v output iot bucket.raw --field id"),
            ("output bukket.raw iot", "output iot bukket.raw"),
            ("forget iot bucket.raw --auto-approve", "forget bucket.raw iot --auto-approve"),
            ("import 0123456789abcdef bucket.raw", "import bucket.raw 0123456789abcdef"),
            ("import iot 0123456789abcdef bucket.raw", "import bucket.raw 0123456789abcdef iot"),
            ("import 0123456789abcdef/key secret.smtp", "import secret.smtp 0123456789abcdef/key"),
            ("apply src Cargo.lock", "apply Cargo.lock src"),
            ("show -- bucket.raw iot", "show -- iot bucket.raw"),
        ] {
            assert_eq!(order(line), ordered);
        }
    }

    #[test]
    fn what_is_in_order_or_unclear_stays() {
        for line in [
            "show",
            "show iot",
            "show . bucket.raw",
            "show iot.toml bucket.raw",
            "show bucket.a bucket.b",
            "forget bucket.raw",
            "forget bucket.raw iot",
            "forget bucket.raw task.a",
            "import bucket.raw 0123456789abcdef iot",
            "import bucket.raw",
            "apply Cargo.lock src",
            "apply src",
            "apply src tests",
            "apply Cargo.toml src",
            "plan bucket.raw .",
            "show --nonsense bucket.raw .",
            "show --org",
            "-v",
        ] {
            assert_eq!(order(line), line);
        }
    }
}
