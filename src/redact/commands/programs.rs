//! What is known of programs: which of them run what stands in their arguments, and which of their options take a secret.

/// Programs that run nothing, whatever stands in their arguments.
pub(super) const ONLY_SENDS: [&str; 1] = ["curl"];

/// Programs that may run a part of their arguments, or give them to one that does: interpreters, shells, wrappers, builds.
const RUNNERS: [&str; 137] = [
    "ansible",
    "ansible-playbook",
    "ash",
    "at",
    "awk",
    "bash",
    "batch",
    "bun",
    "bunx",
    "busybox",
    "cargo",
    "chroot",
    "cmake",
    "cmd",
    "cscript",
    "csh",
    "dash",
    "deno",
    "doas",
    "docker-compose",
    "ed",
    "elixir",
    "emacs",
    "env",
    "erl",
    "ex",
    "expect",
    "fd",
    "find",
    "fish",
    "flock",
    "gawk",
    "gdb",
    "git",
    "gmake",
    "go",
    "gradle",
    "groovy",
    "guix",
    "ionice",
    "ipython",
    "irb",
    "java",
    "jruby",
    "jshell",
    "julia",
    "just",
    "kotlin",
    "ksh",
    "lua",
    "luajit",
    "m4",
    "make",
    "mawk",
    "meson",
    "mksh",
    "mongo",
    "mongosh",
    "mosh",
    "mvn",
    "nawk",
    "nc",
    "ncat",
    "nice",
    "ninja",
    "nix",
    "nix-shell",
    "node",
    "nodejs",
    "nohup",
    "npm",
    "npx",
    "nsenter",
    "nvim",
    "ocaml",
    "osascript",
    "parallel",
    "perl",
    "php",
    "pip",
    "pipx",
    "pkexec",
    "pnpm",
    "powershell",
    "pwsh",
    "pypy",
    "python",
    "pythonw",
    "r",
    "racket",
    "rake",
    "raku",
    "rbash",
    "rscript",
    "rsync",
    "ruby",
    "run0",
    "runuser",
    "scala",
    "scp",
    "screen",
    "script",
    "scriptreplay",
    "sed",
    "setsid",
    "sftp",
    "sh",
    "socat",
    "sqlite",
    "ssh",
    "sshpass",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "swift",
    "systemd-run",
    "tar",
    "tclsh",
    "tcsh",
    "time",
    "timeout",
    "tmux",
    "toybox",
    "ts-node",
    "tsx",
    "unshare",
    "uv",
    "uvx",
    "vi",
    "vim",
    "watch",
    "wish",
    "wscript",
    "xargs",
    "yarn",
    "zsh",
];
/// Words after which a program runs what follows, or code that it is given.
const COMMANDS: [&str; 10] = ["alias", "build", "compose", "debug", "eval", "exec", "run", "shell", "source", "system"];

/// Options after which a secret stands, the word that must stand before them if there is one, and the programs whose they are.
const OPTIONS: [(&[&str], Option<&str>, &[&str]); 6] = [
    (&["--oauth2-bearer"], None, &["curl"]),
    (
        &["--password", "-p"],
        Some("login"),
        &["buildah", "crane", "docker", "helm", "nerdctl", "oc", "oras", "podman", "skopeo"],
    ),
    (&["--token"], None, &["influx", "kubectl", "oc"]),
    (&["--password"], None, &["influx"]),
    (&["-a"], None, &["redis-cli", "valkey-cli"]),
    (&["-w"], None, &["ldapadd", "ldapmodify", "ldapsearch"]),
];
/// Options of `curl` after which a user stands, with the password after a colon.
const USER: [&str; 4] = ["--proxy-user", "--user", "-U", "-u"];
/// Programs that take a password together with its option.
const MYSQL: [&str; 5] = ["mariadb", "mariadb-dump", "mysql", "mysqladmin", "mysqldump"];

/// Whether `word` is, or has in it, the name of a program that may run other words of its command, or an order to do so.
pub(super) fn is_runner(word: &str) -> bool {
    if super::urls::is_url(word) {
        return false;
    }
    let parts = word.split(|c: char| !(c.is_alphanumeric() || "-_.+/".contains(c)));
    parts.into_iter().any(|part| {
        let name = part.rsplit('/').next().unwrap_or(part).to_lowercase();
        let name = name.strip_suffix(".exe").unwrap_or(&name);
        // `python3.11`
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
        RUNNERS.contains(&name) || COMMANDS.contains(&part)
    })
}

/// Where the secret begins in `word`, which follows the last word of `before`.
pub(super) fn follows(before: &[&str], word: &str) -> Option<usize> {
    let [program, words @ .., option] = before else { return None };
    if *program == "curl" && USER.contains(option) {
        let (user, _) = word.split_once(':')?;
        return Some(user.len() + 1);
    }
    let takes = |(options, after, programs): &(&[&str], Option<&str>, &[&str])| {
        options.contains(option) && programs.contains(program) && after.is_none_or(|after| words.contains(&after))
    };
    OPTIONS.iter().any(takes).then_some(0).filter(|_| !word.starts_with('-'))
}

/// Where the secret begins in `word` that is written together with its option.
pub(super) fn attached(before: &[&str], word: &str) -> Option<usize> {
    const OPTION: &str = "-p";
    (MYSQL.contains(before.first()?) && word.starts_with(OPTION)).then_some(OPTION.len())
}
