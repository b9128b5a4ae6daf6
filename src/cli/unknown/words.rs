//! Words of other tools: Terraform's, those of influx and kubectl, and what people try first.

/// Options that fluxform has not, each with what to say of it wherever it is written.
pub(super) const OPTIONS: &[(&str, &str)] = &[
    ("allow-missing", "a server is never imported from a file; see `fluxform import --help`"),
    ("backend", STATE),
    ("backend-config", STATE),
    ("backup", STATE),
    ("chdir", PROJECT),
    ("check", PREVIEW),
    ("color", COLOR),
    ("compact-warnings", "each warning is said once, with its place; what is for programs is written as JSON"),
    ("config", PROJECT),
    (
        "debug",
        "`fluxform plan --verbose` says more of the run itself; `fluxform status` shows the lock and the last run",
    ),
    ("delete", GONE),
    ("diff", PREVIEW),
    ("dir", PROJECT),
    ("directory", PROJECT),
    ("dry-run", PREVIEW),
    ("exclude", WHOLE),
    ("f", PROJECT),
    ("file", PROJECT),
    ("generate-config-out", "`fluxform export --out DIR` writes manifests of what a server has"),
    ("insecure", VERIFY),
    ("migrate-state", STATE),
    ("no-color", COLOR),
    ("only", WHOLE),
    ("preview", PREVIEW),
    ("project", PROJECT),
    ("prune", GONE),
    ("purge", GONE),
    ("q", QUIET),
    ("quiet", QUIET),
    ("raw", "`fluxform output DIR ADDRESS --field id` prints one value as plain text"),
    ("reconfigure", STATE),
    ("recreate", ANEW),
    ("redeliver", "`fluxform apply --redeliver` makes secrets anew that are not any more where they were delivered"),
    ("refresh", "every plan reads the server again; there is no cached state to skip or refresh"),
    ("refresh-only", "`fluxform drift` shows what has changed on the server since the last apply"),
    ("replace", ANEW),
    ("rotate", ROTATE),
    ("skip-verify", VERIFY),
    ("state", STATE),
    ("state-out", STATE),
    ("t", TOKEN),
    ("target", WHOLE),
    ("token", TOKEN),
    ("upgrade", "there are no providers to download"),
    ("what-if", PREVIEW),
];

/// Options that both have, and options whose answer depends on the command.
pub(super) const SHARED: &[&str] = &[
    "approve",
    "assume-yes",
    "auto-approve",
    "confirm",
    "destroy",
    "detailed-exitcode",
    "exit-code",
    "force",
    "help",
    "input",
    "json",
    "lock",
    "lock-timeout",
    "markdown",
    "no-input",
    "non-interactive",
    "out",
    "parallelism",
    "var",
    "var-file",
    "version",
    "y",
    "yes",
];

/// Other words for options that fluxform has.
pub(super) const SYNONYMS: &[(&str, &str)] = &[
    ("address", "host"),
    ("endpoint", "host"),
    ("jobs", "parallelism"),
    ("organization", "org"),
    ("output", "out"),
    ("server", "host"),
    ("summary", "compact"),
    ("url", "host"),
    ("variable", "var"),
];

const ANEW: &str = "nothing is marked: `fluxform rotate` gives a token another secret; other resources are \
                    replaced where a field that cannot change in place differs";
const ASK: &str =
    "`fluxform validate` checks manifests, and `fluxform flux check` scripts; `fluxform plan` asks the server too";
const COLOR: &str = "set the environment variable NO_COLOR=1; there is no color where there is no terminal";
const DECLARE: &str = "declare in the manifests what is to be there; `fluxform plan` shows what changes, `fluxform apply` makes \
                       the changes";
const DESTROY: &str = "`fluxform plan --destroy` shows what the project created, and `fluxform destroy` deletes that";
const GONE: &str =
    "an apply deletes what the project created and no longer declares, and nothing else; `fluxform plan` shows it";
const PREVIEW: &str = "`fluxform plan` shows what an apply would do, and `fluxform plan --destroy` what a destroy would do; neither writes anything";
const PROJECT: &str = "give the project's directory as an argument, as in `fluxform plan DIR`";
const QUIET: &str = "data goes to standard output and messages to standard error: redirect what you do not want to see";
const REMOVE: &str = "remove its table from the manifests and apply: what the project created is deleted; `fluxform forget` \
                      leaves the object on the server";
