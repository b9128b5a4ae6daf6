//! Sections against the whole text, and their price.

use super::*;
use crate::diagnostic::Code;
use crate::limits::{NESTING, VALUES};

fn project(tables: usize) -> String {
    let mut text = String::from("[project]\nname = \"big\"\n");
    for n in 0..tables {
        text += &format!("[bucket.b{n}]\ndescription = '''\n[bucket.x]\n'''\n{}\n", "# filler\n".repeat(20));
    }
    text
}

fn messages(problems: &[Diagnostic]) -> Vec<&str> {
    problems.iter().map(|problem| problem.message.as_str()).collect()
}

/// The table of a good text, read at once and as a file is read.
fn both(text: &str) -> (Table<'static>, Table<'static>) {
    let source = Arc::new(Source::new("a.toml", "a.toml", text.to_owned()));
    let mut problems = Vec::new();
    let whole = Table::read(DeTable::parse(text).expect("TOML").into_inner(), &mut Intake::of(VALUES.size()));
    let parts = parse(&source, &mut Intake::of(VALUES.size()), &mut problems);
    assert!(problems.is_empty(), "{:?}", messages(&problems));
    (owned(whole), owned(parts.expect("a table")))
}

fn owned(table: Table<'_>) -> Table<'static> {
    let Raw::Table(table) = Node { span: Span::default(), value: Raw::Table(table) }.into_owned().value else {
        panic!()
    };
    table
}

/// Whether `text` stands in sections, each for itself.
fn divided(text: &str) -> bool {
    let sections = sections(text);
    sections.len() > 1 && in_sections(text, &sections, &mut Intake::of(VALUES.size())).is_ok()
}

#[test]
fn sections_are_the_whole() {
    let variables: String = (0..20_000).map(|n| format!("[var.v{n}]\ndefault.a.b = {n}\n")).collect();
    let quoted: String = (0..20_000).map(|n| format!("  [ task . \"größer {n}\" ] # c\nevery = '1h'\n")).collect();
    for text in [project(2_000), format!("{}{variables}", project(1)), quoted] {
        assert!(text.len() > PART && divided(&text));
        let (whole, parts) = both(&text);
        assert_eq!(parts, whole);
    }
    assert_eq!(sections(&project(1)).len(), 1, "small files");
}

#[test]
fn only_a_head_divides() {
    let filler = "# filler\n".repeat(PART / 8);
    for line in [
        "[bucket.b]\n",
        "[var.\"a b\"]\n",
        " [ task . 'a' ] # comment\n",
        // It ends what was left open, so that the mistake is found where it is.
        "a = [\n[bucket.b]\n",
    ] {
        assert_eq!(sections(&format!("{filler}{line}")).len(), 2, "{line}");
    }
    for line in [
        "[bucket]\n",
        "[bucket.a.b]\n",
        "[[bucket.a]]\n",
        "[project.a]\n",
        "x = [bucket.a]\n",
        "# [bucket.b]\n",
        "a = '''\n[bucket.b]\n'''\n",
        "a = \"\"\"\n[bucket.b]\n",
    ] {
        assert_eq!(sections(&format!("{filler}{line}")).len(), 1, "{line}");
    }
}

#[test]
fn what_does_not_stand_for_itself_is_read_as_a_whole() {
    let text = project(2_000);
    for far in ["[bucket.b1.lifecycle]\nowned = true\n", "[moved]\na = 1\n[bucket.c]\n[label]\nx = 1\n"] {
        let text = format!("[moved.b]\n{}{far}", text);
        assert!(!divided(&text), "{far}");
        let (whole, parts) = both(&text);
        assert_eq!(parts, whole, "{far}");
    }
}

/// The problems of a text.
fn refused(text: String) -> Vec<Diagnostic> {
    let source = Arc::new(Source::new("a.toml", "a.toml", text));
    let mut problems = Vec::new();
    assert!(parse(&source, &mut Intake::of(VALUES.size()), &mut problems).is_none());
    problems
}

#[test]
fn a_mistake_has_its_place_in_the_file() {
    let [small, large] = [10_000, 60_000].map(|tables| {
        let mut text: String = (0..tables).map(|n| format!("[bucket.b{n}]\na.b.c = [1, 2, 3, 4, {{}}]\n")).collect();
        let at = text.len();
        text += "[bucket.broken]\nx = = 1\n[bucket.last]\n";
        let problems = refused(text.clone());
        let [problem] = problems.as_slice() else { panic!("{:?}", messages(&problems)) };
        assert_eq!(problem.code, Code::ManifestToml);
        assert_eq!(problem.places[0].0.span.start - at, "[bucket.broken]\nx = ".len());
        sections(&text).iter().map(|section| section.cost).sum::<usize>()
    });
    assert!(small < SECTION.size() && large > SECTION.size(), "both ways of reading: {small}, {large}");
}

#[test]
fn a_section_has_a_price_that_is_known_before() {
    let price = |text: &str| {
        let lead = format!("# {}", "x".repeat(PART));
        sections(&format!("{lead}{text}")).iter().map(|section| section.cost).sum::<usize>() - 2 * TOKEN
    };
    for (text, tokens, words, nests) in [
        ("", 0, 0, 0),
        ("\na", 2, 1, 0),
        ("\n\"a\" = '''b'''", 6, 2, 0),
        ("\n[a.b]", 6, 2, 2),
        ("\na.b = [{},1.5]", 15, 4, 4),
    ] {
        assert_eq!(price(text), tokens * TOKEN + words * WORD + nests * NEST, "{text}");
    }
}

#[test]
fn a_section_is_so_dear() {
    // Words, and what is not even a word.
    for (unit, cost) in [("1,", 2 * TOKEN + WORD), ("{},", 3 * TOKEN + NEST), ("\n", TOKEN)] {
        let most = SECTION.size() / cost - 60;
        let list = |count: usize| format!("[var.x]\ndefault = [{}]\n[var.y]\n", unit.repeat(count));
        let source = Arc::new(Source::new("a.toml", "a.toml", list(most)));
        let mut problems = Vec::new();
        let read = parse(&source, &mut Intake::of(VALUES.size()), &mut problems);
        assert!(read.is_some() && problems.is_empty(), "{unit:?}: {:?}", messages(&problems));
        let problems = refused(list(most + 80));
        assert_eq!(problems.len(), 1, "{:?}", messages(&problems));
        assert!(problems[0].message.contains("limit `section`"), "{:?}", messages(&problems));
        assert_eq!(problems[0].places[0].0.span, 0.."[var.x]".len());
    }
    // Cheap sections that are one table, which only the whole could tell.
    let text: String = (0..60_000).map(|n| format!("[bucket.b{n}]\na.b.c = [1, 2, 3, 4, {{}}]\n")).collect();
    let problems = refused(format!("{text}[bucket.b7.lifecycle]\n"));
    assert!(problems[0].message.contains("limit `section`"), "{:?}", messages(&problems));
    assert_eq!(problems[0].places.len(), 2);
}

#[test]
fn values_are_counted_as_they_are_taken_over() {
    for (text, values) in [
        ("", 0),
        ("a = 1", 1),
        ("a.b.c = 1", 3),
        ("a.b = 1\na.c = 1", 3),
        ("a = [1, [2], {}]", 5),
        ("a = { b = 1, c.d = 2 }", 4),
        ("[a.b]\nc = 1\n[a]\n", 3),
        ("[[a]]\n[[a]]\nb = 1", 4),
    ] {
        let read = |left: usize| {
            let mut intake = Intake::of(left);
            Table::read(DeTable::parse(text).expect(text).into_inner(), &mut intake);
            (intake.left, intake.full.is_some())
        };
        assert_eq!(read(100), (100 - values, false), "{text}");
        assert_eq!(read(values), (0, false), "{text}");
        if let Some(less) = values.checked_sub(1) {
            assert_eq!(read(less), (0, true), "{text}");
        }
    }
}

#[test]
fn levels_are_counted_alike_however_they_are_written() {
    let dots = |levels: usize| vec!["a"; levels].join(".");
    let within = |levels: usize, open: &str, close: &str| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let spellings: [(&str, &dyn Fn(usize) -> String); 9] = [
        ("head", &|levels| format!("[{}]\n", dots(levels))),
        ("head and key", &|levels| format!("[{}]\na.a = 1\n", dots(levels - 1))),
        ("head of a list", &|levels| format!("[[{}]]\n", dots(levels - 1))),
        ("dotted key", &|levels| format!("{}.x = 1\n", dots(levels))),
        ("dotted key of a list", &|levels| format!("{}.x = []\n", dots(levels - 1))),
        ("list", &|levels| format!("a = {}\n", within(levels, "[", "]"))),
        ("inline tables", &|levels| format!("a = {}\n", within(levels, "{a=", "}"))),
        ("inline tables with dots", &|levels| format!("[a]\na = {{{}.x = 1}}\n", dots(levels - 2))),
        ("all of them", &|levels| format!("[[a.a]]\na.a = {}\n", within(levels - 4, "[", "]"))),
    ];
    let most = NESTING.size();
    for (name, text) in spellings {
        let problems = |levels: usize| {
            let source = Arc::new(Source::new("a.toml", "a.toml", text(levels)));
            let mut problems = Vec::new();
            super::super::syntax::parse(&source, &mut super::super::syntax::Left::of_all(), &mut problems);
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        assert_eq!(problems(most), Vec::<String>::new(), "{name}");
        for levels in [most + 1, most + 10, most + 20, 10_000] {
            let problems = problems(levels);
            assert!(problems.iter().any(|said| said.contains("limit `nesting`")), "{name}, {levels}: {problems:?}");
        }
    }
}

#[test]
fn mistakes_of_files_that_are_no_toml_are_counted_together() {
    use crate::limits::MISTAKES;
    let merge = |texts: &[String]| {
        let named = |(n, text): (usize, &String)| Arc::new(Source::new(format!("{n}.toml"), "x", text.clone()));
        let sources: Vec<_> = texts.iter().enumerate().map(named).collect();
        let mut problems = Vec::new();
        assert!(super::super::syntax::merge(&sources, &mut problems).is_none());
        let files = problems.iter().flat_map(|problem| &problem.places).map(|(place, _)| place.source.name.clone());
        let limited = problems.iter().filter(|problem| problem.code == Code::ManifestLimit).count();
        (files.collect::<std::collections::BTreeSet<_>>().len(), limited)
    };
    let broken = |lines: usize| "a\n".repeat(lines);
    assert_eq!(merge(&[broken(1), broken(1), broken(1)]), (3, 0));
    let half = broken(MISTAKES.size() / 2);
    // How many mistakes a large one has is not counted.
    let large = broken(1) + &"# a remark\n".repeat(100_000);
    assert_eq!(merge(&[half.clone(), half.clone(), broken(1)]), (2, 1));
    assert_eq!(merge(&[broken(1), large, broken(1)]), (2, 0));
    assert_eq!(merge(&[half, broken(1), broken(1)]), (3, 0));
}
