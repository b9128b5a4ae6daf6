//! The servers that a person has said yes to: a token goes to no other that only a manifest names.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::approve;
use super::connection::{Connection, Surroundings, Target};
use super::shell::Shell;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use crate::problem::Problems;
use crate::render::Role;

/// Where the answers are kept, one origin (`https://influx.example.com:8086`) a line: below `XDG_STATE_HOME`, or in
/// `~/.local/state`.
fn file(around: &Surroundings) -> Option<PathBuf> {
    let absolute = |name: &str| around.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("fluxform/known_hosts"))
}

/// The file, whose directory is there, so that a wall may let it be read and written.
pub(super) fn prepared(around: &Surroundings) -> Option<PathBuf> {
    let file = file(around)?;
    make_directory(&file).ok()?;
    Some(file)
}

fn make_directory(file: &Path) -> io::Result<()> {
    let directory = file.parent().expect("invariant: the file is in a directory");
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Asks whether the token may go to the server of `connection`, unless the answer is known; a yes is kept.
///
/// # Errors
/// What to say if the answer is no.
pub(super) async fn confirm(shell: &Shell, connection: &Connection) -> Result<(), Problems> {
    let (Target::Server(url), Some(token)) = (&connection.target.value, &connection.token) else { return Ok(()) };
    let origin = url.origin().ascii_serialization();
    let file = file(&shell.around);
    if file.as_deref().is_some_and(|file| is_known(file, &origin)) {
        return Ok(());
    }
    let mut page = shell.talk_page();
    page.say(format_args!("{} names the server ", connection.named_by())).put(Role::Strong, &origin);
    page.say(", which fluxform has never sent a token to.").fold(0);
    shell.output.talk(&page.finish());
    approve::yes(shell, &format!("Send it the token from {}?", token.from)).await.map_err(|_| connection.withheld())?;
    let kept = file.ok_or_else(|| "there is no home directory".to_owned());
    if let Err(why) = kept.and_then(|file| keep(&file, &origin).map_err(|error| format!("{}: {error}", file.display())))
    {
        let message = format!("cannot save this answer, so the next run asks again: {why}");
        shell.show(&[Diagnostic::warning(Code::ConnectionKnownHosts, message)]);
    }
    Ok(())
}

fn is_known(file: &Path, origin: &str) -> bool {
    let mut text = String::new();
    // What cannot be read is not known: the person is asked.
    let read = File::open(file).and_then(|file| file.take(limits::CONNECTIONS_FILE.most).read_to_string(&mut text));
    read.is_ok() && text.lines().any(|line| line == origin)
}

fn keep(file: &Path, origin: &str) -> io::Result<()> {
    make_directory(file)?;
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.write_all(format!("{origin}\n").as_bytes())
}
