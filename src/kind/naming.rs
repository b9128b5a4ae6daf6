//! What a name is made of: one field, or two with a `/` in between.

use std::borrow::Cow;

use super::Kind;
use crate::field::{Field, Role};
use crate::value::{Fields, Value};

/// What stands between the two parts of a name.
const BETWEEN: &str = "/";

impl Kind {
    /// The fields that the name is made of, in its order; none where the kind has no names that find an object.
    pub fn naming(self) -> impl DoubleEndedIterator<Item = &'static Field> {
        [Role::Name, Role::Subname].into_iter().filter_map(move |role| self.with(role))
    }

    /// The name in `fields`, where the kind has names that find an object.
    pub fn name_in(self, fields: &Fields) -> Option<Cow<'_, str>> {
        let name = fields.text(self.with(Role::Name)?.name)?;
        match self.with(Role::Subname) {
            Some(rest) => Some(Cow::Owned([name, fields.text(rest.name)?].join(BETWEEN))),
            None => Some(Cow::Borrowed(name)),
        }
    }

    /// The field with which `fields` claim what only one object can have, and the part of the name that all of those have that
    /// it is one of; none where they do not.
    pub fn claimed_in(self, fields: &Fields) -> Option<(&'static str, &str)> {
        let claim = self.with(Role::Lone)?.name;
        let of = fields.text(self.with(Role::Name)?.name)?;
        (fields.get(claim) == Some(&Value::Bool(true))).then_some((claim, of))
    }

    /// What `fields` call the object.
    pub fn title_in(self, fields: &Fields) -> Option<Cow<'_, str>> {
        self.name_in(fields).or_else(|| fields.text(self.with(Role::Title)?.name).map(Cow::Borrowed))
    }

    /// What an object named `old` is named once the fields that `new` knows are what it says; none where it knows none of
    /// those that the name is made of.
    pub fn renamed<'a>(self, old: &str, new: impl Fn(&Field) -> Option<&'a str>) -> Option<String> {
        let mut had = old.splitn(self.naming().count(), BETWEEN);
        let parts: Vec<_> = self.naming().map(|field| (new(field), had.next().unwrap_or_default())).collect();
        let is_new = parts.iter().any(|(new, _)| new.is_some());
        is_new.then(|| parts.iter().map(|(new, had)| new.unwrap_or(had)).collect::<Vec<_>>().join(BETWEEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_keeps_the_parts_that_stay() {
        let renamed =
            |kind: Kind, old: &str, field: &'static str| kind.renamed(old, |of| (of.name == field).then_some("new"));
        assert_eq!(renamed(Kind::Bucket, "a/b", "name").as_deref(), Some("new"));
        assert_eq!(renamed(Kind::Bucket, "a/b", "description"), None);
        assert_eq!(renamed(Kind::Token, "a", "description"), None);
        assert_eq!(renamed(Kind::Dbrp, "a/b", "database").as_deref(), Some("new/b"));
        assert_eq!(renamed(Kind::Dbrp, "a/b", "retention_policy").as_deref(), Some("a/new"));
        assert_eq!(renamed(Kind::Dbrp, "a/b", "bucket"), None);
    }
}
