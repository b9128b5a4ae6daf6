//! `fluxform flux`: scripts on the command line.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::fluxform::{Ended, Fluxform};

/// A run in a directory with these files.
fn run(command: &str, files: &[(&str, &[u8])], arguments: &[&str]) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    in_dir(command, dir.path(), arguments)
}

fn in_dir(command: &str, dir: &Path, arguments: &[&str]) -> Ended {
    let mut program = Fluxform::new(&["flux", command]).args(arguments);
    program.command.current_dir(dir);
    program.run()
}

/// A run with this on standard input.
fn piped(command: &str, input: &str, arguments: &[&str]) -> Ended {
    let mut program = Fluxform::new(&["flux", command]).args(arguments);
    let mut child =
        program.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

const GOOD: &[u8] = b"from(bucket: \"a\")\n    |> range(start: -1h)\n";
const BAD: &[u8] = b"option task = {\n    name: \"hourly\"\n    every: 1h,\n}\n\ndata = from(bucket: \"raw\"\n    |> range(start: -task.every)\n\nlimit =\nx = data && limit\n";

#[test]
fn what_a_user_reads_of_mistakes() {
    let ended = run("check", &[("hourly.flux", BAD), ("good.flux", GOOD)], &["hourly.flux", "good.flux"]).with(65);
    assert_eq!(ended.out, "");
    insta::assert_snapshot!("flux_check", ended.err);
    let json = run("check", &[("hourly.flux", BAD)], &["hourly.flux", "--format=json"]).with(65).json();
    assert_eq!((&json["exit_code"], &json["exit_reason"]), (&65.into(), &"manifest".into()));
    insta::assert_json_snapshot!("flux_check_json", json["problems"][0]);
}

#[test]
fn what_a_user_reads_of_wrong_names() {
    let script = b"import \"date\"\n\noption task = {name: \"t\", every: 1h}\n\ndata = from(bukcet: \"raw\")\n    |> range(start: date.sbu(from: now(), d: task.every))\n    |> filter(fn: (r) => r._field == params.field)\n\ndata |> to()\ndta |> yield()\n";
    let ended = run("check", &[("t.flux", script)], &["t.flux"]).with(65);
    assert_eq!(ended.out, "");
    insta::assert_snapshot!("flux_check_names", ended.err);
    // Where reading stops at another mistake, names would be guesses. What only reads does not look at them.
    let ended = run("check", &[("t.flux", b"x = )\ny = nothing\n")], &["t.flux"]).with(65);
    assert!(!ended.err.contains("unknown name"), "{}", ended.err);
    run("ast", &[("t.flux", script)], &["t.flux"]).with(0);
    run("fmt", &[("t.flux", script)], &["t.flux"]).with(0);
}

#[test]
fn what_a_user_reads_if_all_is_well() {
    let ended = run("check", &[("a.flux", GOOD), ("b.flux", GOOD)], &["a.flux", "b.flux"]).with(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("No mistakes in 2 scripts.\n", ""));
    assert_eq!(piped("check", "x = 1", &["-"]).with(0).out, "No mistakes in 1 script.\n");
    let json = run("check", &[("a.flux", GOOD)], &["a.flux", "--format", "json"]).with(0).json();
    assert_eq!(json["exit_code"], 0);
}

#[test]
fn a_tree_is_what_the_server_replies() {
    let ended =
        run("ast", &[("a.flux", GOOD), ("b.flux", b"x = \"\xc3\xa9\x7f\xe2\x80\xae\"")], &["a.flux", "b.flux"]).with(0);
    let trees: Vec<serde_json::Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(trees.len(), 2);
    assert_eq!(trees[1]["ast"]["files"][0]["body"][0]["init"]["value"], "\u{e9}\u{7f}\u{202e}");
    assert!(ended.out.is_ascii() && !ended.out.contains('\u{7f}'));
    // What the server accepts though it cannot run has a tree, and is a mistake.
    let ended = piped("ast", "x =", &["-"]).with(65);
    assert!(ended.out.contains("\"init\":null") && ended.err.contains("fails each time it runs"), "{}", ended.all());
    let ended = piped("ast", "x = )", &["-"]).with(65);
    assert_eq!(ended.out, "");
}

#[test]
fn a_file_that_cannot_be_read_leaves_the_others_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.flux"), GOOD).unwrap();
    fs::write(dir.path().join("latin1.flux"), b"x = 1\ny = \"\xe9\"\n").unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let ended = in_dir("ast", dir.path(), &["nowhere.flux", "a.flux", "latin1.flux", "sub", "-", "-"]).with(64);
    assert_eq!(ended.out.lines().count(), 2, "{}", ended.out);
    insta::assert_snapshot!("flux_unreadable", ended.err);
    Fluxform::new(&["flux", "check"]).run().with(64);
    Fluxform::new(&["flux"]).run().with(64);
}

