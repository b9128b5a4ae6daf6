//! The ledger as its labels hold it, and how a group of updates changes them.

use std::collections::BTreeMap;

use super::page::{Part, entry_key, entry_of_intent, intent_key, text};
use super::seal::{Key, Of, Seal, Stamp};
use super::{Entry, Intent, LastApply, LedgerError};
use crate::address::Address;

/// A page this full takes no new addresses. Far below 64 KiB, because what stands in it still grows, and because the
/// server writes a label whole with each PATCH (1.4 ms for 10 kB, 3.3 ms for 50 kB).
const FULL: usize = 24 * 1024;
/// The head's property that lists the pages: `NUMBER:ID`, and where it is signed `NUMBER:ID:WRITE`, with spaces between.
pub(super) const PAGES: &str = "pages";
/// The head's property with the last apply.
pub(super) const LAST_APPLY: &str = "last apply";
/// What an intent is counted as in addition: the entry that will take its place is longer.
const RESERVE: usize = 384;

/// One change of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// The object exists and is owned; takes the address's intent away.
    Put(Address, Box<Entry>),
    /// The object is no longer owned.
    Remove(Address),
    /// The object is about to be made.
    Intent(Address, Intent),
    /// The object was not made.
    ClearIntent(Address),
    /// The object that the first address owned is owned by the second: one request, so that no crash leaves it to neither
    /// or to both.
    Move(Address, Address, Box<Entry>),
}

/// The ledger as its labels hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub(super) project: String,
    pub(super) org: String,
    /// The head's label ID; none while there is no ledger.
    pub(super) head: Option<String>,
    pub(super) last_apply: Option<LastApply>,
    pub(super) pages: BTreeMap<u32, Page>,
    /// The page of each address.
    pub(super) places: BTreeMap<Address, u32>,
    /// IDs of pages that were made and never listed by the head: nothing that counts stands in them.
    pub(super) leftovers: Vec<String>,
    /// The key that it is written with.
    pub(super) key: Option<Key>,
    /// When the head was written, if it is signed.
    pub(super) stamp: Option<Stamp>,
    /// The number of the last write of all, where it is signed: that of the head, unless pages are newer.
    pub(super) last_write: u64,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The label's ID; none until it is made.
    pub(super) id: Option<String>,
    /// Entries and intents by their keys.
    pub(super) content: BTreeMap<String, String>,
    /// The number of its last write, where it is signed.
    pub(super) write: u64,
    /// How full it is.
    weight: usize,
}

/// One request that a group of updates needs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Write {
    /// The page.
    pub(super) number: u32,
    /// Its label; none when it has to be made.
    pub(super) id: Option<String>,
    /// The properties to send.
    pub(super) properties: BTreeMap<String, String>,
}

/// What a property weighs: its length as JSON, nearly.
fn weight(key: &str, value: &str) -> usize {
    let escaped = |text: &str| text.len() + text.bytes().filter(|b| matches!(b, b'"' | b'\\')).count() + 3;
    escaped(key) + escaped(value)
}

impl Page {
    /// A page as it was read.
    pub(super) fn new(id: String, content: BTreeMap<String, String>, write: u64) -> Self {
        let share = |(key, value): (&String, &String)| {
            let lone = entry_of_intent(key).is_some_and(|entry| !content.contains_key(&entry));
            weight(key, value) + if lone { RESERVE } else { 0 }
        };
        let weight = content.iter().map(share).sum();
        Self { id: Some(id), content, write, weight }
    }

    /// What the address weighs here.
    fn share(&self, address: &Address) -> usize {
        let part = |key: String| self.content.get(&key).map(|value| weight(&key, value));
        match (part(entry_key(address)), part(intent_key(address))) {
            (None, Some(intent)) => intent + RESERVE,
            (entry, intent) => entry.unwrap_or(0) + intent.unwrap_or(0),
        }
    }

    /// Sets properties of one address, or takes them away; keeps in `old` what stood there.
    fn edit(&mut self, address: &Address, edits: Edits, old: &mut BTreeMap<String, Option<String>>) {
        let before = self.share(address);
        for (key, edit) in [(entry_key(address), edits.entry), (intent_key(address), edits.intent)] {
            let prior = match edit {
                Edit::Keep => continue,
                Edit::Set(value) => self.content.insert(key.clone(), value),
                Edit::Clear => self.content.remove(&key),
            };
            old.entry(key).or_insert(prior);
        }
        self.weight = self.weight + self.share(address) - before;
    }
}

