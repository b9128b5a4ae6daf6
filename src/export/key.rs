//! Keys: each object's own, made of its name, whatever that is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::scope::{Target, target};
use super::select::Selection;
use super::{ObjectId, Sources};
use crate::address::Address;
use crate::kind::{Kind, Object};
use crate::redact::without_secrets;
use crate::value::{Fields, Ref, Scope, Value, digest};

/// The longest part of a name that becomes a key.
const LONGEST: usize = 48;
/// How many digits of a digest tell keys apart.
const DIGITS: usize = 6;

/// The address of each object of the manifests.
pub(super) type Names = BTreeMap<ObjectId, Address>;

/// One object that needs a key.
struct Candidate<'a> {
    object: &'a Object,
    /// Its fields, where it is declared.
    fields: Option<&'a Fields>,
}

/// Gives every object its address. What the project's ledger has keeps its own; a key that several would have belongs to
/// the one that is called so, and the others are told apart by a digest of name or content: whichever come and go, the
/// rest keep their keys, on every server.
pub(super) fn names(selection: &Selection<'_>, sources: Sources<'_>) -> Names {
    let known = sources.ledger.entries.iter().filter(|(address, _)| address.instance.is_none());
    let known: HashMap<ObjectId, &Address> =
        known.map(|(address, entry)| ((address.kind, entry.id.clone()), address)).collect();
    let mut names = Names::new();
    // What others refer to comes first: a key may depend on what the object refers to.
    for kind in Kind::ALL {
        let declared = selection.declared.iter().map(|(id, declared)| (id, declared.object, Some(&declared.fields)));
        let external = selection.external.iter().map(|(id, external)| (id, external.object, None));
        let mut candidates = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for (id, object, fields) in declared.chain(external).filter(|((of, _), ..)| of == kind) {
            match known.get(id) {
                Some(address) => {
                    taken.insert(address.key.to_lowercase());
                    names.insert(id.clone(), (*address).clone());
                }
                None => {
                    candidates.insert(id.1.as_str(), Candidate { object, fields });
                }
            }
        }
        for (id, key) in keys(*kind, &candidates, taken, sources, &names) {
            names.insert((*kind, id.to_owned()), Address::new(*kind, key));
        }
    }
    names
}

/// The keys of one kind, by ID. `taken` are keys that cannot be given.
fn keys<'a>(
    kind: Kind,
    candidates: &BTreeMap<&'a str, Candidate<'_>>,
    mut taken: BTreeSet<String>,
    sources: Sources<'_>,
    names: &Names,
) -> Vec<(&'a str, String)> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, candidate) in candidates {
        groups.entry(base(candidate.object, sources, names)).or_default().push(id);
    }
    let mut keys = Vec::new();
    let mut later = Vec::new();
    for (base, ids) in &groups {
        let called_so: Vec<_> =
            ids.iter().filter(|id| !base.is_empty() && candidates[*id].object.name == *base).collect();
        let owner = match (&called_so[..], &ids[..]) {
            ([one], _) => Some(**one),
            ([], [one]) if !base.is_empty() => Some(*one),
            _ => None,
        };
        let owner = owner.filter(|_| taken.insert(base.clone()));
        keys.extend(owner.map(|id| (id, base.clone())));
        later.extend(ids.iter().filter(|id| Some(**id) != owner).map(|id| (base, *id)));
    }
    let mut twins: HashMap<(&str, &str), usize> = HashMap::new();
    for (base, ids) in &groups {
        for id in ids {
            *twins.entry((base, &candidates[id].object.name)).or_default() += 1;
        }
    }
    let mut later: Vec<_> = later
        .into_iter()
        .map(|(base, id)| {
            let by_content = twins[&(&**base, &*candidates[id].object.name)] > 1;
            let told = apart(id, &candidates[id], by_content, sources, names);
            let base = if base.is_empty() { kind.name() } else { base };
            (format!("{base}_{}", &told[..DIGITS]), id)
        })
        .collect();
    // By ID where even the content is the same: in the order in which they were made.
    later.sort();
    let mut tried: HashMap<String, usize> = HashMap::new();
    for (key, id) in later {
        let next = tried.entry(key.clone()).or_default();
        let free = std::iter::repeat_with(|| {
            *next += 1;
            if *next == 1 { key.clone() } else { format!("{key}_{next}") }
        });
        let key = free.into_iter().find(|key| taken.insert(key.clone())).expect("invariant: fewer keys than numbers");
        keys.push((id, key));
    }
    keys
}

