//! What codes mean, for who reads them.

use fluxform::diagnostic::{Code, Group};

use super::fluxform::{Fluxform, on, project};

fn explain(arguments: &[&str]) -> Fluxform {
    Fluxform::new(&[&["explain"], arguments].concat())
}

#[test]
fn a_code_is_explained() {
    let ended = explain(&["guard::data-loss"]).run().with(0);
    assert_eq!(ended.err, "");
    insta::assert_snapshot!("explain_a_code", ended.out);
}

#[test]
fn all_codes_are_listed_by_group() {
    let all = explain(&[]).var("COLUMNS", "200").run().with(0).out;
    for code in Code::ALL {
        assert!(all.contains(&format!("  {code} ")) && all.contains(code.title()), "{code}");
    }
    assert_eq!(all.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).count(), Group::ALL.len());
    insta::assert_snapshot!("explain_a_group", explain(&["lock"]).run().with(0).out);
}

#[test]
fn an_unknown_code_is_the_nearest_one() {
    for (text, help) in [
        ("bucket::retentoin", "did you mean `bucket::retention`?"),
        ("retention", "did you mean `bucket::retention`?"),
        ("Guard", "did you mean `guard`?"),
        ("guard::adopt", "did you mean `guard::adopted` or `guard::adoption`?"),
        ("guard::what-ever", "`fluxform explain guard` lists the codes of this group"),
        ("buckt", "did you mean `bucket`?"),
        ("66", "the exit codes are 70, 130,"),
        ("E0433", "`fluxform explain` lists all codes"),
    ] {
        let ended = explain(&[text]).run().with(64);
        assert!(ended.err.contains("explain::unknown") && ended.err.contains(help), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
}

#[test]
fn a_group_is_also_the_beginning_of_its_codes() {
    let group = explain(&["bucket"]).run().with(0).out;
    for text in ["bucket::", "bucket::*"] {
        assert_eq!(explain(&[text]).run().with(0).out, group, "{text}");
    }
}

#[test]
fn an_exit_code_is_explained_with_the_codes_that_end_a_run_with_it() {
    insta::assert_snapshot!("explain_an_exit", explain(&["7"]).run().with(0).out);
    assert_eq!(explain(&["locked"]).run().with(0).out, explain(&["7"]).run().with(0).out);
    assert_eq!(explain(&["0"]).run().with(0).out, "0 (ok): success\n");
    let json = explain(&["65", "--format", "json"]).run().with(0).json();
    assert_eq!((&json["exit"]["exit_code"], &json["codes"][0]["code"]), (&65.into(), &"bucket::name".into()));
}

/// A newcomer who sees a warning is not told that it ends the run.
#[test]
fn a_code_of_warnings_says_that_they_end_nothing() {
    for (code, said) in [
        ("flux::name", "ends the run with 65 (manifest). As a warning, it does not end the run."),
        ("policy::expired", "This is a warning: it does not end the run."),
        ("bucket::name", "ends the run with 65 (manifest).\n"),
    ] {
        let page = explain(&[code]).var("COLUMNS", "200").run().with(0).out;
        assert!(page.contains(said), "{page}");
        assert_eq!(page.contains("warning, it"), code == "flux::name");
        let json = explain(&[code, "--format", "json"]).run().with(0).json();
        assert_eq!(json["codes"][0]["warns"], code != "bucket::name");
    }
}

#[test]
fn the_machine_form_keeps_its_schema() {
    for (arguments, count) in [(&["guard::data-loss"][..], 1), (&["guard"], 13), (&[], Code::ALL.len())] {
        let json = explain(arguments).args(&["--format", "json"]).run().with(0).json();
        assert_eq!(json["codes"].as_array().unwrap().len(), count);
    }
    let one = explain(&["guard::data-loss", "--format", "json"]).run().with(0).json();
    let said = ["code", "group", "exit_code", "exit_reason"].map(|key| one["codes"][0][key].to_string());
    assert_eq!(said, ["\"guard::data-loss\"", "\"guard\"", "8", "\"refused\""]);
    let unknown = explain(&["x", "--format", "json"]).run().with(64).json();
    assert_eq!(unknown["problems"][0]["diagnostic"]["code"], "explain::unknown");
}

/// A terminal has a person before it; what a program reads stays as it is.
#[test]
fn a_failed_run_at_a_terminal_says_where_more_is_to_be_read() {
    const MORE: &str = "For more about this error, run `fluxform explain manifest::unknown-key`.";
    let dir = project("[project]\nname = \"x\"\ncolour = 1\n");
    let (code, shown) = on("validate", dir.path()).at_terminal().wait();
    assert!(code == Some(65) && shown.trim_end().ends_with(MORE), "{code:?} {shown}");
    let piped = on("validate", dir.path()).run().with(65);
    assert!(!piped.err.contains("explain"), "{}", piped.err);
    let (code, shown) = explain(&["x"]).at_terminal().wait();
    assert!(code == Some(64) && !shown.contains("For more"), "{shown}");
}
