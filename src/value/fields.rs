//! The fields of a resource, or of an object.

use super::Value;

/// The fields of one resource or object, ordered by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.binary_search_by(|(field, _)| (*field).cmp(name)).ok().map(|at| &self.0[at].1)
    }

    /// Sets `name` to `value`.
    pub fn set(&mut self, name: &'static str, value: Value) {
        match self.0.binary_search_by(|(field, _)| (*field).cmp(name)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// None, with room for so many.
    pub fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// Gives back memory that is held for further fields.
    pub fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.binary_search_by(|(field, _)| (*field).cmp(name)).ok().map(|at| self.0.remove(at).1)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// The fingerprint of the script among the fields; empty where there is none.
    pub fn script_fingerprint(&self) -> String {
        let script = self.0.iter().find(|(_, value)| matches!(value, Value::Script(_)));
        script.map(|(_, value)| value.fingerprint()).unwrap_or_default()
    }

    /// The fingerprint of all of them together.
    pub fn fingerprint(&self) -> String {
        Value::Map(self.iter().map(|(name, value)| (name.to_owned(), value.fingerprint())).collect()).fingerprint()
    }

    /// The text of a text field.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl FromIterator<(&'static str, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (&'static str, Value)>>(items: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in items {
            fields.set(name, value);
        }
        fields
    }
}
