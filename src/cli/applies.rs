//! Command lines to be copied: the one that applies a saved plan, and the first one on a new server.

use std::path::Path;

use super::connection::{CertificateFlags, Flags};
use super::project::{Choice, Variables};
use crate::plan::Plan;
use crate::redact::is_secret;
use crate::shell_words::shell_quoted;

/// The command that applies the plan in the file `out`, with all that was said on the command line of the project and of the
/// server, and the flags that the plan rests on.
pub(super) fn command(out: &Path, choice: &Choice, connection: &Flags, plan: &Plan) -> String {
    let mut line = Line(vec!["fluxform".to_owned(), "apply".to_owned(), unquoted(out)]);
    line.project(choice);
    for flagged in &plan.flags {
        match flagged.flag.words()[..] {
            [name, value] => line.option(name, value),
            ref words => line.0.extend(words.iter().map(|word| (*word).to_owned())),
        }
    }
    line.connection(connection);
    line.quoted()
}

/// The command of these words, with all that was said on the command line of the project and of the server, for a sentence.
pub(super) fn like(words: &[&str], choice: &Choice, connection: &Flags) -> String {
    let mut line = Line(["fluxform"].iter().chain(words).map(|word| (*word).to_owned()).collect());
    line.project(choice);
    line.connection(connection);
    format!("`{}`", line.quoted())
}

/// The command that plans with the token in `token_file` on the server `host`, reached as `connection` says, for `org`.
pub(super) fn first_plan(host: &str, org: &str, token_file: &Path, connection: &Flags) -> String {
    let mut line = Line(vec!["fluxform".to_owned(), "plan".to_owned()]);
    line.connection(&Flags { host: None, ..connection.clone() });
    let set = |(name, value): (&str, &str)| format!("{name}={}", shell_quoted([value]));
    let token_file = unquoted(token_file);
    let set = [("INFLUX_HOST", host), ("INFLUX_ORG", org), ("INFLUX_TOKEN_FILE", &token_file)].map(set);
    format!("{} {}", set.join(" "), line.quoted())
}

/// A command line that is being put together.
struct Line(Vec<String>);

impl Line {
    fn project(&mut self, choice: &Choice) {
        if choice.dir != Path::new(".") {
            self.0.push(unquoted(&choice.dir));
        }
        let Variables { var, var_file } = &choice.variables;
        var_file.iter().for_each(|file| self.path("--var-file", Some(file)));
        for (name, value) in var {
            let value = if is_secret(name) { "..." } else { value };
            self.option("--var", &format!("{name}={value}"));
        }
    }

    fn connection(&mut self, flags: &Flags) {
        let Flags { host, org, token_file, insecure_http, certificates, limit: _ } = flags;
        let CertificateFlags { ca_file, client_cert, client_key } = certificates;
        host.iter().for_each(|host| self.option("--host", host));
        org.iter().for_each(|org| self.option("--org", org));
        self.path("--token-file", token_file.as_deref());
        if *insecure_http {
            self.0.push("--insecure-http".to_owned());
        }
        for (name, file) in [("--ca-file", ca_file), ("--client-cert", client_cert), ("--client-key", client_key)] {
            self.path(name, file.as_deref());
        }
    }

    fn quoted(&self) -> String {
        shell_quoted(self.0.iter().map(String::as_str))
    }

    fn option(&mut self, name: &str, value: &str) {
        if value.starts_with('-') {
            self.0.push(format!("{name}={value}"));
        } else {
            self.0.extend([name.to_owned(), value.to_owned()]);
        }
    }

    fn path(&mut self, name: &str, path: Option<&Path>) {
        if let Some(path) = path {
            self.option(name, &path.to_string_lossy());
        }
    }
}

/// A path as an argument that is no flag.
fn unquoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.starts_with('-') { format!("./{text}") } else { text.into_owned() }
}

/// A path as a shell takes it as an argument that is no flag.
pub(super) fn argument(path: &Path) -> String {
    shell_quoted([unquoted(path).as_str()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::plan::{Flag, Flagged};

    fn flagged(flag: Flag) -> Flagged {
        Flagged { flag, addresses: BTreeSet::new() }
    }

    #[test]
    fn a_command_to_look_with_is_about_the_same_project() {
        let variables = Variables { var: vec![("env".into(), "a b".into())], var_file: vec!["p.vars.toml".into()] };
        let choice = Choice { dir: "-envs/it's".into(), variables };
        let connection = Flags { org: Some("my org".into()), ..Flags::default() };
        insta::assert_snapshot!(
            like(&["plan", "--destroy"], &choice, &connection),
            @r#"`fluxform plan --destroy "./-envs/it's" --var-file p.vars.toml --var 'env=a b' --org 'my org'`"#
        );
    }

    #[test]
    fn a_command_has_all_that_counts_and_is_quoted() {
        let alone = Choice { dir: ".".into(), variables: Variables { var: vec![], var_file: vec![] } };
        let plain = command(Path::new("p"), &alone, &Flags::default(), &Plan::default());
        assert_eq!(plain, "fluxform apply p");
        let variables = Variables {
            var: vec![("env".into(), "it's".into()), ("n".into(), "1".into())],
            var_file: vec!["prod.vars.toml".into(), "-x.toml".into()],
        };
        let choice = Choice { dir: "envs/prod eu".into(), variables };
        let flags = vec![
            flagged(Flag::Adopt),
            flagged(Flag::AllowDataLoss("bucket.*".into())),
            flagged(Flag::AllowDataLoss("-x".into())),
            flagged(Flag::AllowEmpty),
        ];
        let connection = Flags {
            host: Some("http://h:8086".into()),
            org: Some("my org".into()),
            token_file: Some("t".into()),
            insecure_http: true,
            certificates: CertificateFlags {
                ca_file: Some("ca.pem".into()),
                client_cert: Some("c.pem".into()),
                client_key: Some("k.pem".into()),
            },
            limit: super::super::connection::Limit::default(),
        };
        let plan = Plan { flags, ..Plan::default() };
        insta::assert_snapshot!(command(Path::new("-out.plan"), &choice, &connection, &plan));
    }
}