/// The key that a name asks for: its letters and digits as ASCII in lower case, all else as `_`; what lives in another org than
/// the home org begins with that org's key. Plans and messages show keys: what is hidden of a name is in none. Empty where nothing is
/// left.
fn base(object: &Object, sources: Sources<'_>, names: &Names) -> String {
    let elsewhere = object.org.as_ref().filter(|org| sources.snapshot.home.as_ref() != Some(*org));
    let org = elsewhere.and_then(|org| names.get(&(Kind::HOME, org.clone()))).map(|org| &*org.key);
    let mut base = String::new();
    let name = without_secrets(&object.name);
    let parts = org.into_iter().chain([&*name]);
    for c in parts.flat_map(|part| part.chars().chain(['_'])).flat_map(ascii) {
        if base.len() >= LONGEST {
            break;
        }
        match c {
            c if c.is_ascii_alphanumeric() => base.push(c.to_ascii_lowercase()),
            '-' if !base.is_empty() => base.push('-'),
            '\'' => {}
            _ if base.is_empty() || base.ends_with('_') => {}
            _ => base.push('_'),
        }
    }
    base.trim_end_matches(['_', '-']).to_owned()
}

/// The character in letters that need no quotes: `ö` is `o`, `北` is `Bei ` with what separates it from the next one. Nothing
/// for what is no character of its own, such as an accent.
fn ascii(c: char) -> impl Iterator<Item = char> {
    // A dash or a dot is no letter in any script.
    let is_word = |letters: &&str| letters.bytes().all(|b| b == b'\'') || letters.contains(char::is_alphanumeric);
    let letters = if c.is_ascii() { None } else { deunicode::deunicode_char(c).filter(is_word) };
    let other = letters.is_none().then_some(c);
    letters.unwrap_or_default().chars().chain(other)
}

/// Digits that tell an object from others of the same key: of its name, or of its content where others have its name.
fn apart(id: &str, candidate: &Candidate<'_>, by_content: bool, sources: Sources<'_>, names: &Names) -> String {
    let Some(fields) = candidate.fields.filter(|_| by_content) else {
        // An external object of which there are several is found by its ID only.
        return digest(if by_content { id } else { &candidate.object.name });
    };
    let org = candidate.object.org.as_deref();
    let content = fields.iter().map(|(field, value)| format!("{field}={}\n", content(value, org, sources, names)));
    digest(&content.collect::<String>())
}

/// A value without IDs, which are others on another server.
fn content(value: &Value, org: Option<&str>, sources: Sources<'_>, names: &Names) -> String {
    let name = |kind: Kind, id: &str| match names.get(&(kind, id.to_owned())) {
        Some(address) => address.to_string(),
        None => sources.snapshot.object(kind, id).map(|object| object.name.clone()).unwrap_or_default(),
    };
    let by_name = |of: &Ref| match of {
        Ref::Id(kind, id) => name(*kind, id),
        other => other.to_string(),
    };
    let scope = |scope: &Scope| match target(scope, sources.snapshot, org, &|_, _| true) {
        Target::Object((kind, id)) | Target::Bare((kind, id)) => name(kind, &id),
        Target::Org { ty, org } => format!("{}/{ty}", name(org.0, &org.1)),
        Target::Instance(ty) => format!("instance/{ty}"),
        Target::Unsayable => String::new(),
    };
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.join(" ")
    };
    match value {
        Value::Ref(of) => by_name(of),
        Value::Refs(set) => sorted(set.iter().map(by_name).collect()),
        Value::Scopes(scopes) => sorted(scopes.iter().map(scope).collect()),
        other => other.fingerprint(),
    }
}
