//! Which object stands behind each declared address.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::unfound::{Foreign, absent, blind, hidden, two_candidates, unreadable};
use crate::address::Address;
use crate::diagnostic::nearest;
use crate::field::Role;
use crate::kind::{Key, Kind, Level, NaturalKey, Object, Standing, marker};
use crate::ledger::{Entry, Intent, Ledger, Resolution, resolve};
use crate::manifest::{Manifest, Resource};
use crate::problem::Problem;
use crate::snapshot::{Sight, Snapshot, View};
use crate::value::{Ref, Value};

/// What stands behind a declared address.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// An object that the ledger has.
    Owned(&'a Entry, &'a Object),
    /// The ledger has an object that is gone.
    Gone,
    /// An object with the declared key, which no ledger has.
    Adopted(&'a Object),
    /// An object that an `[[import]]` names, which no ledger has.
    Imported(&'a Object),
    /// An object that an interrupted run made.
    Resumed(&'a Object),
    /// An external object.
    External(&'a Object),
    /// Nothing; `unverified` where the token does not see enough to be sure.
    Nothing {
        /// Whether there might be one that the token does not see.
        unverified: bool,
    },
}

impl<'a> Found<'a> {
    /// The object, where there is one.
    pub(super) fn object(&self) -> Option<&'a Object> {
        match self {
            Self::Owned(_, object)
            | Self::Adopted(object)
            | Self::Imported(object)
            | Self::Resumed(object)
            | Self::External(object) => Some(object),
            Self::Gone | Self::Nothing { .. } => None,
        }
    }
}

/// Looks for the objects of a project.
pub(super) struct Finder<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) snapshot: &'a Snapshot,
    pub(super) ledger: &'a Ledger,
    /// The ledger's entries under the addresses that they have now, each with the address that it was under.
    pub(super) entries: BTreeMap<Address, (&'a Address, &'a Entry)>,
    pub(super) foreign: &'a BTreeMap<(Kind, String), String>,
    by_name: Named<'a>,
    /// Unfinished objects by the marker in their description.
    by_marker: HashMap<&'a str, Vec<&'a Object>>,
    /// All that is in any project's ledger, or that an import names: it has its address.
    taken: BTreeSet<(Kind, String)>,
}

/// Objects by name, and those of one name by org.
type Named<'a> = HashMap<NaturalKey<()>, HashMap<Option<&'a str>, Vec<&'a Object>>>;