#[test]
fn bytes_that_nobody_sees_are_said_at_their_places() {
    let ended = run("check", &[("m.flux", b"\xef\xbb\xbfx = 1\n")], &["m.flux"]).with(0);
    assert!(ended.err.contains("byte-order mark") && ended.out.contains("No mistakes"), "{}", ended.all());
    let marked: &[(&str, &[u8])] = &[("m.flux", b"\xef\xbb\xbfx = 1\n"), ("M.FLUX", b"\xef\xbb\xbfx = )\n")];
    for (argument, code, count) in [("m.flux", 0, 1), (".", 65, 2)] {
        let document = run("check", marked, &[argument, "--format=json"]).with(code).json();
        let warnings = document["warnings"].as_array().unwrap();
        assert_eq!(warnings.iter().filter(|one| one["code"] == "flux::bom").count(), count, "{document}");
        assert_eq!(document["problems"].as_array().unwrap().len(), count - 1, "{document}");
    }
    assert_eq!(run("ast", &[("m.flux", b"\xef\xbb\xbfx = 1\n")], &["m.flux"]).with(0).out.lines().count(), 1);
    let ended = run("check", &[("n.flux", b"x = 1\ny = 2\0z = )\n")], &["n.flux"]).with(65);
    assert!(ended.err.contains("n.flux:2:6") && !ended.all().contains('\0'), "{}", ended.all());
    // Only a line feed ends a line, for influxd and for us.
    let ended = run("check", &[("l.flux", b"a\r\nb\rc\n\n\r\n  ;\n")], &["l.flux"]).with(65);
    assert!(ended.err.contains("l.flux:5:3") && !ended.err.contains('\r'), "{}", ended.err);
    let ended = run("check", &[("h.flux", "x = \u{a0}1\ny = \u{202e}\n".as_bytes())], &["h.flux"]).with(65);
    assert!(ended.err.contains("U+00A0") && ended.err.contains("U+202E"), "{}", ended.err);
    assert!(!ended.err.contains('\u{202e}'), "{}", ended.err);
}

#[test]
fn a_script_of_50_megabytes_is_read() {
    let long = format!("x = \"{}\"\n{}y = )\n", "a".repeat(48 << 20), "z = f(a: 1) |> g(b: \"c\")\n".repeat(80_000));
    let ended = run("check", &[("large.flux", long.as_bytes())], &["large.flux"]).with(65);
    assert!(ended.err.contains("large.flux:80002:5") && ended.err.len() < 2_000, "{}", ended.err.len());
    let one_line = format!("x = \"{}\" )", "a".repeat(8 << 20));
    let ended = run("check", &[("line.flux", one_line.as_bytes())], &["line.flux"]).with(65);
    assert!(ended.err.len() < 4_000, "{}", ended.err.len());
}

#[test]
fn many_mistakes_are_bounded() {
    let ended = run("check", &[("many.flux", "x = )\n".repeat(50_000).as_bytes())], &["many.flux"]).with(65);
    assert!(ended.err.len() < 60_000, "{}", ended.err.len());
    let deep = format!("x = {}", "[".repeat(10_000));
    let ended = run("check", &[("deep.flux", deep.as_bytes())], &["deep.flux"]).with(65);
    assert!(ended.err.contains("nested too deep"), "{}", ended.err);
    let pipes = format!("x = a{}\n", " |> f()".repeat(400));
    run("ast", &[("pipes.flux", pipes.as_bytes())], &["pipes.flux"]).with(0);
}

