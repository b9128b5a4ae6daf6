//! The exit codes: one table.

/// Why the process ends. The codes are public: pipelines branch on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Exit {
    /// All is well.
    #[default]
    Ok,
    /// A failure with no code of its own.
    Error,
    /// `plan --detailed-exitcode` and `drift`: there are differences. Nothing else ends with 2.
    Differences,
    /// Some resources were applied, or converted, and some were not; running again is safe.
    Partial,
    /// The token may not do it, or does not see enough to be sure.
    NotAuthorized,
    /// No usable answer from the server.
    Unavailable,
    /// The server or the manifests are no longer what was planned for.
    Stale,
    /// Another run holds the lock.
    Locked,
    /// A guard refused.
    Refused,
    /// The user said no.
    Declined,
    /// A secret could not be read or delivered.
    Secret,
    /// The command line is wrong.
    Usage,
    /// The manifests are wrong.
    Manifest,
    /// A bug of ours.
    Bug,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Exit {
    /// All of them: where several apply, the first of these counts.
    pub const PRECEDENCE: [Self; 16] = [
        Self::Bug,
        Self::Interrupted,
        Self::Terminated,
        Self::Partial,
        Self::Usage,
        Self::Manifest,
        Self::Locked,
        Self::Stale,
        Self::Refused,
        Self::NotAuthorized,
        Self::Unavailable,
        Self::Secret,
        Self::Declined,
        Self::Error,
        Self::Differences,
        Self::Ok,
    ];

    /// Whether something went wrong: differences are an answer.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Differences)
    }

    /// The process's exit status.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Differences => 2,
            Self::Partial => 3,
            Self::NotAuthorized => 4,
            Self::Unavailable => 5,
            Self::Stale => 6,
            Self::Locked => 7,
            Self::Refused => 8,
            Self::Declined => 9,
            Self::Secret => 10,
            Self::Usage => 64,
            Self::Manifest => 65,
            Self::Bug => 70,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// Its word in machine output.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Differences => "differences",
            Self::Partial => "partial",
            Self::NotAuthorized => "not_authorized",
            Self::Unavailable => "unavailable",
            Self::Stale => "stale",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::Secret => "secret",
            Self::Usage => "usage",
            Self::Manifest => "manifest",
            Self::Bug => "bug",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// What it means in general, as the README has it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "success",
            Self::Error => "another failure",
            Self::Differences => "`plan --detailed-exitcode` and `drift`: there are differences",
            Self::Partial => "some resources were applied, or converted, and some were not; it is safe to run it again",
            Self::NotAuthorized => {
                "the token is not allowed to do it, does not see enough to be sure, or was not sent to a server that only a manifest names"
            }
            Self::Unavailable => "no usable answer: there is no InfluxDB, or it is not set up",
            Self::Stale => "the server or the manifests have changed since the plan; nothing was written",
            Self::Locked => "another run holds the lock",
            Self::Refused => "a guard refused: data would be lost, or an object would be taken over",
            Self::Declined => "you answered no",
            Self::Secret => "a secret could not be read or delivered",
            Self::Usage => "the command line is wrong, or it is not clear which server is meant",
            Self::Manifest => "the manifests are wrong",
            Self::Bug => "a bug in fluxform: please report it",
            Self::Interrupted => "stopped by Ctrl-C; what was under way was finished and recorded",
            Self::Terminated => "stopped by SIGTERM; what was under way was finished and recorded",
        }
    }

    /// The one that counts where both apply.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let rank = |exit| Self::PRECEDENCE.iter().position(|each| *each == exit);
        if rank(other) < rank(self) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_has_each_code_once() {
        let mut codes: Vec<_> = Exit::PRECEDENCE.iter().map(|exit| exit.code()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 64, 65, 70, 130, 143]);
        assert_eq!(Exit::Ok.or(Exit::Refused).or(Exit::Error), Exit::Refused);
    }
}
