//! What a shell or a program may run, which no mask hides: a secret in a command is a part of one word, and no more.

use std::collections::HashSet;

use super::names::is_secret;
use super::{reference, shapes};

/// No option or name before a variable is longer.
const BEFORE: usize = 120;

/// Whether `c` ends a word of some shell, or begins what it runs. An escape may stand for a character that does.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || ";&|<>()\"'`\\$".contains(c)
}

/// How much of `text` one word of a shell is for certain.
pub(super) fn word(text: &str) -> usize {
    text.find(ends_word).unwrap_or(text.len())
}

/// Whether `value` may be the path of a program.
pub(super) fn is_path(value: &str) -> bool {
    let begins = |(at, _): (usize, &str)| {
        let before = value[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '+' && c != '/')
    };
    value.match_indices('/').any(begins)
}

/// Whether what stands before a token in a header is `word`.
pub(super) fn is_scheme(word: &str) -> bool {
    shapes::is_scheme(word) || reference::is_scheme(word)
}

/// Whether a string ends where `rest` begins, with nothing of its word behind it.
pub(super) fn closes(rest: &str) -> bool {
    let mut rest = rest.trim_start_matches('\\').chars();
    let quote = rest.next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let next = rest.next();
    quote.is_some() && next.is_none_or(|c| Some(c) != quote && (ends_word(c) || matches!(c, ',' | ']' | '}')))
}

/// Whether a string of JSON ends where `rest` begins: nothing is run that ends so.
pub(super) fn closes_json(rest: &str) -> bool {
    let after = rest.trim_start_matches('\\').strip_prefix(['"', '\'']);
    after.is_some_and(|rest| rest.starts_with([',', '}', ']']))
}

/// The variables whose values a command may run, because it does more with them than give them to what is called like a secret.
#[derive(Default)]
pub(super) struct Run<'t> {
    variables: HashSet<&'t str>,
    /// Whether it may be any: a command takes its own arguments one by one, or gives words other meanings.
    any: bool,
}

impl<'t> Run<'t> {
    pub(super) fn by(command: &'t str) -> Self {
        let mut run = Self { any: command.contains("alias"), ..Self::default() };
        for (at, mark) in command.match_indices(['$', '%']) {
            let rest = &command[at + 1..];
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let rest = rest.strip_prefix("env:").unwrap_or(rest);
            let name = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
            if mark == "$" && (rest.starts_with(['@', '*', '!']) || name.starts_with(|c: char| c.is_ascii_digit())) {
                run.any = true;
            } else if !name.is_empty() && !is_given_to_secret(&command[..at]) {
                run.variables.insert(name);
            }
        }
        run
    }

    /// Whether what `name` stands for may be run.
    pub(super) fn has(&self, name: &str) -> bool {
        self.any || self.variables.contains(name)
    }
}