#[test]
fn scripts_are_written_in_influxds_layout() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("a.flux"), "from(bucket:\"a\")\n|>range(start:-1h)|>f(a:-(b+c)) // last\r\n").unwrap();
    fs::write(path("good.flux"), GOOD).unwrap();
    fs::write(path("bad.flux"), BAD).unwrap();
    fs::write(path("marked.flux"), [b"\xef\xbb\xbf", GOOD].concat()).unwrap();
    let all = ["a.flux", "good.flux", "bad.flux", "marked.flux"];
    let ended = in_dir("fmt", dir.path(), &[&all[..], &["--check"]].concat()).with(65);
    assert_eq!(ended.out, "a.flux\nmarked.flux\n");
    in_dir("fmt", dir.path(), &["a.flux", "--check"]).with(1);
    in_dir("fmt", dir.path(), &["good.flux", "--check"]).with(0);
    let ended = in_dir("fmt", dir.path(), &all).with(65);
    assert_eq!(ended.out, "a.flux\nmarked.flux\n");
    let text = "from(bucket: \"a\")\n    |> range(start: -1h)\n    |> f(a: -(b + c))// last\n\n";
    assert_eq!(fs::read_to_string(path("a.flux")).unwrap(), text);
    assert_eq!(fs::read(path("bad.flux")).unwrap(), BAD);
    assert_eq!(fs::read(path("marked.flux")).unwrap(), GOOD);
    // Nothing is left to do, and nothing else is there.
    let ended = in_dir("fmt", dir.path(), &["a.flux", "good.flux", "marked.flux"]).with(0);
    assert_eq!(ended.all(), "");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), all.len());
    assert_eq!(piped("fmt", "", &["-"]).with(0).out, "");
    assert_eq!(piped("fmt", "x=[1,2 , 3]", &["-"]).with(0).out, "x = [1, 2, 3]\n");
    assert_eq!(piped("fmt", "x=1", &["--check", "-"]).with(1).out, "<stdin>\n");
}

#[test]
fn a_link_stays_and_nothing_but_a_file_is_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, link) = (elsewhere.path().join("file.flux"), dir.path().join("link.flux"));
    fs::write(&file, "x=1").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    // In the working directory a pull request may have put it.
    let ended = in_dir("fmt", dir.path(), &["link.flux"]).with(65);
    assert!(ended.err.contains("symbolic link"), "{}", ended.err);
    assert_eq!(fs::read(&file).unwrap(), b"x=1");
    // Elsewhere it is the user's own.
    let here = tempfile::tempdir().unwrap();
    in_dir("fmt", here.path(), &[link.to_str().unwrap()]).with(0);
    assert_eq!(fs::read(&file).unwrap(), b"x = 1\n");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let ended = piped("fmt", "x=1", &["/dev/stdin"]).with(1);
    assert!(ended.out.is_empty() && ended.err.contains("cannot write /dev/stdin"), "{}", ended.all());
    assert_eq!(piped("fmt", "x=1", &["/dev/stdin", "--check"]).with(1).out, "/dev/stdin\n");
}

#[test]
fn a_file_keeps_its_mode_and_one_that_must_not_be_written_its_text() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.flux");
    for mode in [0o600, 0o755, 0o444] {
        fs::write(&file, "x=1").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        // Root may write everywhere.
        let may = fs::OpenOptions::new().write(true).open(&file).is_ok();
        let ended = in_dir("fmt", dir.path(), &["a.flux"]).with(i32::from(!may));
        assert_eq!(ended.err.contains("cannot write a.flux"), !may, "{}", ended.err);
        assert_eq!(fs::read(&file).unwrap(), if may { &b"x = 1\n"[..] } else { b"x=1" });
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn what_scripts_reach_is_listed_with_places_and_without_passwords() {
    let script = b"import \"http\"\nimport \"influxdata/influxdb/secrets\"\n\n\
        copy = (tables=<-, into) => tables |> to(bucket: into)\n\
        from(bucket: \"raw\") |> copy(into: \"sum\\x1bmary\")\n\
        from(bucket: params.source, host: \"https://other.example.com\")\n\
        http.post(url: \"https://me:hunter2@a.example.com/?token=hunter3\", data: bytes(v: secrets.get(key: \"k\")))\n";
    let files = [("a.flux", script.as_slice()), ("none.flux", b"x = 1\n")];
    let ended = run("refs", &files, &["a.flux", "none.flux"]).with(0);
    assert!(!ended.out.contains("hunter"), "{}", ended.out);
    insta::assert_snapshot!("flux_refs", ended.out);
    let json = run("refs", &files, &["a.flux", "none.flux", "--format=json"]).with(0).json();
    let found = json["scripts"][0]["references"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["name"]), (6, &"sum\u{1b}mary".into()));
    run("refs", &[("b.flux", b"x =\n")], &["b.flux", "--format=json"]).with(65).json();
}