fn name_key(kind: Kind, name: &str) -> Option<NaturalKey<()>> {
    NaturalKey::of(kind, None, name)
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        manifest: &'a Manifest,
        snapshot: &'a Snapshot,
        ledger: &'a Ledger,
        foreign: &'a BTreeMap<(Kind, String), String>,
        entries: BTreeMap<Address, (&'a Address, &'a Entry)>,
    ) -> Self {
        let mut by_name = Named::new();
        for (kind, view) in &snapshot.kinds {
            for object in view.objects.values().filter(|object| object.standing != Standing::Record) {
                if let Some(key) = name_key(*kind, &object.name) {
                    by_name.entry(key).or_default().entry(object.org.as_deref()).or_default().push(object);
                }
            }
        }
        let owned = ledger.entries.iter().map(|(address, entry)| (address.kind, entry.id.clone()));
        let imported = manifest.imports.iter().map(|(address, import)| (address.kind, import.id.clone()));
        let taken = owned.chain(imported).chain(foreign.keys().cloned()).collect();
        let mut by_marker: HashMap<_, Vec<_>> = HashMap::new();
        for (_, view) in snapshot.kinds.iter().filter(|(kind, _)| kind.delivers()) {
            for object in view.objects.values() {
                if let Some(word) = marker(&object.name) {
                    by_marker.entry(word).or_default().push(object);
                }
            }
        }
        Self { manifest, snapshot, ledger, entries, foreign, by_name, by_marker, taken }
    }

    /// The object behind `address`, which the ledger has as `entry`, and which lives in the org `org` (its ID; none while
    /// that org does not exist).
    pub(super) fn find(
        &self,
        address: &Address,
        resource: &Resource,
        entry: Option<&'a Entry>,
        org: Option<&'a str>,
    ) -> Result<Found<'a>, Problem> {
        let kind = address.kind;
        let view = self.snapshot.kinds.get(&kind).expect("a snapshot has each kind of the manifest");
        if resource.external {
            return self.find_external(address, resource, org, view);
        }
        let import = self.manifest.imports.get(address);
        if let Some(entry) = entry {
            import.map_or(Ok(()), |import| self.imported_already(address, import, entry))?;
            let found = self.find_owned(address, entry, view)?;
            if !matches!(found, Found::Gone) {
                return Ok(found);
            }
            // An interrupted run may have made it anew.
            if let Some(intent) = self.ledger.intents.get(address)
                && let Some(object) = self.resume(address, Some(resource), intent, org)?
            {
                return Ok(Found::Resumed(object));
            }
            // Or somebody else has: of a unique name there is no second one.
            return match kind.spec().key {
                Key::Name { .. } => match self.find_unowned(address, resource, org, view)? {
                    adopted @ Found::Adopted(_) => Ok(adopted),
                    _ => Ok(found),
                },
                Key::LoneName | Key::None => Ok(found),
            };
        }
        if let Some(import) = import {
            return self.find_imported(address, import, org, view);
        }
        if kind.spec().level == Level::Org && org.is_none() {
            return Ok(Found::Nothing { unverified: false });
        }
        if let Some(intent) = self.ledger.intents.get(address)
            && let Some(object) = self.resume(address, Some(resource), intent, org)?
        {
            return Ok(Found::Resumed(object));
        }
        self.find_unowned(address, resource, org, view)
    }

    fn find_owned(&self, address: &Address, entry: &'a Entry, view: &'a View) -> Result<Found<'a>, Problem> {
        match view.look(&entry.id) {
            Ok(Some(object)) => Ok(Found::Owned(entry, object)),
            Ok(None) => Ok(Found::Gone),
            Err(words) => {
                let lack = self.snapshot.lacks.get(address.kind.spec().ty);
                Err(unreadable(address, entry, words, lack, "nothing is planned for objects that cannot be seen"))
            }
        }
    }

    /// The object that an interrupted run made for `address` and did not come to record.
    pub(super) fn unrecorded(&self, address: &Address) -> Result<Option<&'a Object>, Problem> {
        match self.ledger.intents.get(address) {
            Some(intent) => self.resume(address, None, intent, None),
            None => Ok(None),
        }
    }

    /// What has become of an intent; `org` is the org of the address, where it is known.
    fn resume(
        &self,
        address: &Address,
        resource: Option<&Resource>,
        intent: &Intent,
        org: Option<&str>,
    ) -> Result<Option<&'a Object>, Problem> {
        let kind = address.kind;
        let in_org = |object: &&Object| org.is_none() || object.org.as_deref() == org;
        let candidates: Vec<&Object> = match &intent.marker {
            Some(word) => self.by_marker.get(word.as_str()).into_iter().flatten().copied().filter(in_org).collect(),
            None => {
                let named = name_key(kind, &intent.name).and_then(|key| self.by_name.get(&key));
                let place = intent.org.as_deref().or(org).filter(|_| kind.spec().level == Level::Org);
                match place {
                    Some(_) => named.and_then(|named| named.get(&place)).into_iter().flatten().copied().collect(),
                    None => named.into_iter().flat_map(HashMap::values).flatten().copied().filter(in_org).collect(),
                }
            }
        };
        let fingerprint = |object: &Object| object.fields.script_fingerprint();
        let at = |id: &str| candidates.iter().copied().find(|object| object.id == id);
        match resolve(kind, intent, candidates.iter().copied(), &self.taken, &self.snapshot.me, &fingerprint) {
            Resolution::Made(id) => Ok(at(&id)),
            Resolution::NotMade => Ok(None),
            Resolution::Ambiguous(ids) => Err(two_candidates(address, resource, ids.iter().map(String::as_str))),
        }
    }

    /// Whether the ledger has something under `address`.
    pub(super) fn owns_at(&self, address: &Address) -> bool {
        self.ledger.entries.contains_key(address)
    }

    fn owns(&self, kind: Kind, object: &Object) -> bool {
        self.taken.contains(&(kind, object.id.clone())) && !self.foreign.contains_key(&(kind, object.id.clone()))
    }

    fn named(&self, kind: Kind, org: Option<&'a str>, name: &str) -> &[&'a Object] {
        let org = if kind.spec().level == Level::Org { org } else { None };
        let named = name_key(kind, name).and_then(|key| self.by_name.get(&key)?.get(&org));
        named.map_or(&[], Vec::as_slice)
    }

    fn find_unowned(
        &self,
        address: &Address,
        resource: &Resource,
        org: Option<&'a str>,
        view: &'a View,
    ) -> Result<Found<'a>, Problem> {
        let kind = address.kind;
        let Some(name) = kind.name_in(&resource.fields) else {
            return self.nothing(address, resource, view);
        };
        let free = |object: &&Object| !object.never_managed() && !self.owns(kind, object);
        let candidates: Vec<&Object> = self.named(kind, org, &name).iter().copied().filter(free).collect();
        match candidates[..] {
            [] => self.nothing(address, resource, view),
            [object] => match self.foreign.get(&(kind, object.id.clone())) {
                Some(project) => {
                    let foreign = Foreign { object, project, is_first: !self.ledger.found };
                    Err(foreign.of(address, Some(&resource.place)))
                }
                None => Ok(Found::Adopted(object)),
            },
            _ => Err(two_candidates(address, Some(resource), candidates.iter().map(|object| object.id.as_str()))),
        }
    }

    fn nothing(&self, address: &Address, resource: &Resource, view: &View) -> Result<Found<'a>, Problem> {
        let key = address.kind.spec().key;
        let hidden = view.sight != Sight::Complete;
        // A token is never found by its name: without an intent nobody can have made it for this address.
        let doubles = match key {
            Key::Name { .. } => address.kind.spec().races,
            Key::LoneName => true,
            Key::None => self.ledger.intents.contains_key(address),
        };
        if hidden && doubles {
            return Err(blind(address, resource, self.snapshot.lacks.get(address.kind.spec().ty)));
        }
        Ok(Found::Nothing { unverified: hidden && key != Key::None })
    }

    fn find_external(
        &self,
        address: &Address,
        resource: &Resource,
        org: Option<&'a str>,
        view: &'a View,
    ) -> Result<Found<'a>, Problem> {
        let by_id = match address.kind.get(Role::Id, &resource.fields) {
            Some(Value::Text(id)) => Some(id.as_str()),
            _ => None,
        };
        if let Some(id) = by_id {
            return view
                .objects
                .get(id)
                .map(Found::External)
                .ok_or_else(|| self.no_external(address, resource, &format!("with the ID {id}"), view, None));
        }
        let name = address.kind.name_in(&resource.fields).unwrap_or((&*address.key).into());
        match self.named(address.kind, org, &name) {
            [object] => Ok(Found::External(object)),
            [] => {
                let names = view.objects.values().filter(|object| {
                    let here = address.kind.spec().level == Level::Server || object.org.as_deref() == org;
                    here && object.standing != Standing::Record
                });
                let near = nearest(&name, names.map(|object| object.name.as_str()));
                Err(self.no_external(address, resource, &format!("named {name:?}"), view, near))
            }
            many => Err(two_candidates(address, Some(resource), many.iter().map(|object| object.id.as_str()))),
        }
    }

    /// That no external object was found: there is none, or the token does not see it.
    fn no_external(
        &self,
        address: &Address,
        resource: &Resource,
        which: &str,
        view: &View,
        near: Option<&str>,
    ) -> Problem {
        match view.sight {
            Sight::Complete => absent(address, resource, which, near),
            Sight::Partial | Sight::Blind => {
                hidden(address, resource, which, near, self.snapshot.lacks.get(address.kind.spec().ty))
            }
        }
    }
}

/// The org ID that `resource`, of `kind`, lives in, as far as it exists.
pub(super) fn org_of<'a>(
    kind: Kind,
    resource: &Resource,
    home: Option<&'a str>,
    found: &BTreeMap<Address, Found<'a>>,
) -> Option<&'a str> {
    kind.org_in(&resource.fields).map_or(home, |org| org_id(org, home, found))
}

/// The ID of the org that a manifest calls `org`, as far as it exists.
pub(super) fn org_id<'a>(org: &Ref, home: Option<&'a str>, found: &BTreeMap<Address, Found<'a>>) -> Option<&'a str> {
    match org.address() {
        Some(address) => found.get(address)?.object().map(|object| object.id.as_str()),
        None => home,
    }
}
