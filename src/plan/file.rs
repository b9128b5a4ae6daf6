//! Plan files: a reviewed plan, to be applied later if it is still the plan. Nothing that is done comes from the file: it
//! only says what was agreed to. It holds no secret: where one was there is a mask, and a print to tell it from others.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::digest::hexadecimal;
use super::form::{ChangeForm, StakeForm, WarningForm, sealed};
use super::{Allowed, Flagged, Plan};
use crate::confine::{self, ConfineError, Root};
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::limits;
use crate::problem::Problem;

/// The version of the files that this program writes and reads. Any change of the form is a new one.
const FORMAT: u64 = 7;

/// A plan as it was reviewed.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The server that it was made on.
    pub origin: Origin,
    /// What was to be done, and which flags of that run it rests on: for who reviews it, since the file itself allows
    /// nothing. Never refused: such a plan is not saved.
    pub plan: Plan,
    /// The digest of each variable's value: which are other ones later is said, and what they were is not in the file.
    pub variables: BTreeMap<String, String>,
}

/// Where a plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The server's URL; `embedded:` for the server inside fluxform.
    pub server: String,
    /// The home org, as it was named.
    pub org: String,
    /// Its ID; none where the apply makes it.
    pub org_id: Option<String>,
}

#[derive(Serialize)]
struct File<'a> {
    fluxform_plan: u64,
    checksum: &'a str,
    content: &'a Content,
}

/// A file as it is read first: its content may be large, and is not worth a tree.
#[derive(Deserialize)]
struct Envelope<'a> {
    checksum: String,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// What tells a plan file from other JSON.
#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow)]
    fluxform_plan: Option<&'a RawValue>,
    #[serde(borrow)]
    format_version: Option<&'a RawValue>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    project: String,
    plan_digest: String,
    made_on: Origin,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, String>,
    changes: Vec<ChangeForm>,
    at_stake: Vec<StakeForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<Allowed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flagged>,
    warnings: Vec<WarningForm>,
}

impl<'a> Label<'a> {
    /// None for what is no object: a list would be taken for one by its order.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        serde_json::from_slice(bytes).ok().filter(|_| first == Some(&b'{'))
    }
}

fn usage(code: Code, path: &Path, message: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(code, format!("{} {message}", path.display()))
}

fn problem(diagnostic: Diagnostic) -> Problem {
    Problem { exit: Exit::Usage, diagnostic }
}

const AGAIN: &str = "create it again with `fluxform plan --out FILE`";

/// Whether the file at `path` is meant as a plan: no manifest begins with a brace, and one that is empty or too large to tell
/// is called `.toml`.
pub fn meant(path: &Path) -> bool {
    let named = || path.extension().is_none_or(|extension| extension != "toml");
    match confine::read(path, &limits::PLAN_FILE) {
        Ok(text) => text.iter().find(|byte| !byte.is_ascii_whitespace()).map_or_else(named, |first| *first == b'{'),
        // Reading it says so.
        Err(ConfineError::TooLarge { .. }) => named(),
        Err(_) => false,
    }
}

/// Reads a plan file.
///
/// # Errors
/// A file that is none, of another version, cut short, or changed since it was written.
pub fn read(path: &Path) -> Result<Saved, Problem> {
    let bytes = confine::read(path, &limits::PLAN_FILE).map_err(|error| {
        let help = error.help().unwrap_or("use a file that `fluxform plan --out FILE` wrote, or a project directory");
        problem(Diagnostic::error(Code::PlanUnreadable, error.to_string()).help(help))
    })?;
    decode(&bytes).map_err(|(message, help)| problem(usage(Code::PlanNotAPlan, path, message).help(help)))
}

/// A plan from a file's bytes; what is wrong with them, and what to do about it.
pub(super) fn decode(bytes: &[u8]) -> Result<Saved, (String, &'static str)> {
    let again = |message: &str| (message.to_owned(), AGAIN);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(again("is empty"));
    }
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
    is_json.map_err(|error| match error.is_eof() {
        true => again("is truncated"),
        false => again(&format!("is not a plan file: it is not JSON ({error})")),
    })?;
    let label = Label::of(bytes);
    let Some(version) = label.as_ref().and_then(|label| label.fluxform_plan) else {
        let help = match label.and_then(|label| label.format_version) {
            Some(_) => "it is the output of `--format json`; save a plan with `fluxform plan --out FILE` instead",
            None => "save a plan with `fluxform plan --out FILE`",
        };
        return Err(("is JSON, but not a plan file".to_owned(), help));
    };
    if serde_json::from_str::<u64>(version.get()).ok() != Some(FORMAT) {
        let version = crate::snowflake::shown(version.get());
        let message = format!("has version {version} of the plan format, but this fluxform reads version {FORMAT}");
        return Err((message, "plan and apply with the same version of fluxform"));
    }
    let edited = || again("was changed after it was written: its checksum does not match");
    let file: Envelope<'_> =
        serde_json::from_slice(bytes).map_err(|error| again(&format!("is not a plan file: {error}")))?;
    if file.checksum != checksum(file.content.get()) {
        return Err(edited());
    }
    let broken = |error: String| again(&format!("cannot be read: {error}"));
    let content: Content = serde_json::from_str(file.content.get()).map_err(|error| broken(error.to_string()))?;
    let plan_digest = content.plan_digest.clone();
    let saved = content.saved().map_err(broken)?;
    if saved.plan.digest() != plan_digest { Err(edited()) } else { Ok(saved) }
}

