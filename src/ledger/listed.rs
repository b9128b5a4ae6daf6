//! The list of an org's labels as a reply has it. It may be long, and few of its rows are of any project: the others are read
//! over without being kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::labels::Row;
use super::page::MARK;
use crate::api::MOST_ROWS;
use crate::snowflake::{is_id, shown};

/// What names of labels of ledgers and locks begin with.
const NAMES: &str = "fluxform/";

/// What is kept of the list.
#[derive(serde::Deserialize)]
pub(super) struct List {
    labels: Labels,
}

#[derive(Default)]
struct Labels {
    /// With the ID of its org each.
    kept: Vec<(String, Row)>,
    /// The org that the rows say they are of, and the first of another.
    orgs: (Option<String>, Option<String>),
    /// The first ID that is none, or that comes twice.
    bad: Option<String>,
    /// The IDs of all labels, by number.
    ids: HashSet<u64>,
}

#[derive(serde::Deserialize)]
struct Label<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "orgID")]
    org: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    properties: Option<&'a RawValue>,
}

impl Label<'_> {
    /// Whether it is, or may be, of a project: by its mark, or by its name.
    fn is_bookkeeping(&self) -> bool {
        let named = self.name.get(..NAMES.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAMES));
        let marked = || self.properties.is_some_and(|properties| properties.get().contains(MARK));
        named || marked()
    }
}

impl List {
    /// The rows, and the IDs of all labels by number, if all are of the org with the ID `org`.
    ///
    /// # Errors
    /// What is wrong with the list.
    pub(super) fn of(self, org: &str) -> Result<(Vec<Row>, HashSet<u64>), String> {
        let Labels { kept, orgs: (first, second), bad, ids } = self.labels;
        if let Some(id) = bad {
            return Err(not_an_id(&id));
        }
        match [first, second].into_iter().flatten().find(|of| of != org) {
            Some(other) => {
                Err(format!("the list contains labels of the org {other}, but was requested for the org {org}"))
            }
            None => Ok((kept.into_iter().map(|(_, row)| row).collect(), ids)),
        }
    }

    /// The rows of whatever org, with its ID each.
    ///
    /// # Errors
    /// What is wrong with the list.
    pub(super) fn of_any_org(self) -> Result<Vec<(String, Row)>, String> {
        let Labels { kept, bad, .. } = self.labels;
        match bad {
            Some(id) => Err(not_an_id(&id)),
            None => Ok(kept),
        }
    }
}

fn not_an_id(id: &str) -> String {
    format!("the list has a label with the ID `{id}`, which is not an ID or occurs twice")
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Rows)
    }
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of labels")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Labels, A::Error> {
        let mut all = Labels::default();
        while let Some(label) = list.next_element::<Label<'de>>()? {
            if all.ids.len() == MOST_ROWS {
                return Err(A::Error::custom(format!("there are more than {MOST_ROWS} labels")));
            }
            let number = is_id(&label.id).then(|| u64::from_str_radix(&label.id, 16).ok()).flatten();
            if number.is_none_or(|number| !all.ids.insert(number)) {
                all.bad.get_or_insert_with(|| shown(&label.id));
            }
            match &mut all.orgs {
                (Some(first), second) => {
                    if *first != label.org {
                        second.get_or_insert_with(|| label.org.clone().into_owned());
                    }
                }
                (first, _) => *first = Some(label.org.clone().into_owned()),
            }
            if label.is_bookkeeping() {
                let properties = label.properties.map(|properties| serde_json::from_str(properties.get()));
                let properties: BTreeMap<_, _> = properties.transpose().map_err(A::Error::custom)?.unwrap_or_default();
                let row = Row { id: label.id.into_owned(), name: label.name.into_owned(), properties };
                all.kept.push((label.org.into_owned(), row));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ORG: &str = "00000000000000a1";

    fn read(labels: &Value) -> Result<Vec<String>, String> {
        let list: List =
            serde_json::from_str(&json!({"labels": labels}).to_string()).map_err(|error| error.to_string())?;
        Ok(list.of(ORG)?.0.into_iter().map(|row| row.name).collect())
    }

    fn label(id: u32, name: &str, properties: &Value) -> Value {
        json!({"id": format!("{id:016x}"), "orgID": ORG, "name": name, "properties": properties})
    }

    #[test]
    fn only_what_is_of_a_project_is_kept() {
        let plain = json!({"id": "00000000000000ff", "orgID": ORG, "name": "plain"});
        let rows = [
            label(1, "prod", &json!({"color": "#fff"})),
            label(2, "FluxForm/p/lock", &json!({})),
            label(3, "renamed", &json!({"fluxform": "ledger"})),
            plain,
            label(4, "flüxform/x", &json!({})),
        ];
        assert_eq!(read(&json!(rows)), Ok(vec!["FluxForm/p/lock".to_owned(), "renamed".to_owned()]));
    }

    #[test]
    fn rows_of_several_orgs_are_told_apart_where_all_were_asked_for() {
        let mut other = label(2, "fluxform/q", &json!({}));
        other["orgID"] = json!("00000000000000b2");
        let list = json!({"labels": [label(1, "fluxform/p", &json!({})), other]}).to_string();
        let list: List = serde_json::from_str(&list).expect("a list");
        let rows = list.of_any_org().expect("rows");
        let rows: Vec<_> = rows.iter().map(|(org, row)| (org.as_str(), row.name.as_str())).collect();
        assert_eq!(rows, [(ORG, "fluxform/p"), ("00000000000000b2", "fluxform/q")]);
    }

    #[test]
    fn a_list_that_cannot_be_one_is_refused() {
        let mut other = label(2, "b", &json!({}));
        other["orgID"] = json!("00000000000000b2");
        let mut bad = label(2, "b", &json!({}));
        bad["id"] = json!("../orgs/x");
        let mut nameless = label(2, "b", &json!({}));
        nameless.as_object_mut().expect("an object").remove("name");
        for (row, words) in [
            (other, "labels of the org 00000000000000b2"),
            (bad, "`../orgs/x`"),
            (label(1, "b", &json!({})), "twice"),
            (nameless, "missing field `name`"),
            (label(2, "fluxform/p", &json!({"a": 1})), "invalid type"),
        ] {
            let wrong = read(&json!([label(1, "a", &json!({})), row])).expect_err(words);
            assert!(wrong.contains(words), "{wrong}");
        }
    }
}
