//! Libraries of scripts that change, and of new ones.

use super::super::sample::{change, field, script};
use super::*;
use crate::diff::Reason;
use crate::kind::Kind;

fn text(import: &str, library: &str, own: &str) -> String {
    format!("import \"date\"\n{import}{USE}lib/a.flux\n\n{library}\n{END}\n{own}\n")
}

fn update(key: &str, old: &str, new: &str) -> Change {
    let field = field("flux", Some(script(old)), script(new), None, Cause::Yours);
    Change { fields: vec![field], ..change(Kind::Task, key, Action::Update, Reason::Differs) }
}

#[test]
fn what_a_library_changes_alike_is_shown_once() {
    let import = format!("import \"math\" {USE}lib/a.flux\n");
    let old = |own: &str| text("", "a = 1", own);
    let new = |own: &str| text(&import, "a = 2", own);
    let changes = [
        update("x", &old("x"), &new("x")),
        update("y", &old("y"), &new("z")),
        // Another change of the same library.
        update("z", &text("", "a = 3", "x"), &new("x")),
        update("w", "b = 1", "b = 2"),
    ];
    let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
    let [library] = &*shared.libraries else { panic!("{shared:?}") };
    let addresses: Vec<String> = library.addresses.iter().map(ToString::to_string).collect();
    assert_eq!((library.name.as_str(), addresses), ("lib/a.flux", vec!["task.x".to_owned(), "task.y".to_owned()]));
    let count = |lines: &[Line]| lines.iter().filter(|line| matches!(line, Line::Old(_) | Line::New(_))).count();
    assert_eq!(count(&library.lines), 3);
    assert_eq!(changes.each_ref().map(|change| shared.is_all(change)), [true, false, false, false]);
    assert_eq!(
        changes.each_ref().map(|change| shared.rest(change).map(|rest| count(&rest.lines))),
        [Some(0), Some(2), None, None]
    );
}

#[test]
fn a_library_that_is_new_is_shown_once_and_one_alone_with_its_script() {
    let by_hand = "import \"date\"\na = 1\nx\n";
    let changes = [update("x", by_hand, &text("", "a = 2", "x")), update("y", by_hand, &text("", "a = 2", "x"))];
    let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
    assert_eq!(shared.libraries.len(), 1);
    assert!(shared.rest(&changes[0]).is_some_and(|rest| !rest.is_all && !rest.lines.is_empty()));
    assert!(Shared::of(&[&changes[0]]).libraries.is_empty());
}

#[test]
fn another_order_of_libraries_is_shown_with_each_script() {
    let text = |first: &str, second: &str, comment: &str| {
        format!("{USE}{first}\n{first}1 = 1 // {comment}\n{USE}{second}\n{second}1 = 1 // {comment}\n{END}\nx\n")
    };
    let one = |key: &str, new: &str| update(key, &text("a", "b", "c"), new);
    let (same, swapped) = (text("a", "b", "d"), text("b", "a", "d"));
    let changes = [one("x", &same), one("y", &same), one("z", &swapped), one("w", &swapped)];
    let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
    assert_eq!(changes.each_ref().map(|change| shared.is_all(change)), [true, true, false, false]);
    assert_eq!(changes.each_ref().map(|change| shared.rest(change).is_some()), [true, true, false, false]);
}

#[test]
fn a_change_with_more_to_say_is_not_all_of_it() {
    let one = |key: &str| update(key, &text("", "a = 1", "x"), &text("", "a = 2", "x"));
    let mut more = one("y");
    more.fields.push(field("every", None, super::super::sample::duration("1h"), None, Cause::Yours));
    let moved = Change { moved_from: Some(Address::new(Kind::Task, "old")), ..one("z") };
    let changes = [one("x"), more, moved];
    let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
    assert_eq!(changes.each_ref().map(|change| shared.is_all(change)), [true, false, false]);
    let drifted = |key: &str| {
        let mut change = one(key);
        change.fields[0].cause = Cause::Drift;
        change
    };
    assert!(Shared::of(&[&drifted("x"), &drifted("y")]).libraries.is_empty());
}

