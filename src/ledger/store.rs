//! From an org's labels to the ledger, and to what other projects' ledgers own.

use std::collections::BTreeMap;

use super::labels::{Row, rows};
use super::page::{HEAD, Item, MARK, NUMBER, PAGE, PROJECT, Part, is_entry, item};
use super::state::{LAST_APPLY, PAGES, Page, State};
use super::{LastApply, Ledger, LedgerError};
use crate::api::Client;
use crate::kind::Kind;

/// The ledger of `project`, whose home org has the ID `home`, in one request.
pub async fn read(client: &Client, project: &str, home: &str) -> Result<(Ledger, State), LedgerError> {
    decode(&rows(client, home).await?, project, home)
}

/// The ledger of `project` from all labels of its home org. Not found is an empty ledger with `found = false`: whether
/// the token sees all labels is the caller's to prove.
pub fn decode(rows: &[Row], project: &str, home: &str) -> Result<(Ledger, State), LedgerError> {
    let ours = |mark| move |row: &&Row| row.get(MARK) == Some(mark) && row.get(PROJECT) == Some(project);
    let mut state = State::new(project, home);
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
    let listed = open_head(&mut state, head)?;
    let mut ledger = Ledger { found: true, last_apply: state.last_apply.clone(), ..Ledger::default() };
    for (number, id) in &listed {
        let Some(row) = rows.iter().find(|row| row.id == *id) else {
            return Err(LedgerError::PageMissing { label: Part::Page(*number).name(project), id: id.clone() });
        };
        open_page(&mut state, &mut ledger, *number, row)?;
    }
    for row in rows.iter().filter(ours(PAGE)).filter(|row| !listed.values().any(|id| *id == row.id)) {
        let number = row.get(NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0);
        let label = Part::Page(number).name(project);
        match listed.get(&number) {
            Some(id) => return Err(LedgerError::Twice { label, ids: (id.clone(), row.id.clone()) }),
            None if row.name == label => state.leftovers.push(row.id.clone()),
            None => {}
        }
    }
    Ok((ledger, state))
}

/// Takes in the head; gives number and ID of its pages.
fn open_head(state: &mut State, head: &Row) -> Result<BTreeMap<u32, String>, LedgerError> {
    let content = Part::Head.open(head, &state.project, &state.org)?;
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
            let (number, id) = page.split_once(':').ok_or_else(|| bad(PAGES, format!("`{page}` is no page")))?;
            let number = number.parse().map_err(|_| bad(PAGES, format!("`{number}` is no number")))?;
            Ok((number, id.to_owned()))
        })
        .collect()
}

/// Takes in one page.
fn open_page(state: &mut State, ledger: &mut Ledger, number: u32, row: &Row) -> Result<(), LedgerError> {
    let content = Part::Page(number).open(row, &state.project, &state.org)?;
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
            return Err(LedgerError::EntryTwice { address, pages: (place, number) });
        }
    }
    state.pages.insert(number, Page::new(row.id.clone(), content));
    Ok(())
}

/// What the ledgers of other projects own, as far as their labels are in `rows`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The project that owns the object with this kind and ID.
    pub objects: BTreeMap<(Kind, String), String>,
    /// Names of labels of other projects that cannot be read whole: what they own is not known.
    pub unreadable: Vec<String>,
}

/// What the ledgers of all projects but `project` own, from the same labels.
pub fn owners(rows: &[Row], project: &str) -> Owners {
    let mut owners = Owners::default();
    for row in rows.iter().filter(|row| row.get(MARK) == Some(PAGE)) {
        let (Some(other), Some(org)) = (row.get(PROJECT).filter(|other| *other != project), row.get("org")) else {
            continue;
        };
        let number = row.get(NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0);
        let mut readable = !matches!(Part::Page(number).open(row, other, org), Err(LedgerError::Newer { .. }));
        for (key, value) in row.properties.iter().filter(|(key, _)| is_entry(key)) {
            match item(key, value) {
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
mod tests;
