//! Who holds the lock: the properties of the lock's label.

use std::collections::BTreeMap;
use std::fmt;

use super::labels::{Labels, Row, remove};
use super::lock::Timing;
use super::machine::{Machine, Process};
use super::page::{MARK, PROJECT};
use crate::api::ApiError;

/// The mark of the lock's label.
const LOCK: &str = "lock";
pub(super) const EXPIRES: &str = "expires";
const NONCE: &str = "nonce";

/// The name of the lock's label.
pub(super) fn lock_name(project: &str) -> String {
    format!("fluxform/{project}/lock")
}

/// Who holds, or held, a project's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The label's ID.
    pub id: String,
    /// Whether the label has the mark of a lock, and not just the name.
    pub is_lock: bool,
    /// The random word of this one acquisition.
    pub nonce: String,
    /// Who: `user@host pid 123`.
    pub who: String,
    /// The CI run, where there is one.
    pub run: Option<String>,
    /// When the lease ends, in seconds since 1970 of the server's clock; none if the label does not say.
    pub expires: Option<u64>,
    /// The holding process, where its machine said enough of it.
    pub process: Option<Process>,
}

impl Holder {
    /// What a lock's label says.
    pub(super) fn of(row: &Row) -> Self {
        let text = |property| row.get(property).unwrap_or_default().to_owned();
        let number = |property| row.get(property).and_then(|text| text.parse::<u64>().ok());
        let process = || {
            Some(Process {
                boot: row.get("boot")?.to_owned(),
                namespace: row.get("namespace")?.to_owned(),
                pid: u32::try_from(number("pid")?).ok()?,
                started: number("started")?,
            })
        };
        Self {
            id: row.id.clone(),
            is_lock: row.get(MARK) == Some(LOCK),
            nonce: text(NONCE),
            who: text("holder"),
            run: row.get("run").map(str::to_owned),
            expires: number(EXPIRES),
            process: process(),
        }
    }

    /// The properties of a lock's label.
    pub(super) fn properties(
        project: &str,
        who: &str,
        run: Option<&str>,
        nonce: &str,
        process: Option<&Process>,
    ) -> BTreeMap<String, String> {
        let mut properties: BTreeMap<_, _> = [
            (MARK, LOCK),
            (PROJECT, project),
            (NONCE, nonce),
            ("holder", who),
            ("description", "An apply of fluxform is running: do not change or delete"),
            ("color", "#DC4E58"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let mut add = |key: &str, value: String| drop(properties.insert(key.to_owned(), value));
        if let Some(run) = run {
            add("run", run.to_owned());
        }
        if let Some(process) = process {
            add("boot", process.boot.clone());
            add("namespace", process.namespace.clone());
            add("pid", process.pid.to_string());
            add("started", process.started.to_string());
        }
        properties
    }
}

impl fmt::Display for Holder {
    /// One line without control characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: &str| text.replace(char::is_control, "?");
        match self.who.as_str() {
            "" => f.write_str("an unknown holder")?,
            who => f.write_str(&plain(who))?,
        }
        match &self.run {
            Some(run) => write!(f, " ({})", plain(run)),
            None => Ok(()),
        }
    }
}

/// What came of freeing a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freed {
    /// It is free now.
    Now,
    /// It was free already.
    Before,
    /// Somebody else has it by now, and keeps it.
    Not(Box<Holder>),
}

/// Frees the lock of `project` that `held` holds, whose home org has the ID `org`: by the ID of its label, if that is still
/// the same acquisition.
///
/// # Errors
/// The server's.
pub async fn free<L: Labels>(labels: &L, org: &str, project: &str, held: &Holder) -> Result<Freed, ApiError> {
    let now = labels.named(org, &lock_name(project)).await?;
    match now.first().map(Holder::of) {
        None => Ok(Freed::Before),
        Some(now) if now.id == held.id && now.nonce == held.nonce => {
            remove(labels, &now.id).await?;
            Ok(Freed::Now)
        }
        Some(other) => Ok(Freed::Not(Box::new(other))),
    }
}

/// How a lock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// By this process.
    Ours,
    /// By a run that may live.
    Held,
    /// By nobody: its lease has ended, or its process has, and it was on this machine.
    Dead,
}

impl Holder {
    /// How it stands at `now`, the server's time in milliseconds since 1970.
    fn hold(&self, machine: &dyn Machine, now: u64) -> Hold {
        let grace = Timing::default().grace.as_secs();
        let process = self.process.as_ref();
        if process.is_some() && process == machine.process().as_ref() {
            Hold::Ours
        } else if self.expires.is_some_and(|end| now / 1000 > end.saturating_add(grace))
            || process.is_some_and(|process| machine.is_gone(process))
        {
            Hold::Dead
        } else {
            Hold::Held
        }
    }
}

/// Who holds the lock of `project`, and how it stands at `now`, the server's time in milliseconds since 1970.
pub fn held(rows: &[Row], project: &str, machine: &dyn Machine, now: u64) -> Option<(Holder, Hold)> {
    let holder = read_lock(rows, project)?;
    let hold = holder.hold(machine, now);
    Some((holder, hold))
}

/// Who holds the lock of `project` as far as its labels say; an expired lease is shown too.
pub fn read_lock(rows: &[Row], project: &str) -> Option<Holder> {
    let name = lock_name(project);
    rows.iter().find(|row| row.name.eq_ignore_ascii_case(&name)).map(Holder::of)
}
