//! What the process gives up before it reads what a stranger may have written: a second wall, should the first have a hole.
//!
//! The first is that [`crate::confine`] opens nothing outside of a project. This one is the kernel's. What a kernel does not offer
//! is no error: the first wall stands alone there.

mod environment;
#[cfg(target_os = "linux")]
mod landlock;

use std::path::{Path, PathBuf};

pub use environment::take_environment;

use crate::confine::Root;

/// What a process may still open once the wall stands.
#[derive(Clone, Debug, Default)]
pub struct Wall {
    /// What it may read, with all below.
    read: Vec<PathBuf>,
    /// The projects that it may read.
    roots: Vec<Root>,
    /// The directories in which it may also make, change and remove what lies in them.
    write: Vec<PathBuf>,
}

/// How much of a wall stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it.
    Whole,
    /// What the kernel knows of; it is an older one.
    Partly,
    /// Nothing, and why.
    Not(String),
}

impl Wall {
    /// Lets `path` be read, and all below it. What is not there is left out.
    pub fn read(&mut self, path: impl Into<PathBuf>) {
        self.read.push(path.into());
    }

    /// Lets all in `root` be read, wherever its path may lead by now.
    pub fn read_root(&mut self, root: &Root) {
        self.roots.push(root.clone());
    }

    /// Lets files be made, changed and removed below the directory of `path`, or the nearest that there is.
    pub fn write_beside(&mut self, path: &Path) {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.write.extend(absolute.ancestors().skip(1).find(|dir| dir.is_dir()).map(Path::to_owned));
    }

    /// Raises the wall around this thread and all that it starts from now on; nothing takes it down again.
    pub fn raise(self) -> Standing {
        #[cfg(target_os = "linux")]
        return landlock::raise(&self).unwrap_or_else(|error| Standing::Not(error.to_string()));
        #[cfg(not(target_os = "linux"))]
        Standing::Not("this system has no Landlock".to_owned())
    }
}

/// Keeps this process's memory from whoever runs as the same user: no core dump, no debugger, and nothing to read in `/proc`
/// (Linux: `PR_SET_DUMPABLE`). A program that is started later is not concerned.
///
/// # Errors
/// What the system does not let be done.
pub fn keep_memory() -> Result<(), String> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .map_err(|error| format!("other processes of this user may read this one's memory: {error}"))?;
    }
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum })
        .map_err(|error| format!("a crash may leave a core dump: {error}"))
}

#[cfg(test)]
mod tests;
