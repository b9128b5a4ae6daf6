//! What becomes of files: whole ones, left ones, damaged ones, and a disk that is full.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::SmallRng};

use super::*;
use crate::server::store::{object, org};

fn place(path: &Path) -> DataFile {
    DataFile::chosen(path).expect("a place")
}

/// Makes `count` orgs, a transaction each.
fn fill(store: &Store, count: usize) {
    for n in 0..count {
        store.change(|change| org::create(change, &format!("org-{n}"), &"x".repeat(300), None)).expect("an org");
    }
}

/// Every row of every table.
fn dump(store: &Store) -> BTreeMap<(String, Vec<u8>), Vec<u8>> {
    let view = store.view().expect("a view");
    let mut rows = BTreeMap::new();
    for (table, _) in TABLES {
        view.scan(*table, b"", Order::Ascending, None, &mut |key, value| {
            rows.insert((table.name().to_owned(), key.to_vec()), value.to_vec());
            Ok(ControlFlow::Continue(()))
        })
        .expect("rows");
    }
    rows
}

/// A file that was closed in order, and one of the same content whose process was killed.
fn files(dir: &Path) -> [Vec<u8>; 2] {
    let path = dir.join("made.db");
    let store = open(&place(&path)).expect("a store");
    fill(&store, 12);
    let left = fs::read(&path).expect("a file");
    drop(store);
    [fs::read(&path).expect("a file"), left]
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("new/s.db");
    let store = open(&place(&path)).expect("a store");
    fill(&store, 3);
    let rows = dump(&store);
    assert!(matches!(open(&place(&path)), Err(OpenError::Locked)));
    assert!(matches!(open_untouched(&place(&path)), Err(OpenError::Locked)));
    drop(store);
    assert_eq!(dump(&open(&place(&path)).expect("a store")), rows);
    let names: Vec<_> = fs::read_dir(dir.path().join("new")).expect("a directory").collect();
    assert_eq!(names.len(), 1, "nothing is left beside it: {names:?}");
}

#[test]
fn reading_changes_nothing_and_several_may_read_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.db");
    for bytes in files(dir.path()) {
        fs::write(&path, &bytes).expect("a file");
        let modified = fs::metadata(&path).expect("metadata").modified().expect("a time");
        let first = open_untouched(&place(&path)).expect("a store");
        let second = open_untouched(&place(&path)).expect("a store");
        let rows = dump(&first);
        fill(&first, 0);
        first.change(|change| org::create(change, "new", "", None)).expect("an org");
        assert_eq!(dump(&second), rows, "each has its own changes");
        assert_ne!(dump(&first), rows);
        assert!(matches!(open(&place(&path)), Err(OpenError::Locked)), "nobody writes meanwhile");
        drop((first, second));
        assert!(fs::read(&path).expect("a file") == bytes);
        assert_eq!(fs::metadata(&path).expect("metadata").modified().expect("a time"), modified);
        assert_eq!(dump(&open(&place(&path)).expect("a store")), rows);
    }
}

#[test]
fn what_is_not_ours_is_told_and_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.db");
    let foreign = {
        let other = dir.path().join("other.db");
        let database = Database::create(&other).expect("a database");
        let transaction = database.begin_write().expect("a transaction");
        transaction.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).expect("a table");
        transaction.commit().expect("a commit");
        drop(database);
        fs::read(&other).expect("a file")
    };
    let newer = {
        let other = dir.path().join("newer.db");
        let store = open(&place(&other)).expect("a store");
        store.change(|change| change.put(META, FORMAT.0, b"3")).expect("a change");
        drop(store);
        fs::read(&other).expect("a file")
    };
    let unread = {
        let other = dir.path().join("unread.db");
        let store = open(&place(&other)).expect("a store");
        store.change(|change| change.put(org::ORGS, &[0, 0, 0, 0, 0, 0, 0, 1], b"{}")).expect("a change");
        drop(store);
        fs::read(&other).expect("a file")
    };
    let astray = {
        let other = dir.path().join("astray.db");
        let store = open(&place(&other)).expect("a store");
        let row = br#"{"id":"0000000000000001","values":[]}"#;
        store.change(|change| change.put(object::OBJECTS, b"users\0\0\0\0\0\0\0\0\x02", row)).expect("a change");
        drop(store);
        fs::read(&other).expect("a file")
    };
    let [whole, _] = files(dir.path());
    let old_format = {
        let mut bytes = whole.clone();
        bytes[COMMITS[0]] = 1;
        bytes[COMMITS[1]] = 1;
        bytes
    };
    let cases: [(&[u8], &str); 11] = [
        (b"", "it is empty"),
        (b"re", "it is cut off"),
        (&whole[..100], "it is cut off"),
        (b"something else", "it is not a database"),
        (&[0; 100_000], "it is not a database"),
        (&foreign, "it is a database of another program"),
        (&newer, "it was written by another version of fluxform"),
        (&unread, "it is damaged (stored record: missing field"),
        (&astray, "it is damaged (stored index entry is damaged)"),
        (&old_format, "it was written by another version of fluxform"),
        (&whole[..whole.len() - 4096], "it is damaged ("),
    ];
    for (bytes, said) in cases {
        fs::write(&path, bytes).expect("a file");
        for opened in [open_untouched(&place(&path)), open(&place(&path))] {
            let Err(error @ OpenError::Damaged(_)) = opened.map(drop) else { panic!("opened: {said}") };
            assert!(error.to_string().starts_with(said), "{error}, not {said}");
            assert!(fs::read(&path).expect("a file") == bytes, "changed: {said}");
        }
    }
}

