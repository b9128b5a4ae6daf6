//! Texts that are no scripts any more, or never were: whatever reads Flux must come to an end with each, and must not panic.

use std::fs;

use fluxform::diagnostic::{Code, Source};
use fluxform::flux::format::{format, format_as_influxd};
use fluxform::flux::names;
use fluxform::flux::parser::parse;
use fluxform::flux::refs::{follow, references};
use fluxform::flux::{AuthorScript, LiveScript, NormalForm, Schedule, TaskHead, Uncompilable, scan};
use fluxform::lint::{self, Setting};
use fluxform::manifest::{Inputs, load};
use tempfile::TempDir;

use super::dice::Dice;
use super::format::keeps_its_meaning;
use super::tree::{is_read, scripts_in, seeds};
use super::{broken, grammar};

/// What is put in: what opens and closes, what ends lines, and what is no text.
#[rustfmt::skip]
const SHARDS: [&[u8]; 52] = [
    b"(", b")", b"[", b"]", b"{", b"}", b"\"", b"\"${", b"}\"", b"\\", b"\\x", b"\\\"", b"/", b"//", b"/*", b"\n", b"\r\n", b"\r",
    b"\0", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u{a0}".as_bytes(),
    "\u{2028}".as_bytes(), "e\u{301}".as_bytes(), "🇩🇪".as_bytes(), b"|>", b"=>", b"<-", b"=", b":", b",", b".", b"$", b"@", b"'", b"-",
    b"1h", b"99999999999999999999", b"2026-02-30", b"import \"", b"package ", b"option task = {", b"testcase ", b"builtin ", b"return ",
    b"if ", b"SELECT * FROM ", b"// fluxform: allow flux::no-range",
];
/// What opens, and what closes it.
const NESTS: [(&[u8], &[u8]); 10] = [
    (b"(", b")"),
    (b"[", b"]"),
    (b"{a:", b"}"),
    (b"f(a:", b")"),
    (b"\"${", b"}\""),
    (b"(r)=>", b""),
    (b"()=>{return ", b"}"),
    (b"if a then ", b" else b"),
    (b"-", b""),
    (b"a |> f(t:", b")"),
];
/// No text is longer than that: what takes the square of a length is seen all the same.
const LONGEST: usize = 40_000;

/// All scripts that there are, each once.
fn corpus() -> Vec<Vec<u8>> {
    let mut all: Vec<_> = ["tests", "examples", "src"].into_iter().flat_map(scripts_in).collect();
    all.sort();
    let odd = fs::read_to_string("tests/cases/flux/odd.txt").unwrap();
    let odd = odd.lines().map(|line| line.replace('⏎', "\n").replace('␀', "\0").into_bytes());
    all.iter().map(|path| fs::read(path).unwrap()).chain(odd).collect()
}

/// A piece of a text, of at most so many bytes.
fn piece<'t>(dice: &mut Dice, text: &'t [u8], most: usize) -> (usize, &'t [u8]) {
    let start = dice.below(text.len() + 1);
    let end = (start + dice.below(most)).min(text.len());
    (start, &text[start..end])
}

fn with_other_line_ends(text: &[u8]) -> Vec<u8> {
    let mut ended = Vec::with_capacity(text.len());
    for byte in text {
        ended.extend((*byte == b'\n').then_some(b'\r'));
        ended.push(*byte);
    }
    ended
}

fn insert(text: &mut Vec<u8>, at: usize, what: &[u8]) {
    drop(text.splice(at..at, what.iter().copied()));
}

/// A text that a script has become.
fn mutated(seed: u64, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut dice = Dice::new(seed ^ 0x00f1_0a7e_d5c4_1b75);
    let mut text = match dice.below(10) {
        0 => (0..dice.below(200)).map(|_| dice.below(256) as u8).collect(),
        1 | 2 => grammar::script(seed).into_bytes(),
        3 => broken::mangled(seed).into_bytes(),
        _ => corpus[dice.below(corpus.len())].clone(),
    };
    for _ in 0..dice.below(8) {
        let at = dice.below(text.len() + 1);
        match dice.below(12) {
            0 => {
                let (start, gone) = piece(&mut dice, &text, 60);
                let end = start + gone.len();
                drop(text.drain(start..end));
            }
            1..=3 => insert(&mut text, at, SHARDS[dice.below(SHARDS.len())]),
            4 => {
                // Two pieces change places.
                let (first, one) = piece(&mut dice, &text, 30);
                let one = one.to_vec();
                let (second, other) = piece(&mut dice, &text, 30);
                let other = other.to_vec();
                if first + one.len() <= second {
                    drop(text.splice(second..second + other.len(), one.iter().copied()));
                    drop(text.splice(first..first + one.len(), other));
                }
            }
            5 | 6 => {
                let other = &corpus[dice.below(corpus.len())];
                let (_, spliced) = piece(&mut dice, other, 300);
                insert(&mut text, at, spliced);
            }
            7 => {
                let most = 1 + dice.below(40);
                let (start, repeated) = piece(&mut dice, &text, most);
                let times = 1 << dice.below(11);
                let repeated = repeated.repeat(times);
                insert(&mut text, start, &repeated);
            }
            8 => {
                let (open, close) = NESTS[dice.below(NESTS.len())];
                let levels = 1 + dice.below(120);
                let (start, inner) = piece(&mut dice, &text, 40);
                let end = start + inner.len();
                insert(&mut text, end, &close.repeat(levels));
                insert(&mut text, start, &open.repeat(levels));
            }
            9 => text.truncate(at),
            10 => {
                if let Some(byte) = text.get_mut(at) {
                    *byte = dice.below(256) as u8;
                }
            }
            _ => text = with_other_line_ends(&text),
        }
        text.truncate(LONGEST);
    }
    text
}

