//! Moving in: servers that somebody set up by hand, exported, adopted, and left as they are.

mod day_one;
mod export;
mod generated;
mod odd;
mod record;
mod refused;
mod unmanaged;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::fluxform::{Ended, Fluxform};
use crate::support::{Backend, Http, Secret, Server, Start, card, id};

/// A server of a test's own, set up, with one org: what other tests make on a shared one would be exported too.
pub(crate) struct Home {
    pub(crate) server: Server,
    pub(crate) http: Http,
    /// The ID of its org.
    pub(crate) org: String,
    /// The name of its org.
    pub(crate) org_name: &'static str,
    /// The ID of the operator's user.
    pub(crate) user: String,
}

/// The name of the org that setup makes, where nothing else is said.
const ORG: &str = "first";

impl Home {
    /// Sets up a server that nobody has.
    pub(crate) async fn on(server: Server) -> Self {
        Self::named(server, ORG, "first-bucket").await
    }

    /// The same with the names of the org and its first bucket.
    pub(crate) async fn named(mut server: Server, org_name: &'static str, bucket: &str) -> Self {
        let reply = server.set_up_with(org_name, bucket).await;
        Self { http: server.operator(), org: id(&reply["org"]), org_name, user: id(&reply["user"]), server }
    }

    /// Another one like this.
    pub(crate) async fn another(backend: Backend) -> Self {
        Self::on(Server::virgin(backend, &Start::default()).await).await
    }

    /// A run on the server as the operator, in its org.
    pub(crate) fn fluxform(&self, arguments: &[&str]) -> Fluxform {
        self.fluxform_with(self.server.token(), arguments)
    }

    /// The same with another token.
    pub(crate) fn fluxform_with(&self, token: &str, arguments: &[&str]) -> Fluxform {
        Fluxform::new(arguments)
            .var("INFLUX_HOST", self.server.url())
            .var("INFLUX_TOKEN", token)
            .var("INFLUX_ORG", self.org_name)
    }

    /// Exports to `out`.
    pub(crate) fn export(&self, out: &Path, arguments: &[&str]) -> Ended {
        self.fluxform(&["export", "--out"]).arg(out).args(arguments).run()
    }

    /// Makes an object of the org; its ID.
    pub(crate) async fn make(&self, list: &str, mut body: Value) -> String {
        body["orgID"] = json!(self.org);
        let reply = self.http.post(list, body).await.expect(201);
        id(if list == "labels" { &reply["label"] } else { &reply })
    }

    /// Makes a token; its secret works at once.
    pub(crate) async fn token(&self, description: &str, permissions: Value) -> Secret {
        let body = json!({"orgID": self.org, "description": description, "permissions": permissions});
        let reply = self.http.post("authorizations", body).await.expect(201);
        let token = reply["token"].as_str().unwrap().to_owned();
        Secret { id: id(&reply), http: self.http.with_token(&token), token }
    }

    /// A permission on all objects of a type in the org.
    pub(crate) fn may(&self, action: &str, ty: &str) -> Value {
        json!({"action": action, "resource": {"type": ty, "orgID": self.org}})
    }

    /// A permission on one object of the org.
    pub(crate) fn may_one(&self, action: &str, ty: &str, id: &str) -> Value {
        json!({"action": action, "resource": {"type": ty, "orgID": self.org, "id": id}})
    }

    /// Everything that the server has, as it gives it; without what a running task changes by itself, and without ledgers.
    pub(crate) async fn everything(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        let roles = ["members", "owners"].map(|list| format!("orgs/{}/{list}", self.org));
        for list in card::lists(&self.org).chain(roles) {
            let reply = self.http.get(&list).await.expect(200);
            all.insert(list, reply);
        }
        for list in all.values_mut() {
            let rows = list.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut);
            for rows in rows {
                rows.retain(|row| row["name"].as_str().is_none_or(|name| !name.starts_with("fluxform/")));
                for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                    for volatile in ["latestCompleted", "latestScheduled", "lastRunStatus", "lastRunError"] {
                        row.remove(volatile);
                    }
                }
            }
        }
        all
    }

    /// What a plan of the project would do, but adopt: empty if nothing. Its number of adoptions too.
    #[track_caller]
    pub(crate) fn plan(&self, dir: &Path) -> (u64, String) {
        let plan = self.fluxform(&["plan", "--adopt", "--format=json"]).arg(dir).run().with(0).json();
        let summary = &plan["plan"]["summary"];
        let mut rest = String::new();
        for (what, count) in summary.as_object().unwrap() {
            if !["adopt", "unchanged"].contains(&what.as_str()) && *count != 0 {
                rest += &format!("{what}: {count}\n{:#}", plan["plan"]["changes"]);
            }
        }
        assert_eq!(plan["plan"]["refusals"], json!([]));
        (summary["adopt"].as_u64().unwrap(), rest)
    }
}

/// All files of a project with their text, by path.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, String> {
    fn read(root: &Path, dir: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    read(dir, dir, &mut found);
    found
}

/// Whether what is expected is written anew: by one of the two that run at once.
fn update(home: &Home) -> bool {
    std::env::var_os("UPDATE_EXPECTED").is_some() && home.server.backend() == Backend::Embedded
}

/// Runs the lines of a console block that begin with `$ ` in `dir`; what they print on standard output follows each. `# exit N` at
/// the end of a line is how the command ends.
fn console(block: &str, home: &Home, dir: &Path) -> String {
    let mut shown = String::new();
    for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let (command, code) = line.split_once("  # exit ").map_or((line, 0), |(c, code)| (c, code.parse().unwrap()));
        let words: Vec<&str> = command.split_whitespace().collect();
        let out = match words[..] {
            ["fluxform", ..] => {
                let mut run = home.fluxform(&words[1..]);
                run.command.current_dir(dir);
                run.run().with(code).out
            }
            ["cat", file] => std::fs::read_to_string(dir.join(file)).unwrap(),
            ["rm", file] => std::fs::remove_file(dir.join(file)).map(|()| String::new()).unwrap(),
            _ => panic!("{line}"),
        };
        shown += &format!("$ {line}\n{}", masked(&out, home.server.url()));
    }
    shown
}

/// The commands of a page, run in `dir`, print what it shows. A block whose first line is a comment with the name of a file is that
/// file.
#[track_caller]
pub(crate) fn page_holds(name: &str, home: &Home, dir: &Path) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let mut expected = String::new();
    for (n, part) in page.split("```").enumerate() {
        let part = match part.split_once('\n').filter(|_| n % 2 == 1) {
            Some(("console", block)) => format!("console\n{}", console(block, home, dir)),
            Some(("yaml", text)) => {
                let file = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap();
                std::fs::write(dir.join(file), text).unwrap();
                part.to_owned()
            }
            _ => part.to_owned(),
        };
        expected += if n == 0 { "" } else { "```" };
        expected += &part;
    }
    if update(home) {
        std::fs::write(path, expected).unwrap();
        return;
    }
    let difference = similar::TextDiff::from_lines(page.as_str(), &expected);
    assert!(page == expected, "{name}: UPDATE_EXPECTED=1 writes it\n{}", difference.unified_diff());
}

/// All IDs as one, the server's address, and digests of plans too: they are others each time.
pub(crate) fn masked(text: &str, url: &str) -> String {
    let text = text.replace(url, "http://localhost:8086");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let digits = rest[at..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len() - at);
        out += &rest[..at];
        out += match digits {
            16 => "0123456789abcdef",
            12 if out.ends_with("Plan digest: ") => "0123456789ab",
            _ => &rest[at..at + digits],
        };
        rest = &rest[at + digits..];
    }
    out + rest
}