/// What happens to one property.
#[derive(Debug)]
enum Edit {
    Keep,
    Set(String),
    Clear,
}

/// What happens to the two properties of an address.
#[derive(Debug)]
struct Edits {
    entry: Edit,
    intent: Edit,
}

impl Edits {
    /// The addresses of an update and what it does there.
    fn of(update: &Update) -> impl Iterator<Item = (&Address, Self)> {
        let put = |entry: &Entry| Self { entry: Edit::Set(text(entry)), intent: Edit::Clear };
        let (first, second) = match update {
            Update::Put(address, entry) => ((address, put(entry)), None),
            Update::Remove(address) => ((address, Self { entry: Edit::Clear, intent: Edit::Keep }), None),
            Update::Intent(address, intent) => {
                ((address, Self { entry: Edit::Keep, intent: Edit::Set(text(intent)) }), None)
            }
            Update::ClearIntent(address) => ((address, Self { entry: Edit::Keep, intent: Edit::Clear }), None),
            Update::Move(from, to, entry) => {
                ((from, Self { entry: Edit::Clear, intent: Edit::Clear }), Some((to, put(entry))))
            }
        };
        [first].into_iter().chain(second)
    }

    /// What they weigh in a page that has nothing of the address; none if they add nothing.
    fn room(&self, address: &Address) -> Option<usize> {
        match (&self.entry, &self.intent) {
            (Edit::Set(entry), _) => Some(weight(&entry_key(address), entry)),
            (_, Edit::Set(intent)) => Some(weight(&intent_key(address), intent) + RESERVE),
            _ => None,
        }
    }
}

impl State {
    /// A project without a ledger, whose home org has the ID `org`.
    pub fn new(project: &str, org: &str) -> Self {
        Self { project: project.to_owned(), org: org.to_owned(), ..Self::default() }
    }

    /// A project without a ledger, whose labels will be signed with `key`, if there is one.
    pub(super) fn signed(project: &str, org: &str, key: Option<&Key>) -> Self {
        Self { key: key.cloned(), ..Self::new(project, org) }
    }

    /// Whether it may be written: what is signed only with its key.
    ///
    /// # Errors
    /// `NoKey`.
    pub fn writable(&self) -> Result<(), LedgerError> {
        match (&self.key, &self.stamp) {
            (None, Some(_)) => Err(LedgerError::NoKey { label: Part::Head.name(&self.project) }),
            _ => Ok(()),
        }
    }

    /// Whether it is signed, and if so, whether the signatures were looked at, and the number of its last write.
    pub fn signature(&self) -> Option<(bool, u64)> {
        self.stamp.as_ref().map(|stamp| (self.key.is_some(), stamp.write))
    }

    /// From now on it is a ledger of its own, called `word`, if it is to be signed and is not yet.
    pub(super) fn begin_signing(&mut self, word: impl FnOnce() -> String) {
        if self.key.is_some() && self.stamp.is_none() {
            self.stamp = Some(Stamp { ledger: word(), write: 0 });
            self.last_write = 0;
        }
    }

    /// Whether pages are newer than the head: a run died in between.
    pub(super) fn ahead(&self) -> bool {
        self.stamp.as_ref().is_some_and(|stamp| stamp.write < self.last_write)
    }

