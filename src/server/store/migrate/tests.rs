//! Files of format 1, whose rows are here as that version wrote them.

use std::fs;
use std::path::Path;

use redb::{Database, ReadableDatabase as _, TableHandle as _};

use super::*;
use crate::server::place::DataFile;
use crate::server::store::open::{OpenError, open, open_untouched};
use crate::server::store::page::Page;
use crate::server::store::{META, Store, org};

const ORG: &str = "0a0b0c0d0e0f0a0b";
const USER: &str = "0f5a2b3c4d5e6f70";

fn id(text: &str) -> Id {
    text.parse().expect("an ID")
}

fn place(path: &Path) -> DataFile {
    DataFile::chosen(path).expect("a place")
}

/// Makes a file of format 1: an org, two labels, a user with a password. `label` is the record of the second label.
fn make(path: &Path, mark: Option<&[u8]>, label: &str) {
    let database = Database::create(path).expect("a database");
    let transaction = database.begin_write().expect("a transaction");
    let put = |table: &'static str, key: &[u8], value: &[u8]| {
        let mut table = transaction.open_table(Table::new(table)).expect("a table");
        table.insert(key, value).expect("a row");
    };
    let name = |org: &str, name: &str| [&id(org).key(), name.as_bytes()].concat();
    if let Some(mark) = mark {
        put("fluxform", b"format", mark);
    }
    let times = r#""created_at":"2026-11-01T10:00:00.000000001Z","updated_at":"2026-11-01T10:00:00.000000001Z""#;
    put("orgs", &id(ORG).key(), format!(r#"{{"id":"{ORG}","name":"acme","description":"",{times}}}"#).as_bytes());
    put("org_names", b"acme", &id(ORG).key());
    for (key, text, folded) in
        [("0f5a2b3c4d5e0001", r#""Ünit","properties":{"b":"2","a":"1"}"#, "ünit"), ("0f5a2b3c4d5e0002", label, "plain")]
    {
        put("labels", &id(key).key(), format!(r#"{{"id":"{key}","org":"{ORG}","name":{text}}}"#).as_bytes());
        put("label_names", &name(ORG, folded), &id(key).key());
    }
    put(
        "users",
        &id(USER).key(),
        format!(r#"{{"id":"{USER}","name":"ann","oauth_id":"o","status":"inactive"}}"#).as_bytes(),
    );
    put("user_names", b"ann", &id(USER).key());
    put("passwords", &id(USER).key(), br#"{"rounds":1,"salt":"AAAA","digest":"AAAA"}"#);
    transaction.commit().expect("a commit");
}

/// What the file of [`make`] holds, and that it can go on being changed.
fn holds_all(store: &Store) {
    let view = store.view().expect("a view");
    let labels = object::list(&view, &label::CLASS, &Page::default(), |_| true).expect("labels");
    let shown: Vec<_> = labels
        .iter()
        .map(|label| (label.text("name"), serde_json::to_string(label.value("properties")).expect("JSON")))
        .collect();
    assert_eq!(shown, [("Ünit", r#"{"a":"1","b":"2"}"#.to_owned()), ("plain", "{}".to_owned())]);
    assert!(labels.iter().all(|label| label.org == Some(id(ORG))));
    let user = user::find_by_name(&view, "ann").expect("a user");
    assert_eq!((user.id, user.text("oauthID"), user.text("status")), (id(USER), "o", "inactive"));
    assert!(org::find_by_name(&view, "acme").is_ok());
    let mut taken = Object::new(&label::CLASS, store.ids.next(), Some(id(ORG)));
    *taken.value_mut("name") = "ÜNIT".into();
    let clash = store.change(|change| object::insert(change, &taken)).expect("a change");
    assert_eq!(clash, Some(object::Clash::Name));
}

#[test]
fn a_file_of_the_first_format_is_read_untouched_and_moved_when_it_is_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.db");
    for mark in [None, Some(b"1".as_slice())] {
        make(&path, mark, r#""plain","properties":{}"#);
        let bytes = fs::read(&path).expect("a file");
        holds_all(&open_untouched(&place(&path)).expect("a store"));
        assert!(fs::read(&path).expect("a file") == bytes, "reading changes nothing");
        for _ in 0..2 {
            holds_all(&open(&place(&path)).expect("a store"));
        }
        let database = Database::open(&path).expect("a database");
        let transaction = database.begin_read().expect("a transaction");
        let tables: Vec<_> = transaction.list_tables().expect("tables").map(|table| table.name().to_owned()).collect();
        assert!(!FORMER.iter().any(|(former, _)| tables.iter().any(|table| table == former.name())), "{tables:?}");
        let format = transaction.open_table(META).expect("a table").get(FORMAT.0).expect("a row");
        assert_eq!(format.expect("a mark").value(), FORMAT.1);
        fs::remove_file(&path).expect("removed");
    }
}

#[test]
fn damage_in_a_table_that_is_no_more_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.db");
    make(&path, Some(b"1"), r#""plain""#);
    for opened in [open_untouched(&place(&path)), open(&place(&path))] {
        let Err(OpenError::Damaged(what)) = opened.map(drop) else { panic!("opened") };
        assert!(what.starts_with("is damaged (stored record: missing field `properties`"), "{what}");
    }
}
