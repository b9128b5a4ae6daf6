//! From an org's labels to the ledger, and to what other projects' ledgers own.

use std::collections::{BTreeMap, BTreeSet};

use tokio::try_join;

use super::labels::{Row, rows, rows_of_all_orgs};
use super::page::{HEAD, Item, MARK, NUMBER, Opened, PAGE, PROJECT, Part, is_entry, is_intent, item};
use super::seal::{Of, Stamp, Trust};
use super::state::{LAST_APPLY, PAGES, Page, State};
use super::{LastApply, Ledger, LedgerError};
use crate::api::{ApiError, Client};
use crate::kind::{Identity, Kind, ReadScope};

/// InfluxDB's name of the type that the ledger is made of.
pub const LABELS: &str = "labels";

/// The ledger of `project`, whose home org has the ID `home`, in one request.
///
/// # Errors
/// The server's, and what is wrong with the ledger.
pub async fn read(client: &Client, project: &str, home: &str, trust: &Trust) -> Result<(Ledger, State), LedgerError> {
    decode(&rows(client, home).await?, project, home, trust)
}

/// Whether there is a ledger of `project` among the labels of its home org, sound or not.
pub fn is_there(rows: &[Row], project: &str) -> bool {
    rows.iter().any(|row| is_of(row, HEAD, project))
}

fn is_of(row: &Row, mark: &str, project: &str) -> bool {
    row.get(MARK) == Some(mark) && row.get(PROJECT) == Some(project)
}

/// The ledger of `project` from all labels of its home org, as far as `trust` goes. Not found is an empty ledger with
/// `found = false`: whether the token sees all labels is the caller's to prove.
///
/// # Errors
/// What is wrong with the ledger.
pub fn decode(rows: &[Row], project: &str, home: &str, trust: &Trust) -> Result<(Ledger, State), LedgerError> {
    let ours = |mark| move |row: &&Row| is_of(row, mark, project);
    let mut state = State::signed(project, home, trust.key());
    let label = Part::Head.name(project);
    let mut heads = rows.iter().filter(ours(HEAD));
    let Some(head) = heads.next() else {
        if let Some(row) = rows.iter().find(|row| row.name.eq_ignore_ascii_case(&label)) {
            return Err(LedgerError::Foreign { label, id: row.id.clone() });
        }
        return match rows.iter().find(ours(PAGE)) {
            Some(page) => Err(LedgerError::HeadMissing { label, page: page.name.clone() }),
            None => Ok((Ledger::default(), state)),
        };
    };
    if let Some(other) = heads.next() {
        return Err(LedgerError::Twice { label, ids: (head.id.clone(), other.id.clone()) });
    }
    let listed = open_head(&mut state, head, trust)?;
    let mut next = After::default();
    let mut ledger = Ledger { found: true, last_apply: state.last_apply.clone(), ..Ledger::default() };
    for (number, Listed { id, write }) in &listed {
        let Some(row) = rows.iter().find(|row| row.id == *id) else {
            return Err(LedgerError::PageMissing { label: Part::Page(*number).name(project), id: id.clone() });
        };
        let opened = Part::Page(*number).open(row, &of(&state), trust)?;
        let written = match trust {
            Trust::Shown(_) => *write,
            _ => written(&state, row, opened.stamp.as_ref(), *write)?,
        };
        if written != *write {
            next.add(written, row)?;
        }
        take_in(&mut state, &mut ledger, *number, row, opened.content, written)?;
    }
    for row in rows.iter().filter(ours(PAGE)).filter(|row| !listed.values().any(|page| page.id == row.id)) {
        let number = row.get(NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0);
        let label = Part::Page(number).name(project);
        match listed.get(&number) {
            Some(page) => return Err(LedgerError::Twice { label, ids: (page.id.clone(), row.id.clone()) }),
            None if row.name != label => {}
            None => match next_page(&state, number, row, trust)? {
                Some((content, write)) => {
                    next.add(write, row)?;
                    take_in(&mut state, &mut ledger, number, row, content, write)?;
                }
                None => state.leftovers.push(row.id.clone()),
            },
        }
    }
    if matches!(trust, Trust::Shown(_)) {
        // Whatever is shown is signed as a ledger of its own.
        state.stamp = None;
    }
    if let Some(head) = &state.stamp {
        state.last_write = next.last(head.write)?;
    }
    Ok((ledger, state))
}

