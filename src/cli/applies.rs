//! The command line that applies a saved plan.

use std::path::Path;

use super::connection::{CertificateFlags, Flags};
use super::project::{Choice, Variables};
use crate::plan::{Plan, shell_quoted};

/// The command that applies the plan in the file `out`, with all that was said on the command line of the project and of the
/// server, and the flags that the plan rests on.
pub(super) fn command(out: &Path, choice: &Choice, connection: &Flags, plan: &Plan) -> String {
    let mut line = Line(vec!["fluxform".to_owned(), "apply".to_owned(), unquoted(out)]);
    if choice.dir != Path::new(".") {
        line.0.push(unquoted(&choice.dir));
    }
    let Variables { var, var_file } = &choice.variables;
    var_file.iter().for_each(|file| line.path("--var-file", Some(file)));
    var.iter().for_each(|(name, value)| line.option("--var", &format!("{name}={value}")));
    for flagged in &plan.flags {
        match flagged.flag.words()[..] {
            [name, value] => line.option(name, value),
            ref words => line.0.extend(words.iter().map(|word| (*word).to_owned())),
        }
    }
    let Flags { host, org, token_file, insecure_http, certificates, limit: _ } = connection;
    let CertificateFlags { ca_file, client_cert, client_key } = certificates;
    host.iter().for_each(|host| line.option("--host", host));
    org.iter().for_each(|org| line.option("--org", org));
    line.path("--token-file", token_file.as_deref());
    if *insecure_http {
        line.0.push("--insecure-http".to_owned());
    }
    for (name, file) in [("--ca-file", ca_file), ("--client-cert", client_cert), ("--client-key", client_key)] {
        line.path(name, file.as_deref());
    }
    shell_quoted(line.0.iter().map(String::as_str))
}

/// A command line that is being put together.
struct Line(Vec<String>);

impl Line {
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
