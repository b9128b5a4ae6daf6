//! The objects that a source stands for, as a server that has nothing else would show them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Place, hide_secrets};
use crate::export::{HEAD, ObjectId, quoted};
use crate::field::{Omitted, Role};
use crate::kind::{IN_PLAIN_TEXT, Kind, Level, NaturalKey, Object};
use crate::redact::without_secrets;
use crate::snapshot::{Sight, Snapshot, View};
use crate::value::{Ref, Value};

/// What was made of a source.
#[derive(Debug, Default)]
pub struct Converted {
    /// The objects, in the order of the source.
    pub made: Vec<Made>,
    /// The variables of the project, by name.
    pub variables: BTreeMap<String, Variable>,
    /// What is to be said: of what is left out, and of what is otherwise.
    pub told: Vec<Diagnostic>,
    /// The ID of the home org.
    pub home: String,
    /// Its name, where one is known.
    pub org: Option<String>,
    /// Where there are secrets for which something is left out.
    pub hidden: Vec<Place>,
    /// Whether the IDs are those of a server, on which the objects are.
    pub are_there: bool,
}

/// One object.
#[derive(Debug)]
pub struct Made {
    /// Its kind.
    pub kind: Kind,
    /// The object as a server would show it.
    pub object: Object,
    /// Where it is declared.
    pub place: Place,
    /// The variable that its name is taken from.
    pub named_by: Option<String>,
    /// Whether it is only referred to.
    pub external: bool,
    /// What is said of its texts that look like secrets.
    pub copied: Vec<Diagnostic>,
    /// Where its scripts and messages have secrets, for which it is left out, and what to do about it.
    pub in_scripts: (Vec<Place>, &'static str),
    /// The keys whose secrets come from the environment, each with what is told of it.
    pub unnamed: Vec<(&'static str, usize)>,
}

/// A variable of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// What it is where nothing is said; none where it has to be said.
    pub default: Option<String>,
    /// What stands in its place while the project is made.
    pub stand_in: Option<String>,
}

/// So many of its secrets are shown of what is left out for them.
const SHOWN: usize = 3;
/// What stands for a variable of the environment until it is known what that is called.
pub(super) const UNNAMED: &str = "{ env = \"NAME\" }";

/// The user that everything is asked as: no source names it.
const ME: &str = "0000000000000002";

impl Made {
    /// An object as it stands at `place`.
    pub fn new(kind: Kind, object: Object, place: Place) -> Self {
        let (copied, in_scripts, unnamed) = (Vec::new(), (Vec::new(), ""), Vec::new());
        Self { kind, object, place, named_by: None, external: false, copied, in_scripts, unnamed }
    }

    /// Its kind and ID.
    pub fn id(&self) -> ObjectId {
        (self.kind, self.object.id.clone())
    }
}

impl Converted {
    /// Leaves out these objects, and says why.
    pub fn refuse(&mut self, wrong: &BTreeMap<ObjectId, String>) {
        let (told, made, hidden) = (&mut self.told, &mut self.made, &mut self.hidden);
        made.retain_mut(|Made { kind, object, place, in_scripts, .. }| {
            let Some(why) = wrong.get(&(*kind, object.id.clone())) else { return true };
            let message = format!("the {kind} `{}` cannot be converted: {why}", without_secrets(&object.name));
            let mut error = Diagnostic::error(Code::ConvertObject, message).at(place.clone(), "left out");
            if why.ends_with(IN_PLAIN_TEXT) {
                let (secrets, help) = in_scripts;
                let shown = secrets.iter().take(SHOWN);
                error =
                    shown.fold(error, |error, secret| error.at(secret.clone(), "a secret in plain text")).help(*help);
                hidden.append(secrets);
            }
            told.push(error);
            false
        });
    }