/// Pages that were written after the head, by the number of the write.
#[derive(Default)]
struct After<'a>(BTreeMap<u64, &'a Row>);

impl<'a> After<'a> {
    fn add(&mut self, write: u64, row: &'a Row) -> Result<(), LedgerError> {
        match self.0.insert(write, row) {
            None => Ok(()),
            Some(_) => Err(Self::put_back(row, write, write)),
        }
    }

    /// The number of the last write of all, where that of the head is `head`: one follows the other, or some were put back.
    fn last(&self, head: u64) -> Result<u64, LedgerError> {
        self.0.iter().try_fold(head, |before, (write, row)| {
            if before.checked_add(1) == Some(*write) { Ok(*write) } else { Err(Self::put_back(row, *write, before)) }
        })
    }

    fn put_back(row: &Row, write: u64, listed: u64) -> LedgerError {
        LedgerError::RolledBack { label: row.name.clone(), id: row.id.clone(), write, listed }
    }
}

/// Whose ledger it is.
fn of(state: &State) -> Of<'_> {
    Of { project: &state.project, org: &state.org, seal: None }
}

/// A page as the head lists it.
struct Listed {
    id: String,
    /// The number of its last write, where the head is signed.
    write: u64,
}

/// The number of the write of the page `row`, of which the head says that its last was `listed`: that one, or one after the
/// head's own.
fn written(state: &State, row: &Row, page: Option<&Stamp>, listed: u64) -> Result<u64, LedgerError> {
    let (label, id) = (row.name.clone(), row.id.clone());
    match (&state.stamp, page) {
        (None, None) => Ok(0),
        (Some(head), Some(page)) => {
            let fits = page.write == listed || page.write > head.write;
            if page.ledger == head.ledger && fits {
                Ok(page.write)
            } else {
                Err(After::put_back(row, page.write, listed))
            }
        }
        (Some(_), None) | (None, Some(_)) => Err(LedgerError::Unsigned { label, id }),
    }
}

/// What stands in a page that is newer than the head, and the number of its write.
type Newer = (BTreeMap<String, String>, u64);

/// What stands in a page that the head does not list yet: a run that died before it wrote the head has made it. None for one
/// that the head lists no more, or that has nothing that counts.
fn next_page(state: &State, number: u32, row: &Row, trust: &Trust) -> Result<Option<Newer>, LedgerError> {
    let (Some(head), false) = (&state.stamp, matches!(trust, Trust::Shown(_))) else { return Ok(None) };
    let opened = Part::Page(number).open(row, &of(state), trust)?;
    let next = opened.stamp.filter(|page| page.ledger == head.ledger && page.write > head.write);
    Ok(next.map(|page| (opened.content, page.write)))
}

/// Takes in the head; gives its pages by their numbers.
fn open_head(state: &mut State, head: &Row, trust: &Trust) -> Result<BTreeMap<u32, Listed>, LedgerError> {
    let Opened { content, stamp } = Part::Head.open(head, &of(state), trust)?;
    state.stamp = stamp;
    let bad = |property: &str, why: String| LedgerError::Unreadable {
        label: head.name.clone(),
        id: head.id.clone(),
        property: property.to_owned(),
        why,
    };
    if let Some(last) = content.get(LAST_APPLY) {
        let last: LastApply = serde_json::from_str(last).map_err(|error| bad(LAST_APPLY, error.to_string()))?;
        state.last_apply = Some(last);
    }
    state.head = Some(head.id.clone());
    content
        .get(PAGES)
        .map_or("", String::as_str)
        .split_whitespace()
        .map(|page| {
            let (number, id) = page.split_once(':').ok_or_else(|| bad(PAGES, format!("`{page}` is not a page")))?;
            let number = number.parse().map_err(|_| bad(PAGES, format!("`{number}` is not a number")))?;
            let (id, write) = match (id.split_once(':'), &state.stamp) {
                (Some((id, write)), Some(_)) => (id, write),
                _ => (id, "0"),
            };
            let write = write.parse().map_err(|_| bad(PAGES, format!("`{write}` is not a number")))?;
            Ok((number, Listed { id: id.to_owned(), write }))
        })
        .collect()
}