/// Whether what is opened is all that there was, or is told to be damaged.
fn is_whole_or_damaged(path: &Path, bytes: &[u8], rows: &BTreeMap<(String, Vec<u8>), Vec<u8>>, what: &str) -> bool {
    fs::write(path, bytes).expect("a file");
    match open_untouched(&place(path)) {
        Ok(store) => {
            assert!(dump(&store) == *rows, "opened with other rows: {what}");
            false
        }
        Err(OpenError::Damaged(_)) => true,
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn damage_is_told_and_never_loses_a_row_in_silence() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.db");
    let mut random = SmallRng::seed_from_u64(8);
    let files = files(dir.path());
    fs::write(&path, &files[0]).expect("a file");
    let rows = dump(&open_untouched(&place(&path)).expect("a store"));
    for (bytes, name) in files.iter().zip(["closed", "left"]) {
        assert!(!is_whole_or_damaged(&path, bytes, &rows, name));
        let mut told = 0;
        let mut tried = 0;
        let mut check = |bytes: &[u8], what: &str| {
            tried += 1;
            told += usize::from(is_whole_or_damaged(&path, bytes, &rows, what));
        };
        let flips = (0..HEADER).flat_map(|at| (0..8).map(move |bit| (at, bit))).step_by(3);
        let anywhere: Vec<_> =
            (0..250).map(|_| (random.random_range(HEADER..bytes.len()), random.random_range(0..8))).collect();
        for (at, bit) in flips.chain(anywhere) {
            // Of a file that was left in use nobody can tell whether this bit was written in time.
            if name == "left" && (at, 1 << bit) == (FLAGS, SECOND_COUNTS) {
                continue;
            }
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            check(&flipped, &format!("{name}, bit {bit} of byte {at}"));
        }
        for _ in 0..60 {
            let at = random.random_range(0..bytes.len());
            check(&bytes[..at], &format!("{name}, cut at {at}"));
            let mut torn = bytes.clone();
            let until = (at + random.random_range(1..20_000)).min(bytes.len());
            torn[at..until].fill(0);
            check(&torn, &format!("{name}, zeros in {at}..{until}"));
            random.fill_bytes(&mut torn[at..until]);
            check(&torn, &format!("{name}, noise in {at}..{until}"));
        }
        let longer = [bytes.as_slice(), &[0; 4096]].concat();
        check(&longer, &format!("{name}, a page more"));
        assert!(told > 100 && told < tried, "{told} of {tried}");
    }
}

#[test]
fn a_full_disk_refuses_what_is_written_and_goes_on_reading() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.db");
    let store = open(&place(&path)).expect("a store");
    fill(&store, 5);
    let rows = dump(&store);
    let room = &store.databases.source().room;
    room.store(fs::metadata(&path).expect("metadata").len(), Ordering::Release);
    let large = "x".repeat(1 << 20);
    let write = |name: &str| store.change(|change| org::create(change, name, &large, None));
    for _ in 0..3 {
        let error = write("large").expect_err("no room");
        assert_eq!(error.to_string(), "the data cannot be written: no storage space");
        assert_eq!(dump(&store), rows);
    }
    // What needs no more room than there is can be written all the same.
    store.change(|change| org::create(change, "small", "", None)).expect("an org");
    // Then not even that.
    room.store(0, Ordering::Release);
    let rows = dump(&store);
    for name in ["small-2", "large"] {
        assert!(matches!(write(name), Err(Error::ReadOnly(_))), "{name}");
        assert_eq!(dump(&store), rows);
    }
    room.store(u64::MAX, Ordering::Release);
    write("large").expect("an org");
    let rows = dump(&store);
    drop(store);
    assert_eq!(dump(&open(&place(&path)).expect("a store")), rows);
}