    /// Leaves out what cannot be there together with others, or without what is not there.
    pub fn settle(&mut self) {
        self.tell_apart();
        loop {
            let there: BTreeSet<ObjectId> = self.made.iter().map(Made::id).collect();
            let home = self.home.as_str();
            let lacking = self.made.iter_mut().filter_map(|made| Some((made.id(), lacks(made, &there, home)?)));
            let lacking: BTreeMap<ObjectId, String> = lacking.collect();
            self.refuse(&lacking);
            if lacking.is_empty() {
                break;
            }
        }
    }

    /// Leaves out what has a name that another object has, where a server keeps these apart.
    fn tell_apart(&mut self) {
        let mut known: BTreeMap<NaturalKey<&str>, &Place> = BTreeMap::new();
        let mut twice = Vec::new();
        for made in &self.made {
            let org = made.object.org.as_deref();
            let Some(key) = NaturalKey::unique(made.kind, org, &made.object.name) else { continue };
            match known.get(&key) {
                Some(first) => {
                    let message = format!("two {}s are called `{}`", made.kind, without_secrets(&made.object.name));
                    let told = Diagnostic::error(Code::ConvertObject, message).at(made.place.clone(), "left out");
                    twice.push((made.id(), told.at((*first).clone(), "the first one")));
                }
                None => drop(known.insert(key, &made.place)),
            }
        }
        let (gone, told): (BTreeSet<ObjectId>, Vec<Diagnostic>) = twice.into_iter().unzip();
        self.made.retain(|made| !gone.contains(&made.id()));
        self.told.extend(told);
    }

    /// The server that has these objects and nothing else.
    pub fn snapshot(&self) -> Snapshot {
        let view = || View { sight: Sight::Complete, objects: BTreeMap::new(), missing: BTreeMap::new() };
        let mut kinds: BTreeMap<Kind, View> = Kind::ALL.iter().map(|kind| (*kind, view())).collect();
        for made in &self.made {
            if let Some(view) = kinds.get_mut(&made.kind) {
                view.objects.insert(made.object.id.clone(), made.object.clone());
            }
        }
        Snapshot { home: Some(self.home.clone()), me: ME.to_owned(), kinds, ..Snapshot::default() }
    }

    /// The name of each object whose name is taken from a variable, as it is written.
    pub fn names(&self) -> BTreeMap<ObjectId, String> {
        let named = self.made.iter().filter_map(|made| Some((made.id(), made.named_by.as_ref()?)));
        named.map(|(id, variable)| (id, format!("${{var.{variable}}}"))).collect()
    }

    /// Says of each of these objects, once, without which field it is converted, and why.
    pub fn note<'n>(&mut self, without: impl IntoIterator<Item = (ObjectId, &'n str, &'n str)>) {
        let made: BTreeMap<ObjectId, &Made> = self.made.iter().map(|made| (made.id(), made)).collect();
        let mut known: BTreeSet<String> = self.told.iter().map(|told| told.message.clone()).collect();
        for (id, field, why) in without {
            let Some(made) = made.get(&id) else { continue };
            let name = without_secrets(&made.object.name);
            let message = format!("the {} `{name}` is converted without `{field}`: {why}", id.0);
            if known.insert(message.clone()) {
                let told = Diagnostic::warning(Code::ConvertPart, message);
                self.told.push(told.at(made.place.clone(), "left out"));
            }
        }
    }

    /// Says which texts of the objects look like secrets, and hides them wherever their lines are shown; returns how many there are.
    pub fn tell_copied(&mut self) -> usize {
        let declared = self.made.iter_mut().filter(|made| !made.external);
        let copied: Vec<Diagnostic> = declared.flat_map(|made| std::mem::take(&mut made.copied)).collect();
        let count = copied.len();
        self.told.extend(copied);
        hide_secrets(&mut self.told, &self.hidden);
        count
    }

    /// Says which variables of the environment are those that the project reads secrets from.
    pub fn name_variables(&mut self, environment: &BTreeMap<(ObjectId, String), String>) {
        for made in &self.made {
            for (key, n) in &made.unnamed {
                let Some(name) = environment.get(&(made.id(), (*key).to_owned())) else { continue };
                let Some(help) = self.told.get_mut(*n).and_then(|told| told.help.as_mut()) else { continue };
                *help = help.replace(UNNAMED, &format!("{{ env = \"{name}\" }}"));
            }
        }
    }