/// The SHA-256 of JSON, however it is indented.
pub(super) fn checksum(json: &str) -> String {
    let mut hash = Sha256::new();
    let (mut in_string, mut escaped) = (false, false);
    let dense = |byte: &u8| {
        let kept = in_string || !byte.is_ascii_whitespace();
        (in_string, escaped) = match byte {
            b'"' if !escaped => (!in_string, false),
            b'\\' => (in_string, in_string && !escaped),
            _ => (in_string, false),
        };
        kept
    };
    let mut dense = json.bytes().filter(dense);
    let mut block = [0; 4096];
    loop {
        let mut filled = 0;
        block.iter_mut().zip(&mut dense).for_each(|(to, byte)| (*to, filled) = (byte, filled + 1));
        hash.update(&block[..filled]);
        if filled < block.len() {
            return hexadecimal(&hash.finalize());
        }
    }
}

impl Content {
    fn new(saved: &Saved) -> Self {
        let Saved { origin, plan, variables } = saved;
        Self {
            project: plan.project.clone(),
            plan_digest: plan.digest(),
            made_on: origin.clone(),
            variables: variables.clone(),
            changes: plan.changes.iter().map(|change| ChangeForm::from(&sealed(change.clone()))).collect(),
            at_stake: plan.at_stake.iter().map(StakeForm::from).collect(),
            allowed: plan.allowed.clone(),
            flags: plan.flags.clone(),
            warnings: plan.warnings.iter().map(WarningForm::from).collect(),
        }
    }

    fn saved(self) -> Result<Saved, String> {
        let plan = Plan {
            project: self.project,
            home: self.made_on.org_id.clone(),
            changes: self.changes.into_iter().map(ChangeForm::read).collect::<Result<_, _>>()?,
            dependents: BTreeMap::new(),
            at_stake: self.at_stake.into_iter().map(StakeForm::read).collect(),
            allowed: self.allowed,
            flags: self.flags,
            warnings: self.warnings.into_iter().map(WarningForm::read).collect(),
            ..Plan::default()
        };
        Ok(Saved { origin: self.made_on, plan, variables: self.variables })
    }
}

/// The bytes of a plan file.
pub(super) fn encode(saved: &Saved) -> Vec<u8> {
    const INVARIANT: &str = "invariant: the forms have string keys and no failing parts";
    let content = Content::new(saved);
    let checksum = checksum(&serde_json::to_string(&content).expect(INVARIANT));
    let file = File { fluxform_plan: FORMAT, checksum: &checksum, content: &content };
    let mut bytes = serde_json::to_vec(&file).expect(INVARIANT);
    bytes.push(b'\n');
    bytes
}

/// Whether a plan could be written to `path`; asked before anything else is done. Only another plan file is overwritten.
///
/// # Errors
/// What stands in the way.
pub fn writable(path: &Path) -> Result<(), Problem> {
    let wrong = |message: String| Err(problem(usage(Code::PlanOut, path, message)));
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return wrong("already exists and is not a regular file".to_owned()),
        Ok(_) => {
            // What cannot be read is no plan either.
            let bytes = confine::read(path, &limits::PLAN_FILE).unwrap_or_else(|_| b"?".to_vec());
            let plan = Label::of(&bytes).is_some_and(|label| label.fluxform_plan.is_some());
            if !plan && !bytes.is_empty() {
                return wrong("already exists and is not a plan file, so it is not overwritten".to_owned());
            }
        }
        Err(_) => {}
    }
    match Root::open(parent(path)) {
        Ok(_) => Ok(()),
        Err(ConfineError::Missing(parent)) => {
            wrong(format!("cannot be written: there is no directory {}", parent.display()))
        }
        Err(error) => wrong(format!("cannot be written: {error}")),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a plan file, whole or not at all. It holds no secret, so it gets the permissions of any new file.
///
/// # Errors
/// The file system's.
pub fn write(path: &Path, saved: &Saved) -> Result<(), Problem> {
    let bytes = encode(saved);
    if limits::PLAN_FILE.exceeded(bytes.len()) {
        let message = format!("would be larger than {}, so the plan was not saved", limits::PLAN_FILE);
        return Err(Problem { exit: Exit::Error, diagnostic: usage(Code::PlanOut, path, message) });
    }
    let write = || {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(parent(path))?;
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error: std::io::Error| {
        let diagnostic = usage(Code::PlanOut, path, format_args!("cannot be written: {error}"));
        Problem { exit: Exit::Error, diagnostic: diagnostic.help("the plan was not saved") }
    })
}
