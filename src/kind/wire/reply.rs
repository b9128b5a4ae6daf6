//! Objects as replies have them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{CREATED, ID, ORG};
use crate::api::Identified;
use crate::field::{Field, Omitted, Type};
use crate::kind::label;
use crate::kind::live::{Live, Object, Standing};
use crate::value::{Ref, Script, Value};

/// An object in a reply, key by key. What is `null` is not there.
pub(in crate::kind) struct Row(Vec<(&'static str, Box<RawValue>)>);

impl Row {
    /// What stands under `key`.
    pub(in crate::kind) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, String> {
        let raw = self.0.iter().find(|(known, _)| *known == key).map(|(_, raw)| raw.get());
        raw.map(serde_json::from_str).transpose().map_err(|error| format!("`{key}`: {error}"))
    }

    /// It as JSON.
    fn json(&self) -> String {
        let pairs = self.0.iter().map(|(key, raw)| format!("\"{key}\":{}", raw.get()));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }

    /// The text under `key`, empty where there is none.
    pub(in crate::kind) fn text(&self, key: &str) -> Result<String, String> {
        self.get(key).map(Option::unwrap_or_default)
    }

    /// The value of `field`, which is under `key`.
    fn value(&self, field: &Field, key: &str) -> Result<Option<Value>, String> {
        Ok(match field.ty {
            Type::Text | Type::Choice(_) => Some(Value::Text(self.text(key)?)),
            Type::TextFile(_) => Some(Value::Script(Script::verbatim(self.text(key)?))),
            Type::Integer => self.get(key)?.map(Value::Integer),
            Type::Bool => Some(Value::Bool(self.get(key)?.unwrap_or(false))),
            Type::Map => Some(Value::Map(self.get(key)?.unwrap_or_default())),
            Type::Ref(kind) => self.get(key)?.map(|id| Value::Ref(Ref::Id(kind, id))),
            Type::Refs(_) => Some(label::attached(&self.get::<Vec<_>>(key)?.unwrap_or_default())),
            Type::List(Type::Text) => {
                let texts: Vec<String> = self.get(key)?.unwrap_or_default();
                Some(Value::List(texts.into_iter().map(Value::Text).collect()))
            }
            _ => None,
        })
    }

    fn object<L: Live>(&self, id: String) -> Result<Object, String> {
        let kind = L::WIRE.kind;
        let keys = kind.spec().fields.iter().filter_map(|field| Some((field, field.key()?)));
        let values = keys.map(|(field, key)| Ok(self.value(field, key)?.map(|value| (field.name, value))));
        let org: Option<String> = self.get(ORG)?;
        let mut object = Object {
            id: kind.id_of(org.as_deref(), id),
            org,
            name: String::new(),
            created: self.get(CREATED)?,
            fields: values.filter_map(Result::transpose).collect::<Result<_, String>>()?,
            standing: Standing::Ordinary,
            user: L::WIRE.user.map(|key| self.get(key)).transpose()?.flatten(),
        };
        // Of those of which it has one, a kind reads that one.
        let one_of = kind.spec().one_of.iter().flat_map(|one_of| one_of.fields).filter_map(|field| kind.field(field));
        one_of
            .filter(|field| field.omitted == Omitted::Unset)
            .for_each(|field| object.fields.set(field.name, Value::Unset));
        L::read(self, &mut object)?;
        object.name = kind.title_in(&object.fields).unwrap_or_default().into_owned();
        Ok(object)
    }
}

/// An object as the row of a list, and the row as JSON where its kind keeps it.
pub(super) struct Item<L>(pub(super) Object, pub(super) Option<String>, pub(super) PhantomData<L>);

impl<'de, L: Live> Deserialize<'de> for Item<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys<L>(PhantomData<L>);
        impl<'de, L: Live> Visitor<'de> for Keys<L> {
            type Value = Item<L>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a {}", L::WIRE.kind)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<L>, A::Error> {
                let (mut id, mut row) = (None, Row(Vec::new()));
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    if key == ID {
                        id = Some(map.next_value()?);
                    } else if let Some(key) = L::WIRE.known(&key) {
                        row.0.extend(map.next_value::<Option<Box<RawValue>>>()?.map(|raw| (key, raw)));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                let id = id.ok_or_else(|| A::Error::missing_field(ID))?;
                let kept = L::WIRE.keeps_rows.then(|| row.json());
                Ok(Item(row.object::<L>(id).map_err(A::Error::custom)?, kept, PhantomData))
            }
        }
        deserializer.deserialize_map(Keys(PhantomData))
    }
}

/// What stands under one key of a reply.
struct Under<T>(&'static str, PhantomData<T>);

impl<T> Under<T> {
    fn key(key: &'static str) -> Self {
        Self(key, PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Under<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the key `{}`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| A::Error::missing_field(self.0))
    }
}

/// The reply to a list.
pub(super) struct Page<L>(pub(super) Vec<Item<L>>);

impl<'de, L: Live> Deserialize<'de> for Page<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `null` is a list without rows.
        let rows: Option<Vec<Item<L>>> = deserializer.deserialize_map(Under::key(L::WIRE.rows))?;
        Ok(Self(rows.unwrap_or_default()))
    }
}

/// The reply that is about one object.
pub(super) struct One<L>(pub(super) Item<L>);

impl<'de, L: Live> Deserialize<'de> for One<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match L::WIRE.one {
            Some(key) => deserializer.deserialize_map(Under::key(key)).map(Self),
            None => Item::deserialize(deserializer).map(Self),
        }
    }
}

/// The reply to the request that makes an object.
pub(super) struct New<L>(pub(super) Item<L>);

impl<'de, L: Live> Deserialize<'de> for New<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match L::WIRE.made_bare {
            true => Item::deserialize(deserializer).map(Self),
            false => One::deserialize(deserializer).map(|One(item)| Self(item)),
        }
    }
}

impl<L: Live> Identified for New<L> {
    const TIMED: bool = L::WIRE.timed;

    fn id(&self) -> &str {
        L::WIRE.kind.own_id(&self.0.0.id)
    }
}

/// The object that `json` is.
pub(in crate::kind) fn object<L: Live>(json: &str) -> Result<Object, serde_json::Error> {
    serde_json::from_str(json).map(|Item::<L>(object, ..)| object)
}
