//! A signed ledger, and somebody who may write labels and has no key.

use std::sync::Arc;

use super::*;
use crate::ledger::fake::{Dice, Fake, Fault};
use crate::ledger::journal::{Journal, remove_all, sign};
use crate::ledger::seal::Seal;
use crate::ledger::{Entry, Key, Permit, Update};

fn key(text: &str) -> Key {
    Key::new(&text.repeat(32).into()).expect("a key")
}

fn allowed() -> Permit {
    Arc::new(|| Box::pin(async { Ok(()) }))
}

fn put(n: u64, name: &str) -> Update {
    let entry = Entry { org: Some("home".into()), ..Entry::blank(format!("{n:016x}"), name.repeat(100)) };
    Update::Put(crate::address::Address::new(Kind::Bucket, format!("b{n}")), Box::new(entry))
}

fn signed(server: &Fake, key: &Key) -> Result<(Ledger, State), LedgerError> {
    decode(&server.rows(), "iot", "home", &Trust::Signed(key.clone()))
}

/// Records these updates one write after another; whatever fails ends the run, as it would.
async fn run(server: &Fake, key: &Key, updates: impl IntoIterator<Item = Update>) {
    let (_, state) = signed(server, key).expect("a ledger");
    let Ok(journal) = Journal::begin(server.clone(), state, BTreeMap::new(), allowed()).await else { return };
    for update in updates {
        if journal.record_and_wait(update).await.is_err() {
            return;
        }
    }
    let _ = journal.finish(None).await;
}

/// A ledger of three pages or so.
async fn some(key: &Key) -> Fake {
    let server = Fake::new();
    run(&server, key, (0..100).map(|n| put(n, "raw__"))).await;
    assert!(server.rows().len() > 3, "{}", server.rows().len());
    server
}

#[tokio::test(start_paused = true)]
async fn it_is_read_with_its_key_and_written_with_nothing_else() {
    let key = key("a");
    let server = some(&key).await;
    let (ledger, state) = signed(&server, &key).expect("signed");
    assert_eq!((ledger.entries.len(), state.signature().map(|(verified, _)| verified)), (100, Some(true)));
    let (blind, state) = decode(&server.rows(), "iot", "home", &Trust::Any).expect("it can be read");
    assert_eq!((blind, state.signature().map(|(verified, _)| verified)), (ledger, Some(false)));
    server.log();
    let error = Journal::begin(server.clone(), state.clone(), BTreeMap::new(), allowed()).await.expect_err("no key");
    assert!(error.to_string().contains("has no key to sign it with"), "{error}");
    remove_all(&server, state, &allowed()).await.expect_err("no key");
    assert_eq!(server.log(), [""; 0]);
    let (_, state) = signed(&server, &key).expect("signed");
    remove_all(&server, state, &allowed()).await.expect("removed");
    assert_eq!(server.rows(), []);
}

#[tokio::test(start_paused = true)]
async fn what_an_older_version_would_not_understand_has_a_newer_format() {
    let server = some(&key("a")).await;
    assert!(server.rows().iter().all(|row| row.get("format") == Some("2")));
    let unsigned = Fake::new();
    let journal = Journal::begin(unsigned.clone(), State::new("iot", "home"), BTreeMap::new(), allowed()).await;
    journal.expect("begun").finish(None).await.expect("finished");
    assert!(unsigned.rows().iter().all(|row| row.get("format") == Some("1")));
}