const ROTATE: &str = "`fluxform rotate ADDRESS` gives a token another secret, and delivers it";
const STATE: &str = "there is no state file and no backend: the server keeps the ledger";
const TOKEN: &str = "a token on the command line would be seen by others: set INFLUX_TOKEN, or name a file that contains it \
                     with INFLUX_TOKEN_FILE or --token-file";
const VERIFY: &str =
    "--ca-file FILE names the authority of a server's certificate; INFLUX_SKIP_VERIFY=1 accepts any certificate";
const WHOLE: &str = "a plan covers its whole project, so that nothing is left half done; what is to be applied on its own belongs \
                     in a directory with a `[project]` of its own";

/// Commands that fluxform lacks, each with what to do instead.
pub(super) const COMMANDS: &[(&str, &str)] = &[
    ("auth", "a token is declared in a manifest as `[token.KEY]`; its secret goes where its `deliver` says"),
    ("check", ASK),
    ("clean", DESTROY),
    ("config", "settings come from flags, `[server]` and the environment; the first line of each run says which"),
    (
        "console",
        "`${...}` only inserts values, there is no expression language to try out; `fluxform validate` checks the manifests, and \
         `fluxform output` prints what a project has",
    ),
    ("create", DECLARE),
    ("delete", REMOVE),
    ("deliver", ROTATE),
    ("deploy", DECLARE),
    ("describe", SHOW),
    ("diff", "`fluxform plan` shows what an apply would do, and `fluxform drift` what somebody changed on the server"),
    ("down", DESTROY),
    ("dump", "`fluxform export --out DIR` writes what is on a server as manifests"),
    ("edit", DECLARE),
    ("fmt", "manifests are plain TOML: any TOML formatter will do; `fluxform flux fmt` formats Flux scripts"),
    (
        "force-unlock",
        "`fluxform lock show` says whose the lock is, and `fluxform lock release` takes it away; a lock whose run has died is taken \
         over by the next run, after 65 seconds at most",
    ),
    ("format", "manifests are plain TOML: any TOML formatter will do; `fluxform flux fmt` formats Flux scripts"),
    ("generate", "`fluxform export --out DIR` writes what is on a server as manifests"),
    ("get", "there are no modules to download; `fluxform show` lists what the project owns"),
    ("history", LAST),
    ("inspect", SHOW),
    ("lint", ASK),
    ("list", SHOW),
    ("log", LAST),
    ("login", "the token comes from INFLUX_TOKEN, INFLUX_TOKEN_FILE or --token-file"),
    ("logout", "fluxform stores no token"),
    ("logs", LAST),
    ("ls", SHOW),
    ("modules", "a project is one directory; `fluxform plan DIR...` accepts several"),
    ("new", "`fluxform init DIR` writes a small project to start from"),
    ("preview", PREVIEW),
    ("providers", "there are no providers: fluxform talks to InfluxDB itself"),
    ("redeliver", "`fluxform apply --redeliver` makes secrets anew that are not any more where they were delivered"),
    ("refresh", "every plan reads the server again; `fluxform drift` shows what has changed on it"),
    ("remove", REMOVE),
    ("rm", REMOVE),
    ("rollback", UNDO),
    ("run", DECLARE),
    (
        "state",
        "`fluxform show` lists what the project owns; `fluxform import`, `fluxform forget` and `[[moved]]` change that",
    ),
    ("sync", DECLARE),
    ("taint", ANEW),
    ("teardown", DESTROY),
    ("test", ASK),
    ("undo", UNDO),
    ("unlock", "`fluxform lock show` says whose the lock is, and `fluxform lock release` takes it away"),
    ("untaint", "nothing is marked, so there is nothing to take back"),
    ("up", DECLARE),
    ("update", DECLARE),
    ("version", "write `fluxform --version`"),
    ("workspace", "give each environment its own project name, and use `--var-file` for what differs"),
];

const LAST: &str = "`fluxform status` shows the last run that wrote something; the history of the manifests is Git's";
const SHOW: &str =
    "`fluxform show` lists what the project owns, and `fluxform output` prints names and IDs for other tools";
const UNDO: &str = "apply the manifests of an earlier commit: `fluxform plan` shows what that would change";
