//! The list of codes holds together.

use super::*;
use std::collections::BTreeSet;
use std::path::Path;

/// The words of a text, each with a capital: what its variant is called.
fn variant(text: &str) -> String {
    let words = text.split([':', '-']).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

#[test]
fn texts_are_in_order_well_formed_and_those_of_their_variants() {
    assert!(Code::ALL.is_sorted_by(|a, b| a.text() < b.text()) && Code::ALL.is_sorted_by(|a, b| a < b));
    for code in Code::ALL {
        let (group, name) = code.text().split_once("::").unwrap();
        assert!(name.split('-').all(|word| word.starts_with(|c: char| c.is_ascii_lowercase())), "{code}");
        assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{code}");
        assert_eq!((code.group().text(), format!("{code:?}")), (group, variant(code.text())));
        assert_eq!(Code::from_text(code.text()), Some(*code));
    }
    for group in Group::ALL {
        assert_eq!(format!("{group:?}"), variant(group.text()));
    }
    assert_eq!(Code::from_text("bucket::retentio"), None);
}

#[test]
fn titles_are_sentences_without_a_full_stop_and_each_says_something_else() {
    let titles: Vec<&str> =
        Code::ALL.iter().map(|code| code.title()).chain(Group::ALL.iter().map(|group| group.title())).collect();
    for title in &titles {
        assert!(!title.ends_with(['.', ' ']) && title.contains(' ') || title.len() < 20, "{title}");
    }
    assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len());
}

/// All Rust below `dir`, but this file.
fn source(dir: &Path, text: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("diagnostic/code.rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_code_is_used() {
    let mut text = String::new();
    source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let used: BTreeSet<&str> = text
        .split("Code::")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next())
        .collect();
    for code in Code::ALL {
        assert!(used.contains(&*format!("{code:?}")), "{code} is in the list, and nothing says it");
    }
}