#[test]
fn a_library_of_new_scripts_is_shown_once_even_of_one() {
    let new = |key: &str, own: &str| {
        let field = field(
            "flux",
            None,
            script(&text("import \"math\" // fluxform: use lib/a.flux\n", "a = 1", own)),
            None,
            Cause::New,
        );
        Change { fields: vec![field], ..change(Kind::Task, key, Action::Create, Reason::New) }
    };
    let (x, y) = (new("x", "x"), new("y", "y"));
    for changes in [vec![&x], vec![&x, &y]] {
        let shared = Shared::of(&changes);
        let [library] = &*shared.libraries else { panic!("{shared:?}") };
        assert_eq!(
            (library.scripts, library.addresses.len(), library.action),
            (changes.len(), changes.len(), Action::Create)
        );
        let lines = |lines: &[Line]| lines.iter().map(|line| format!("{line:?}")).collect::<String>();
        assert!(lines(&library.lines).contains("a = 1") && lines(&library.lines).contains("math"), "{library:?}");
        let rest = shared.rest(&x).expect("what is its own");
        let own = lines(&rest.lines);
        assert!(
            own.contains("date") && own.contains("\"x\"") && !own.contains("a = 1") && !own.contains("fluxform:"),
            "{own}"
        );
        assert!(!shared.is_all(&x));
    }
}

/// A dashboard with two cells that have a library, one among several queries.
fn cells(library: &str, own: &str) -> Value {
    let query = |own: &str| Value::Script(crate::value::Script::query(text("", library, own)));
    let table = |fields: Vec<(&str, Value)>| {
        Value::Table(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    let queries = vec![
        table(vec![("flux", query("one"))]),
        table(vec![("flux", query(own)), ("name", Value::Text("q".to_owned()))]),
    ];
    table(vec![
        ("CPU", table(vec![("at", Value::List(vec![Value::Integer(0), Value::Integer(0)])), ("flux", query("x"))])),
        ("RAM", table(vec![("queries", Value::List(queries)), ("xy", table(vec![]))])),
    ])
}

#[test]
fn cells_of_a_dashboard_have_libraries_too() {
    let update = |library: &str, own: &str| {
        let field = field("cell", Some(cells("a = 1", "two")), cells(library, own), None, Cause::Yours);
        Change { fields: vec![field], ..change(Kind::Dashboard, "d", Action::Update, Reason::Differs) }
    };
    let (all, some) = (update("a = 2", "two"), update("a = 2", "other"));
    let task = self::update("x", &text("", "a = 1", "x"), &text("", "a = 2", "x"));
    let shared = Shared::of(&[&all, &task]);
    let [library] = &*shared.libraries else { panic!("{shared:?}") };
    assert_eq!((library.scripts, library.addresses.len()), (4, 2));
    assert!(shared.is_all(&all) && shared.is_all(&task));
    let shared = Shared::of(&[&some]);
    let rest = shared.rest(&some).expect("what else differs");
    let lines: Vec<_> = rest.lines.iter().filter(|line| matches!(line, Line::Old(_) | Line::New(_))).collect();
    assert_eq!((shared.libraries.len(), lines.len(), shared.is_all(&some)), (1, 2, false), "{rest:?}");
    // Where one of a cell's scripts has another library, all of the cell is shown.
    let mut mixed = update("a = 2", "two");
    let Value::Table(wanted) = &mut mixed.fields[0].wanted else { panic!("a table") };
    let Value::Table(old) = cells("a = 3", "two") else { panic!("a table") };
    wanted.insert("CPU".to_owned(), old["CPU"].clone());
    let shared = Shared::of(&[&mixed]);
    assert_eq!(shared.libraries.iter().map(|library| library.scripts).collect::<Vec<_>>(), [2]);
    let shown: String =
        shared.rest(&mixed).expect("the other cell").lines.iter().map(|line| format!("{line:?}")).collect();
    assert!(shown.contains("CPU") && shown.contains('3') && !shown.contains("RAM"), "{shown}");
}

#[test]
fn a_new_dashboard_shows_its_own_text() {
    let field = field("cell", None, cells("a = 1", "two"), None, Cause::New);
    let new = Change { fields: vec![field], ..change(Kind::Dashboard, "d", Action::Create, Reason::New) };
    let shared = Shared::of(&[&new]);
    let [library] = &*shared.libraries else { panic!("{shared:?}") };
    assert_eq!((library.scripts, library.lines.len()), (3, 2), "{library:?}");
    let own: String = shared.rest(&new).expect("its own").lines.iter().map(|line| format!("{line:?}\n")).collect();
    assert!(
        own.contains("two")
            && own.contains("xy")
            && own.contains("CPU")
            && !own.contains("a = 1")
            && !own.contains("fluxform:"),
        "{own}"
    );
}