    /// Declares the variables in the files of the project.
    pub fn declare(&self, files: &mut BTreeMap<String, String>) {
        if self.variables.is_empty() {
            return;
        }
        let Some(head) = files.get_mut(HEAD) else { return };
        head.push_str("\n[var]\n");
        for (name, variable) in &self.variables {
            match &variable.default {
                Some(default) => head.push_str(&format!("{name} = {{ default = {} }}\n", quoted(default))),
                None => head.push_str(&format!("{name} = {{}}\n")),
            }
        }
    }

    /// Puts variables in the place of what has stood for them.
    pub fn fill_in(&self, files: &mut BTreeMap<String, String>) {
        let stand_ins = self.variables.iter().filter_map(|(name, variable)| Some((name, variable.stand_in.as_ref()?)));
        let meant: BTreeMap<String, String> =
            stand_ins.map(|(name, stand_in)| (quoted(stand_in), format!("\"${{var.{name}}}\""))).collect();
        if !meant.is_empty() {
            files.values_mut().for_each(|text| *text = filled_in(text, &meant));
        }
    }

    /// What is given to the project while it is checked.
    pub fn given(&self) -> Vec<(String, String)> {
        let stand_ins = self.variables.iter().filter_map(|(name, variable)| Some((name, variable.stand_in.as_ref()?)));
        stand_ins.map(|(name, stand_in)| (name.clone(), stand_in.clone())).collect()
    }
}

/// `text` with what is meant in the place of each string in quotes that stands for something.
fn filled_in(text: &str, meant: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(begin) = rest.find('"') {
        // The end of one string may be the begin of another.
        let end = rest[begin + 1..].find('"').map_or(rest.len(), |length| begin + length + 2);
        match meant.get(&rest[begin..end]) {
            Some(meant) => {
                out += &rest[..begin];
                out += meant;
                rest = &rest[end..];
            }
            None => {
                out += &rest[..=begin];
                rest = &rest[begin + 1..];
            }
        }
    }
    out + rest
}

/// What `made` needs and is not `there`; what it can do without is taken out of it.
fn lacks(made: &mut Made, there: &BTreeSet<ObjectId>, home: &str) -> Option<String> {
    let is_there = |of: &Ref| match of {
        Ref::Id(kind, id) => there.contains(&(*kind, id.clone())) || *kind == Kind::HOME && id == home,
        Ref::To(_) | Ref::Home => true,
    };
    for field in made.kind.spec().fields {
        match made.object.fields.get(field.name) {
            Some(Value::Ref(of)) if !is_there(of) => {
                if field.role == Role::Org {
                    return Some("its org is not in the source".to_owned());
                }
                if field.omitted == Omitted::Required {
                    return Some(format!("its {} is not in the source, or was left out", field.name));
                }
                made.object.fields.remove(field.name);
            }
            Some(Value::Refs(set)) if !set.iter().all(is_there) => {
                let left = set.iter().filter(|of| is_there(of)).cloned().collect();
                made.object.fields.set(field.name, Value::Refs(left));
            }
            _ => {}
        }
    }
    (made.kind.spec().level == Level::Org && made.object.org.is_none())
        .then(|| "the source does not say its org".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_variable_is_put_in_its_place() {
        let meant =
            BTreeMap::from([("\"a\"".to_owned(), "\"${var.a}\"".to_owned()), ("\"b\"".to_owned(), "B".to_owned())]);
        let filled = |text: &str| filled_in(text, &meant);
        assert_eq!(
            filled("x = \"a\"\ny = [\"a\", \"c\", \"b\"]\nz = \"a"),
            "x = \"${var.a}\"\ny = [\"${var.a}\", \"c\", B]\nz = \"a"
        );
        assert_eq!(filled("\"\"\"a\"\"\""), "\"\"\"${var.a}\"\"\"");
        assert_eq!(filled(""), "");
    }
}