/// Takes in one page with what stands in it.
fn take_in(
    state: &mut State,
    ledger: &mut Ledger,
    number: u32,
    row: &Row,
    content: BTreeMap<String, String>,
    write: u64,
) -> Result<(), LedgerError> {
    for (key, value) in &content {
        let item = item(key, value).map_err(|why| LedgerError::Unreadable {
            label: row.name.clone(),
            id: row.id.clone(),
            property: key.clone(),
            why,
        })?;
        let (address, twice) = match item {
            Item::Entry(address, entry) => (address.clone(), ledger.entries.insert(address, *entry).is_some()),
            Item::Intent(address, intent) => (address.clone(), ledger.intents.insert(address, intent).is_some()),
        };
        let place = *state.places.entry(address.clone()).or_insert(number);
        if twice || place != number {
            return Err(LedgerError::EntryTwice { label: row.name.clone(), address, pages: (place, number) });
        }
    }
    state.pages.insert(number, Page::new(row.id.clone(), content, write));
    Ok(())
}

/// What the ledgers of other projects own, as far as their labels are in `rows`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The project that owns the object with this kind and ID.
    pub objects: BTreeMap<(Kind, String), String>,
    /// The project that is about to create, or was when its run ended, what has no ID but its org and its name: that is the ID.
    pub about_to_create: BTreeMap<(Kind, String), String>,
    /// Names of labels of other projects that cannot be read whole: what they own is not known.
    pub unreadable: Vec<String>,
}

impl Owners {
    /// What these own as well.
    pub fn extend(&mut self, others: Self) {
        self.objects.extend(others.objects);
        self.about_to_create.extend(others.about_to_create);
        self.unreadable.extend(others.unreadable);
    }
}

/// What the ledgers in all orgs but `home` (an ID) own, as far as the token sees them: objects of the server as a whole may be
/// any project's. A project of the same name in another org is another project, and one whose org is gone owns nothing.
///
/// # Errors
/// The server's.
pub async fn owners_elsewhere(client: &Client, home: Option<&str>) -> Result<Owners, ApiError> {
    let (orgs, rows) = try_join!(Kind::HOME.list(client, &[], ReadScope::NOTHING), rows_of_all_orgs(client))?;
    let others: BTreeSet<&str> = orgs.iter().map(|org| org.id.as_str()).filter(|org| home != Some(*org)).collect();
    let rows: Vec<Row> =
        rows.into_iter().filter(|(org, _)| others.contains(org.as_str())).map(|(_, row)| row).collect();
    Ok(owners(&rows, ""))
}

/// The ID of what is made in the org `org` with this name, if it is known before: there is no other one.
pub fn named(kind: Kind, org: Option<&str>, name: &str) -> Option<String> {
    (kind.spec().identity == Identity::OrgAndName).then(|| Some(format!("{}/{name}", org?))).flatten()
}

/// What the ledgers of all projects but `project` own, from the same labels.
pub fn owners(rows: &[Row], project: &str) -> Owners {
    let mut owners = Owners::default();
    for row in rows.iter().filter(|row| row.get(MARK) == Some(PAGE)) {
        let (Some(other), Some(org)) = (row.get(PROJECT).filter(|other| *other != project), row.get("org")) else {
            continue;
        };
        let number = row.get(NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0);
        let theirs = Of { project: other, org, seal: None };
        let opened = Part::Page(number).open(row, &theirs, &Trust::Any);
        let mut readable = !matches!(opened, Err(LedgerError::Newer { .. }));
        for (key, value) in row.properties.iter().filter(|(key, _)| is_entry(key) || is_intent(key)) {
            match item(key, value) {
                Ok(Item::Intent(address, intent)) => {
                    let id = named(address.kind, intent.org.as_deref(), &intent.name);
                    owners.about_to_create.extend(id.map(|id| ((address.kind, id), other.to_owned())));
                }
                Ok(Item::Entry(address, entry)) => {
                    for id in entry.predecessors.into_iter().chain([entry.id]) {
                        owners.objects.insert((address.kind, id), other.to_owned());
                    }
                }
                _ => readable = false,
            }
        }
        if !readable {
            owners.unreadable.push(row.name.clone());
        }
    }
    owners
}

#[cfg(test)]
mod signed_tests;
#[cfg(test)]
mod tests;