    /// What the next write is signed with.
    fn of(&self) -> Of<'_> {
        let seal = self.key.as_ref().zip(self.stamp.as_ref());
        let seal = seal.map(|(key, stamp)| Seal { key, ledger: &stamp.ledger, write: self.last_write + 1 });
        Of { project: &self.project, org: &self.org, seal }
    }

    /// The number of the write that was just made up; 0 where nothing is signed.
    fn count(&mut self) -> u64 {
        self.last_write += u64::from(self.stamp.is_some());
        self.last_write
    }

    /// The head was written.
    pub(super) fn settled(&mut self) {
        let write = self.count();
        if let Some(stamp) = &mut self.stamp {
            stamp.write = write;
        }
    }

    /// The requests that write all pages anew: each whole, since more than its content changes.
    pub(super) fn rewrite(&mut self) -> Vec<Write> {
        let numbers: Vec<u32> = self.pages.keys().copied().collect();
        let write = |number: u32| {
            let page = &self.pages[&number];
            let properties = Part::Page(number).seal(&self.of(), &page.content);
            let write = Write { number, id: page.id.clone(), properties };
            self.counted(number);
            write
        };
        numbers.into_iter().map(write).collect()
    }

    /// The next write is that of a page.
    fn counted(&mut self, number: u32) {
        let write = self.count();
        self.pages.get_mut(&number).expect("invariant: what is written is there").write = write;
    }

    /// The first page with room, else a new one.
    fn place(&self, room: usize) -> u32 {
        let fits = |page: &Page| page.weight + room <= FULL || page.content.is_empty();
        self.pages.iter().find(|(_, page)| fits(page)).map_or_else(
            || (1..).find(|number| !self.pages.contains_key(number)).expect("invariant: fewer pages than numbers"),
            |(number, _)| *number,
        )
    }

    /// Takes in a group of updates; gives the requests for it, by page number. An address stays in its page as long as it
    /// has an entry or an intent, so that one request changes all of it and no crash leaves it in two pages.
    pub(super) fn change(&mut self, updates: &[Update]) -> Vec<Write> {
        let mut touched: BTreeMap<u32, BTreeMap<String, Option<String>>> = BTreeMap::new();
        for update in updates {
            if let Update::Move(from, to, _) = update
                && let Some(number) = self.places.get(from).copied()
            {
                self.places.entry(to.clone()).or_insert(number);
            }
            for (address, edits) in Edits::of(update) {
                let number = match (self.places.get(address), edits.room(address)) {
                    (Some(number), _) => *number,
                    (None, Some(room)) => self.place(room),
                    (None, None) => continue,
                };
                self.places.insert(address.clone(), number);
                let page = self.pages.entry(number).or_default();
                page.edit(address, edits, touched.entry(number).or_default());
            }
        }
        for (address, _) in updates.iter().flat_map(Edits::of) {
            if self.places.get(address).is_some_and(|number| self.pages[number].share(address) == 0) {
                self.places.remove(address);
            }
        }
        touched.into_iter().filter_map(|(number, old)| self.write(number, &old)).collect()
    }

    /// The request that brings a page with `old` values to what it is now; none if nothing differs.
    fn write(&mut self, number: u32, old: &BTreeMap<String, Option<String>>) -> Option<Write> {
        let write = self.page_write(number, old)?;
        self.counted(number);
        Some(write)
    }

    fn page_write(&self, number: u32, old: &BTreeMap<String, Option<String>>) -> Option<Write> {
        let (page, part) = (&self.pages[&number], Part::Page(number));
        let Some(id) = &page.id else {
            return Some(Write { number, id: None, properties: part.seal(&self.of(), &page.content) });
        };
        let mut properties: BTreeMap<_, _> = old
            .iter()
            .filter(|(key, value)| page.content.get(*key) != value.as_ref())
            .map(|(key, _)| (key.clone(), page.content.get(key).cloned().unwrap_or_default()))
            .collect();
        if properties.is_empty() {
            return None;
        }
        properties.extend(part.changing(&self.of(), &page.content));
        Some(Write { number, id: Some(id.clone()), properties })
    }

    /// A page was made.
    pub(super) fn made(&mut self, number: u32, id: String) {
        self.pages.entry(number).or_default().id = Some(id);
    }

    /// All properties of the head. A page without an ID is left out: it does not count yet.
    pub(super) fn head_properties(&self) -> BTreeMap<String, String> {
        let of = self.of();
        let listed = |(number, page): (&u32, &Page)| {
            let id = page.id.as_ref()?;
            let write = of.seal.map_or(String::new(), |_| format!(":{}", page.write));
            Some(format!("{number}:{id}{write}"))
        };
        let pages: Vec<_> = self.pages.iter().filter_map(listed).collect();
        let mut content = BTreeMap::new();
        if !pages.is_empty() {
            content.insert(PAGES.to_owned(), pages.join(" "));
        }
        if let Some(last) = &self.last_apply {
            content.insert(LAST_APPLY.to_owned(), text(last));
        }
        Part::Head.seal(&of, &content)
    }
}