/// Everything that reads a text of Flux.
fn stands(seed: u64, text: &str) {
    is_read(seed, text);
    keeps_its_meaning(&format!("seed {seed}"), text);
    let parsed = parse(text);
    format_as_influxd(&parsed.script);
    drop(scan(text));
    drop(NormalForm::of(text));
    drop(LiveScript::read(text, Some("params")));
    if let Ok(author) = AuthorScript::read(text, Some("params")) {
        let schedule = Schedule::Every("1h".to_owned());
        let extra = author.task.iter().flat_map(|task| &task.extra);
        let extra = extra.map(|(key, value)| (key.clone(), value.value.clone())).collect();
        let head = TaskHead { name: "t".to_owned(), schedule, offset: None, extra };
        let whole = author.compose(&head, None).unwrap();
        assert!(!parsed.is_sound() || parse(&whole).is_sound(), "seed {seed}: {text}\n---\n{whole}");
        drop(author.folded());
    }
    drop(Uncompilable::of(text, |_| Vec::new()).map(|sent| sent.form()));
    // What is hidden of it leaves each line in its place.
    let source = Source::new("a.flux", "a.flux", text);
    for span in source.unshown() {
        assert!(
            source.text.get(span.clone()).is_some_and(|hidden| !hidden.contains('\n')),
            "seed {seed}: {span:?}\n{text}"
        );
    }
    if parsed.is_sound() {
        let followed = follow(&parsed.script, &[]);
        let places = followed.references.all.iter().map(|one| one.span);
        let setting = Setting { is_formatted: true, ..Setting::default() };
        let found = lint::findings(&parsed.script, &followed, setting).into_iter().map(|one| one.mistake);
        let named = names::errors(&parsed.script, &["task"]);
        let mistakes = found.chain(named).chain(names::unknown_options(&parsed.script));
        for span in places.chain(mistakes.map(|one| one.span)) {
            assert!(text.get(span.range()).is_some(), "seed {seed}: {span:?}\n{text}");
        }
        // The layout of a script is no part of what it does.
        let (again, names) = (format(&parsed.script), |text: &str| {
            let all = references(&parse(text).script, &[]).all.into_iter();
            let mut all: Vec<_> = all.map(|one| (one.access, one.target, one.name, one.elsewhere)).collect();
            all.sort();
            all.dedup();
            all
        });
        assert_eq!(names(text), names(&again), "seed {seed}: {text}");
    }
}

/// A project whose task has one of two texts as its script and the other one as a library.
fn is_loaded(dir: &TempDir, script: &[u8], library: &[u8]) {
    let files = [("script.flux", script), ("library.flux", library)];
    files.into_iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
    drop(load(dir.path(), &Inputs::default()));
}

/// With `FLUXFORM_SCRIPTS=1000000` it is a fuzzer; `FLUXFORM_SEED` is where it begins.
#[test]
fn no_bytes_make_anything_stumble_that_reads_flux() {
    let corpus = corpus();
    let dir = tempfile::tempdir().unwrap();
    let flux = "flux = { file = \"script.flux\", use = [\"library.flux\"] }\n";
    let alone = "flux = { file = \"script.flux\" }\n";
    let dashboard = "[dashboard.d]\n[[dashboard.d.cell]]\nat = [0, 0]\nsize = [4, 4]\nxy = {}\n";
    let project = format!(
        "[project]\nname = \"p\"\n[task.a]\nevery = \"1h\"\n{flux}[task.b]\nevery = \"1h\"\n{alone}{dashboard}{flux}"
    );
    fs::write(dir.path().join("fluxform.toml"), project).unwrap();
    for seed in seeds() {
        let bytes = mutated(seed, &corpus);
        is_loaded(&dir, &bytes, &mutated(seed + 1, &corpus));
        match Source::utf8(Code::FluxNotUtf8, "a.flux".as_ref(), "a.flux", bytes.clone()) {
            Ok(text) => stands(seed, &text),
            Err(diagnostic) => {
                let (place, _) = &diagnostic.places[0];
                assert!(place.source.text.get(place.span.clone()).is_some(), "seed {seed}");
                stands(seed, &String::from_utf8_lossy(&bytes));
            }
        }
    }
}