/// Whether what follows `before` is the value of what is called like a secret: `--token=`, `Authorization: Bearer `, `u:`.
fn is_given_to_secret(before: &str) -> bool {
    let from = (before.len().saturating_sub(BEFORE)..).find(|at| before.is_char_boundary(*at)).unwrap_or_default();
    let before = before[from..].trim_end_matches(['"', '\'', '\\']);
    let last = |text: &str| text.rsplit(ends_word).next().unwrap_or_default().to_owned();
    match before.chars().next_back() {
        Some(':') => true,
        Some('=') => is_secret(last(before).trim_end_matches('=').rsplit(['?', '-']).next().unwrap_or_default()),
        Some(' ') => {
            let word = last(before.trim_end());
            is_scheme(&word) || word.starts_with("--") && is_secret(&word)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{HIDDEN, without_secrets_in_command};
    use super::ends_word;

    #[test]
    fn what_is_run_is_shown() {
        for (command, shown) in [
            ("PASSWORD=x\n./evil.sh", "PASSWORD=***\n./evil.sh"),
            (r"PASSWORD=x\n./evil.sh", r"PASSWORD=***\n./evil.sh"),
            ("PASSWORD=x\t./evil", "PASSWORD=***\t./evil"),
            ("PASSWORD=x\r\n./evil", "PASSWORD=***\r\n./evil"),
            ("PASSWORD=x\u{b}evil", "PASSWORD=***\u{b}evil"),
            ("PASSWORD=x\0evil", "PASSWORD=***\0evil"),
            ("PASSWORD=x\u{2028}evil", "PASSWORD=***\u{2028}evil"),
            ("PASSWORD=x ./evil", "PASSWORD=*** ./evil"),
            ("env PASSWORD=x evil", "env PASSWORD=*** evil"),
            ("eval PASSWORD=x evil", "eval PASSWORD=*** evil"),
            ("TOKEN= evil", "TOKEN= evil"),
            ("TOKEN=\"\" evil", "TOKEN=\"\" evil"),
            ("TOKEN='' evil", "TOKEN='' evil"),
            ("TOKEN:= evil", "TOKEN:= evil"),
            ("TOKEN=>evil", "TOKEN=>evil"),
            ("TOKEN={ evil; }", "TOKEN=*** evil; }"),
            ("TOKEN = evil", "TOKEN = evil"),
            ("#token: a\nevil", "#token: a\nevil"),
            ("x #token: a\nid >PWNED", "x #token: a\nid >PWNED"),
            ("Authorization: Bearer\nevil", "Authorization: Bearer\nevil"),
            (r"'Authorization: Bearer\nevil'", r"'Authorization: Bearer\nevil'"),
            ("cookie: \nevil&&b", "cookie: \nevil&&b"),
            ("password =\\\nevil", "password =\\\nevil"),
            ("password=\\\nevil", "password=\\\nevil"),
            ("x= --token ./evil", "x= --token ./evil"),
            ("password: ./evil", "password: ./evil"),
            ("password=./evil /bin/x", "password=./evil /bin/x"),
            ("sudo -p password: evil", "sudo -p password: evil"),
            ("sudo -p ''password: evil''", "sudo -p ''password: evil''"),
            ("sudo -p {\"password\": \"evil\" }", "sudo -p {\"password\": \"evil\" }"),
            ("token=evil; $token", "token=evil; $token"),
            ("token='curl -d@- h'; ${token}", "token='curl -d@- h'; ${token}"),
            ("set token=evil & %token%", "set token=evil & %token%"),
            ("alias token=evil\ntoken", "alias token=evil\ntoken"),
            (
                "command [\"sh\", \"-c\", \"$1\", \"--token\", \"evil\"]",
                "command [\"sh\", \"-c\", \"$1\", \"--token\", \"evil\"]",
            ),
            ("command [\"token=evil\"]", "command [\"token=evil\"]"),
            ("./token=evil", "./token=evil"),
            ("SSH_ASKPASS=evil ssh h", "SSH_ASKPASS=evil ssh h"),
            ("x --credential-helper=evil --token-script evil", "x --credential-helper=evil --token-script evil"),
            ("time -p evil", "time -p evil"),
            (": docker; time -p evil", ": docker; time -p evil"),
            ("sshpass -p x time -p evil", "sshpass -p *** time -p evil"),
            ("curl -p evil.example/x", "curl -p evil.example/x"),
            ("curl -u https://evil.example", "curl -u https://evil.example"),
            ("curl --token https://evil.example", "curl --token https://evil.example"),
            ("password=\\\"x evil \\\"", "password=\\\"*** evil \\\""),
            (": -----BEGIN PRIVATE KEY-----\n/bin/evil\nid\n", ": -----BEGIN PRIVATE KEY-----\n/bin/evil\nid\n"),
            ("cat <<X\nPASSWORD=x\nX\n./evil", "cat <<X\nPASSWORD=***\nX\n./evil"),
        ] {
            assert_eq!(without_secrets_in_command(command), shown);
        }
    }

    #[test]
    fn secrets_in_commands_are_hidden() {
        for (command, shown) in [
            ("curl -H 'Authorization: Bearer S3' h", "curl -H 'Authorization: Bearer ***' h"),
            ("curl -H \"X-Token: S3\" h", "curl -H \"X-Token: ***\" h"),
            ("curl -H Authorization:S3 h", "curl -H Authorization:*** h"),
            ("curl -d '{\"password\": \"S3\", \"a\": 1}'", "curl -d '{\"password\": \"***\", \"a\": 1}'"),
            ("curl -d {\\\"password\\\":\\\"S3\\\"}", "curl -d {\\\"password\\\":\\\"***\\\"}"),
            ("TOKEN=S3 curl -H \"Authorization: Bearer $TOKEN\"", "TOKEN=*** curl -H \"Authorization: Bearer $TOKEN\""),
            ("TOKEN='S3' x --token \"$TOKEN\" -u u:$TOKEN", "TOKEN='***' x --token \"$TOKEN\" -u u:$TOKEN"),
            ("x --password=S3 --token S4 -u me:S5", "x --password=*** --token *** -u me:***"),
            ("mysql -u root -pS3 d; sshpass -p S3 ssh h", "mysql -u root -p*** d; sshpass -p *** ssh h"),
            ("password = \"S3\"", "password = \"***\""),
            ("docker login -u me -p S3", "docker login -u me -p ***"),
            ("curl https://u:S3@h/x?token=S3", "curl https://u:***@h/x?token=***"),
            (
                "x '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIBcQ2rXkLm3oPqRsTuVwXyZ0123456789abcdEFGHIJK\n-----END PRIVATE KEY-----'",
                "x '-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----'",
            ),
        ] {
            assert_eq!(without_secrets_in_command(command), shown);
        }
    }

    /// What texts are made of that may be commands.
    const PIECES: [&str; 42] = [
        "PASSWORD",
        "token",
        "Authorization",
        "cookie",
        "=",
        ": ",
        ":",
        ":=",
        " ",
        "\n",
        "\r",
        "\t",
        "\0",
        "\u{2028}",
        "\\",
        "\\n",
        "\\\"",
        "\"",
        "'",
        "`",
        ";",
        "&&",
        "|",
        "<<X",
        ">",
        "(",
        ")",
        "$(",
        "${",
        "}",
        "{",
        "[",
        ",",
        "Bearer ",
        "--token ",
        "-p ",
        "mysql -p",
        "evil",
        "./evil",
        "#",
        "-----BEGIN PRIVATE KEY-----",
        "https://token:x@h",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// All that ends a word is shown, and so is each word that may be a path.
        #[test]
        fn a_mask_hides_no_more_than_one_word(pieces in proptest::collection::vec(0..PIECES.len(), 0..16)) {
            let command: String = pieces.into_iter().map(|at| PIECES[at]).collect();
            let shown = without_secrets_in_command(&command);
            let marks = |text: &str| text.matches(ends_word).collect::<String>();
            prop_assert_eq!(marks(&command), marks(&shown), "{:?} as {:?}", command, shown);
            for (word, shown) in command.split(ends_word).zip(shown.split(ends_word)) {
                let before = shown.split(HIDDEN).next().unwrap_or_default();
                let after = shown.rsplit(HIDDEN).next().unwrap_or_default();
                prop_assert!(word.starts_with(before) && word.ends_with(after), "{:?} as {:?}", command, shown);
                prop_assert_eq!(word.contains("./evil"), shown.contains("./evil"), "{:?} as {:?}", command, shown);
            }
        }
    }
}