#[test]
fn of_a_directory_all_scripts_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("flux/deep")).unwrap();
    fs::create_dir_all(dir.path().join("flux/.git")).unwrap();
    const BROKEN: &[u8] = b"x = )";
    for (file, text) in [("a.flux", GOOD), ("deep/b.flux", BROKEN), (".git/c.flux", BROKEN), ("d.txt", BROKEN)] {
        fs::write(dir.path().join("flux").join(file), text).unwrap();
    }
    let ended = in_dir("check", dir.path(), &["flux"]).with(65);
    assert!(ended.err.contains("flux/deep/b.flux:1:5") && !ended.err.contains("c.flux"), "{}", ended.all());
    fs::remove_file(dir.path().join("flux/deep/b.flux")).unwrap();
    for name in ["flux", "."] {
        let ended = in_dir("check", dir.path(), &[name]).with(0);
        assert!(ended.out.contains("No mistakes in 1 script."), "{}", ended.all());
    }
    let ended = in_dir("check", dir.path(), &["flux/deep"]).with(65);
    assert!(ended.err.contains("no scripts in flux/deep"), "{}", ended.all());
}

#[test]
fn a_script_is_read_with_the_libraries_that_are_named() {
    let library: &[u8] = b"import \"strings\"\n\nread = (bucket) => from(bucket: bucket) |> range(start: -1h)\nup = strings.toUper(v: \"a\")\nsend = (tables=<-) => tables |> to(bucket: \"unused\")\n";
    let script: &[u8] = b"import \"math\"\n\nread(bucket: \"raw\") |> limit(m: 1)\n";
    let sound = [("a.flux", script), ("good.flux", b"read(bucket: \"raw\")\n"), ("lib.flux", library)];
    // One mistake in the library, however many scripts use it.
    let ended = run("check", &sound, &["--use", "lib.flux", "a.flux", "good.flux", "lib.flux"]).with(65);
    insta::assert_snapshot!("flux_check_library", ended.err);
    assert!(run("check", &sound, &["a.flux"]).with(65).err.contains("unknown name `read`"));
    let ended = run("refs", &sound, &["good.flux", "--use=lib.flux"]).with(0);
    assert_eq!(ended.out, "lib.flux:3:33: reads bucket \"raw\"\n");
    // Alone, all of a library counts.
    let ended = run("refs", &sound, &["lib.flux"]).with(0);
    assert!(ended.out.contains("writes bucket \"unused\""), "{}", ended.out);

    let clash = [("a.flux", &b"read = 1\n"[..]), ("lib.flux", library)];
    let ended = run("check", &clash, &["a.flux", "--use=lib.flux"]).with(65);
    assert!(ended.err.contains("`read` is defined in a.flux and in lib.flux"), "{}", ended.err);
    let none = [("a.flux", script), ("lib.flux", &b"\xef\xbb\xbfx = 1\nx |> yield()\n"[..])];
    let ended = run("check", &none, &["a.flux", "--use=lib.flux"]).with(65);
    let both = ended.err.contains("begins with a byte-order mark") && ended.err.contains("flux::library");
    assert!(both && !ended.err.contains("unknown name"), "{}", ended.err);
    for (library, exit) in [(&b"\xef\xbb\xbfy = 1\n"[..], 0), (b"\xef\xbb\xbfy = \n", 65)] {
        let marked = [("a.flux", &b"\xef\xbb\xbfx = 1\n"[..]), ("lib.flux", library)];
        let json = run("check", &marked, &["a.flux", "--use=lib.flux", "--format=json"]).with(exit).json();
        let marks = json["warnings"].as_array().unwrap().iter().filter(|one| one["code"] == "flux::bom").count();
        assert_eq!(marks, if exit == 0 { 2 } else { 1 }, "{json:#}");
    }
    // The script's own come first.
    let both =
        [("a.flux", &b"send()\nfrom(bucket: \"own\")\n"[..]), ("lib.flux", b"send = () => from(bucket: \"lib\")\n")];
    let ended = run("refs", &both, &["a.flux", "--use=lib.flux"]).with(0);
    assert_eq!(ended.out, "a.flux:2:14: reads bucket \"own\"\nlib.flux:1:27: reads bucket \"lib\"\n");
}
