//! How wide, in which characters and how brief it is that people read.

use super::fluxform::{Fluxform, on, project};
use crate::examples::{copy, examples};

const WRONG: &str = "[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\norg = \"acme\"\n[bucket.raw]\nretenton = \"1d\"\n\
    [[policy.allow]]\nwhat = \"data_loss\"\naddress = \"bucket.raw\"\nuntil = 2020-01-01\nreason = \"s\u{fc}\u{df}\"\n";

/// What a run says with these variables and no others.
fn said(run: Fluxform, vars: &[(&str, &str)]) -> String {
    let mut run = run;
    run.command.env_remove("COLUMNS");
    let run = vars.iter().fold(run, |run, (name, value)| run.var(name, value));
    run.run().all()
}

#[test]
fn other_locales_than_utf_8_get_ascii() {
    let dir = project(WRONG);
    for vars in [[("LC_ALL", "C"), ("LANG", "C.UTF-8")], [("LC_ALL", ""), ("LANG", "de_DE.ISO-8859-1")]] {
        let text = said(on("plan", dir.path()), &vars);
        assert!(text.contains("did you mean `retention`?") && text.is_ascii(), "{text}");
    }
    for vars in [[("LC_ALL", "C.UTF-8"), ("LANG", "C")], [("LC_ALL", ""), ("LANG", "")]] {
        let text = said(on("plan", dir.path()), &vars);
        assert!(text.contains('\u{256d}'), "{text}");
    }
}

/// The lines of `text` that are wider than `columns`.
fn wide(text: &str, columns: usize) -> Vec<&str> {
    text.lines().filter(|line| line.chars().count() > columns).collect()
}

#[test]
fn prose_is_eighty_columns_wide_unless_something_else_is_said() {
    for command in ["", "apply", "plan", "export", "server", "forget"] {
        let arguments = [command, "--help"];
        let help = |vars: &[_]| said(Fluxform::new(&arguments[usize::from(command.is_empty())..]), vars);
        assert_eq!(wide(&help(&[]), 80), Vec::<&str>::new(), "{command}");
        assert_eq!(wide(&help(&[("COLUMNS", "60")]), 60), Vec::<&str>::new(), "{command}");
        assert!(!wide(&help(&[("COLUMNS", "200")]), 80).is_empty(), "{command}");
    }
    let dir = project("[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\norg = \"acme\"\n");
    let empty = |vars: &[_]| said(on("apply", dir.path()), vars);
    assert_eq!(wide(&empty(&[]), 80), Vec::<&str>::new());
    assert_ne!(empty(&[("COLUMNS", "60")]), empty(&[]));
}

/// Lines that end before they are full, of the paragraphs above the usage.
fn ragged(help: &str) -> Vec<&str> {
    let (about, _) = help.split_once("\nUsage: ").unwrap();
    let lines: Vec<&str> = about.lines().collect();
    let short = |pair: &&[&str]| {
        let plain = |line: &str| !line.is_empty() && !line.starts_with(' ');
        let next = pair[1].split(' ').next().unwrap();
        plain(pair[0]) && plain(pair[1]) && pair[0].chars().count() + 1 + next.chars().count() <= 80
    };
    lines.windows(2).filter(short).map(|pair| pair[0]).collect()
}

#[test]
fn the_lines_of_a_paragraph_are_full() {
    let help = Fluxform::new(&["--help"]).run().with(0).out;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.split("\n\n").next().unwrap().lines().filter_map(|line| line.split_whitespace().next());
    for command in commands.filter(|command| *command != "help") {
        let help = said(Fluxform::new(&[command, "--help"]), &[]);
        assert_eq!(ragged(&help), Vec::<&str>::new(), "{command}");
    }
}

#[test]
fn the_first_plan_of_a_platform_fits_on_two_screens() {
    let example = tempfile::tempdir().unwrap();
    copy(&examples().join("platform"), example.path());
    let vars = format!("--var-file={}", example.path().join("dev.vars.toml").display());
    let plan = on("plan", example.path()).arg(&vars).arg("--compact").run().with(0);
    assert!(plan.out.lines().count() <= 100, "{}", plan.out);
    assert_eq!(wide(&plan.out, 100), Vec::<&str>::new());
    insta::assert_snapshot!("compact_platform", plan.out);
    let apply = on("apply", example.path()).arg(&vars).args(&["--compact", "--auto-approve"]);
    let applied = apply.run().with(0);
    assert!(applied.out.lines().count() <= 50, "{}", applied.out);
    let show = on("show", example.path()).arg(&vars).arg("--compact").run().with(0);
    insta::assert_snapshot!("compact_show", show.out);
}

#[test]
fn a_comment_that_is_cut_is_whole_on_standard_error() {
    let long = "x".repeat(300);
    let buckets: String = (0..300).map(|n| format!("[bucket.b{n}]\ndescription = \"{n}{long}\"\n")).collect();
    let dir = project(&format!("[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\norg = \"acme\"\n{buckets}"));
    let plan = |dirs: &[&str]| on("plan", dir.path()).args(dirs).arg("--format=markdown").run().with(0);
    let cut = plan(&[]);
    assert!(cut.out.contains("**Details omitted**") && cut.out.contains("bucket.b299"), "{}", cut.out);
    assert_eq!(cut.err.matches(&long).count(), 300, "{}", cut.err);
    let dir = project("[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\norg = \"acme\"\n[bucket.b]\n");
    let whole = on("plan", dir.path()).arg("--format=markdown").run().with(0);
    assert!(!whole.err.contains("bucket.b"), "{}", whole.err);
}

#[test]
fn what_is_for_people_is_not_ignored_for_others() {
    let dir = project("[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\norg = \"acme\"\n[bucket.b]\n");
    for format in ["markdown", "json"] {
        for command in ["plan", "apply", "drift", "destroy", "show"] {
            let ended = on(command, dir.path()).args(&["--compact", "--format", format]).run().with(64);
            assert!(ended.all().contains("--compact is only for the human format"), "{}", ended.all());
        }
    }
}