/// The label `row` as somebody without the key may write it: with this content, and a right checksum.
fn forged(row: &Row, part: Part, of: &Of<'_>, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Row {
    let read = Of { project: "iot", org: "home", seal: None };
    let mut content = part.open(row, &read, &Trust::Any).expect("a label").content;
    change(&mut content);
    Row { properties: part.seal(of, &content), ..row.clone() }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_without_the_key_writes_is_refused_with_its_cure() {
    let (ours, theirs) = (key("a"), key("b"));
    let server = some(&ours).await;
    let rows = server.rows();
    let at = |name: &str| rows.iter().position(|row| row.name == name).expect("a label");
    let (head, page) = (at("fluxform/iot"), at("fluxform/iot/1"));
    let word = rows[head].get("ledger").expect("signed").to_owned();
    let plain = Of { project: "iot", org: "home", seal: None };
    let other = Of { seal: Some(Seal { key: &theirs, ledger: &word, write: 3 }), ..plain };
    let add = |content: &mut BTreeMap<String, String>| {
        let Update::Put(address, entry) = put(7777, "the operator's token") else { unreachable!() };
        content.insert(crate::ledger::page::entry_key(&address), crate::ledger::page::text(&*entry));
    };
    let part = Part::Page(1);
    let unsigned = forged(&rows[page], part, &plain, add);
    let others = forged(&rows[page], part, &other, add);
    let kept = {
        // With the old signature and a checksum that is right.
        let seal = Seal { key: &ours, ledger: &word, write: 3 };
        let mut row = forged(&rows[page], part, &Of { seal: Some(seal), ..plain }, add);
        let code = rows[page].get("signature").expect("signed").to_owned();
        row.properties.insert("signature".into(), code);
        let sum = crate::ledger::page::checksum(&row.properties);
        row.properties.insert("checksum".into(), sum);
        row
    };
    let mut copied = rows[at("fluxform/iot/2")].clone();
    (copied.id, copied.name) = (rows[page].id.clone(), rows[page].name.clone());
    let elsewhere = Fake::new();
    run(&elsewhere, &ours, [put(1, "raw")]).await;
    let of_another = elsewhere.rows().into_iter().find(|row| row.name == "fluxform/iot/1").expect("a page");
    let of_another = Row { id: rows[page].id.clone(), ..of_another };
    let new = Row {
        id: "00000000000000ff".into(),
        name: "fluxform/iot/9".into(),
        properties: forged(&rows[page], part, &plain, add).properties,
    };
    let new = Row {
        properties: {
            let mut all = new.properties.clone();
            all.insert("page".into(), "9".into());
            let sum = crate::ledger::page::checksum(&all);
            all.insert("checksum".into(), sum);
            all
        },
        ..new
    };
    let mut seen = Vec::new();
    for (what, at, row) in [
        ("a page without a signature", page, unsigned),
        ("a page with another key", page, others),
        ("a page with a signature of before", page, kept),
        ("a page in the place of another", page, copied),
        ("a page of another ledger of the same name", page, of_another),
        ("a head without a signature", head, forged(&rows[head], Part::Head, &plain, |_| {})),
        ("a page that is new", rows.len(), new),
    ] {
        let mut rows = rows.clone();
        rows.truncate(rows.len().max(at));
        if at == rows.len() {
            rows.push(row);
        } else {
            rows[at] = row;
        }
        let error = decode(&rows, "iot", "home", &Trust::Signed(ours.clone())).expect_err(what);
        let diagnostic = error.diagnostic();
        seen.push(format!("## {what}\n{}: {}\nhelp: {}", diagnostic.code, error, diagnostic.help.expect("a cure")));
    }
    insta::assert_snapshot!(seen.join("\n\n"));
}

/// All that a label has been, and that it was not there.
fn versions(history: &[Vec<Row>], id: &str) -> Vec<Option<Row>> {
    let mut versions: Vec<Option<Row>> = vec![None];
    for rows in history {
        let row = rows.iter().find(|row| row.id == id).cloned();
        if !versions.contains(&row) {
            versions.push(row);
        }
    }
    versions
}

#[tokio::test(start_paused = true)]
async fn what_is_accepted_was_once_there_as_a_whole() {
    let key = key("a");
    let mut accepted = 0;
    for seed in 0..6 {
        let (server, dice) = (Fake::new(), Dice::new(seed));
        server.world(|world| world.history = Some(Vec::new()));
        for _ in 0..5 {
            // Some runs die in the middle of a group, before or after the server has done what they asked for.
            let fault = [Fault::LostReply, Fault::LostRequest, Fault::Denied][(dice.next() % 3) as usize];
            let before = (dice.next() % 30) as usize;
            server.world(|world| {
                world.faults = std::iter::repeat_n(None, before).chain(std::iter::repeat_n(Some(fault), 3)).collect();
            });
            let updates = (0..40).map(|_| match dice.next() % 4 {
                0 => Update::Remove(crate::address::Address::new(Kind::Bucket, format!("b{}", dice.next() % 90))),
                _ => put(
                    dice.next() % 90,
                    ["a name of some length", "a longer name than that"][(dice.next() % 2) as usize],
                ),
            });
            let updates: Vec<_> = updates.collect();
            let (_, state) = signed(&server, &key).expect("whatever has happened");
            if let Ok(journal) = Journal::begin(server.clone(), state, BTreeMap::new(), allowed()).await {
                for group in updates.chunks(8) {
                    group.iter().for_each(|update| journal.record(update.clone()));
                    if journal.record_and_wait(put(dice.next() % 90, "last")).await.is_err() {
                        break;
                    }
                }
                let _ = journal.finish(None).await;
            }
            server.world(|world| world.faults.clear());
        }
        let history = server.world(|world| world.history.take().expect("it was kept"));
        let ids: BTreeMap<String, ()> = history.iter().flatten().map(|row| (row.id.clone(), ())).collect();
        let all: Vec<Vec<Option<Row>>> = ids.keys().map(|id| versions(&history, id)).collect();
        assert!(all.len() > 2, "several pages: {}", all.len());
        let read = |rows: &[Row]| decode(rows, "iot", "home", &Trust::Signed(key.clone())).map(|(ledger, _)| ledger);
        let was: Vec<Ledger> = history.iter().map(|rows| read(rows).expect("it was there")).collect();
        for _ in 0..600 {
            // Close to one moment, or the mix would be refused for the coarsest reason each time.
            let moment = (dice.next() % history.len() as u64) as usize;
            let rows: Vec<Row> = ids
                .keys()
                .zip(&all)
                .filter_map(|(id, versions)| {
                    let now = history[moment].iter().find(|row| row.id == *id).cloned();
                    let at = versions.iter().position(|version| *version == now).expect("it was there");
                    let other = (at + (dice.next() % 5) as usize).saturating_sub(2).min(versions.len() - 1);
                    versions[if dice.next().is_multiple_of(2) { at } else { other }].clone()
                })
                .collect();
            if let Ok(ledger) = read(&rows) {
                accepted += 1;
                let empty = Ledger::default();
                let same = |was: &&Ledger| (&was.entries, &was.intents) == (&ledger.entries, &ledger.intents);
                assert!(was.iter().chain([&empty]).any(|was| same(&was)), "a mix is accepted, with seed {seed}");
            }
        }
    }
    assert!(accepted > 100, "the moments themselves: {accepted}");
}

/// Two runs at once have written to one page, or somebody has edited it.
#[tokio::test(start_paused = true)]
async fn what_does_not_match_its_checksum_is_shown_and_signed() {
    let (key, server) = (key("a"), Fake::new());
    let journal = Journal::begin(server.clone(), State::new("iot", "home"), BTreeMap::new(), allowed()).await;
    let journal = journal.expect("begun");
    (0..2).for_each(|n| journal.record(put(n, "raw")));
    journal.finish(None).await.expect("finished");
    let (before, _) = decode(&server.rows(), "iot", "home", &Trust::Any).expect("unsigned");
    let page = server.find("fluxform/iot/1").remove(0);
    server.merge(&page.id, &[("checksum".to_owned(), "another run's".to_owned())].into()).expect("merged");
    let error = decode(&server.rows(), "iot", "home", &Trust::Any).expect_err("edited");
    assert!(error.help().expect("help").contains("`fluxform ledger sign`"), "{error}");
    let shown = || decode(&server.rows(), "iot", "home", &Trust::Shown(key.clone())).expect("whatever it is");
    assert_eq!(shown().0, before);
    sign(server.clone(), shown().1, allowed()).await.expect("signed");
    assert_eq!(signed(&server, &key).expect("signed").0, before);
}

#[tokio::test(start_paused = true)]
async fn an_old_ledger_is_signed_as_it_is_also_at_the_second_try() {
    let key = key("a");
    for stop_after in 0..6 {
        let server = Fake::new();
        let journal = Journal::begin(server.clone(), State::new("iot", "home"), BTreeMap::new(), allowed()).await;
        let journal = journal.expect("begun");
        (0..100).for_each(|n| journal.record(put(n, "raw__")));
        journal.finish(None).await.expect("finished");
        let (before, _) = decode(&server.rows(), "iot", "home", &Trust::Any).expect("unsigned");
        signed(&server, &key).expect_err("unsigned");
        let shown = || decode(&server.rows(), "iot", "home", &Trust::Shown(key.clone())).expect("whoever wrote it");
        let faults = std::iter::repeat_n(None, stop_after).chain([Some(Fault::Denied)]);
        server.world(|world| world.faults = faults.collect());
        let first = sign(server.clone(), shown().1, allowed()).await;
        server.world(|world| world.faults.clear());
        assert_eq!(shown().0, before, "after {stop_after}");
        if first.is_err() {
            signed(&server, &key).expect_err("not all of it");
            sign(server.clone(), shown().1, allowed()).await.expect("the second try");
        }
        let (ledger, _) = signed(&server, &key).expect("signed");
        assert_eq!(ledger, before, "after {stop_after}");
        run(&server, &key, [put(7, "new")]).await;
        signed(&server, &key).expect("and goes on so");
    }
}
