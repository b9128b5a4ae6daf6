//! How much there may be of anything that a stranger's project can multiply: every limit, with the name that messages give
//! it. They are beyond any project that we know, and small enough that none of them together takes a machine's memory.
//!
//! docs/limits.md is written from [`ALL`] by a test.

use std::fmt;

/// One limit. As text it is the most that is allowed, with the limit's name: "1 MiB (limit `text-file`)".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What messages and the reference call it.
    pub name: &'static str,
    /// The most that is allowed, in its unit.
    pub most: u64,
    /// What is counted.
    pub unit: Unit,
    /// What it is about, for the reference: "one manifest".
    pub of: &'static str,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things, or steps.
    Number,
}

impl Limit {
    const fn bytes(name: &'static str, most: u64, of: &'static str) -> Self {
        Self { name, most, unit: Unit::Bytes, of }
    }

    const fn number(name: &'static str, most: u64, of: &'static str) -> Self {
        Self { name, most, unit: Unit::Number, of }
    }

    /// Whether `count` is more than is allowed.
    pub const fn exceeded(&self, count: usize) -> bool {
        count > self.size()
    }

    /// The most that is allowed, for comparisons with lengths.
    pub const fn size(&self) -> usize {
        // Every limit fits the 32 bits that a length has on the smallest machines that we run on.
        self.most as usize
    }

    /// The most that is allowed, as people write it: `1 MiB`, `200,000`.
    pub fn amount(&self) -> String {
        match self.unit {
            Unit::Bytes if self.most.is_multiple_of(MIB) => format!("{} MiB", self.most / MIB),
            Unit::Bytes if self.most.is_multiple_of(KIB) => format!("{} KiB", self.most / KIB),
            Unit::Bytes => format!("{} bytes", self.most),
            Unit::Number => grouped(self.most),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (limit `{}`)", self.amount(), self.name)
    }
}

/// The number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Manifests of a project.
pub const PROJECT_FILES: Limit = Limit::number("project-files", 1_000, "manifests in a project");
/// One manifest or file of variables.
pub const MANIFEST_FILE: Limit = Limit::bytes("manifest-file", 16 * MIB, "one manifest, or one file of variables");
/// All manifests.
pub const PROJECT_TEXT: Limit = Limit::bytes("project-text", 64 * MIB, "all manifests of a project together");
/// One text of another language.
pub const TEXT_FILE: Limit = Limit::bytes(
    "text-file",
    MIB,
    "one Flux script or Telegraf configuration, in its own file or in a manifest, with its libraries",
);
/// All files of a project with such texts.
pub const TEXT_FILES: Limit = Limit::bytes(
    "text-files",
    64 * MIB,
    "all files of a project with Flux scripts and Telegraf configurations together",
);
/// Libraries of one script.
pub const LIBRARIES: Limit = Limit::number("libraries", 100, "libraries that one Flux script uses");
/// A script that a server is to compile without running it.
pub const COMPILED_SCRIPT: Limit = Limit::bytes(
    "compiled-script",
    16 * KIB,
    "one script that the server checks for type errors; longer ones are not checked",
);
/// The types in such a script.
pub const COMPILED_TYPES: Limit = Limit::number(
    "compiled-types",
    2_000_000,
    "an upper bound of the compiler's work for the types in such a script, counted in nodes of its syntax tree; scripts above it are not checked",
);
/// How long a server compiles for one plan.
pub const COMPILING: Limit = Limit::number(
    "compiling",
    10,
    "seconds that the server checks the scripts of one plan for; the others are not checked",
);
/// A script that the command line names.
pub const SCRIPT: Limit = Limit::bytes("script", 256 * MIB, "one script that `fluxform flux` reads");
/// A PEM file.
pub const CERTIFICATE_FILE: Limit =
    Limit::bytes("certificate-file", MIB, "each of `ca_file`, `client_cert` and `client_key`");
/// A file with one secret in it.
pub const SECRET_FILE: Limit = Limit::bytes("secret-file", 64 * KIB, "one file with a token or another secret");
/// A file that a secret is put into.
pub const SECRETS_FILE: Limit =
    Limit::bytes("secrets-file", MIB, "the existing content of a file that a secret is written into");
/// A file of ours or of the influx CLI about connections.
pub const CONNECTIONS_FILE: Limit = Limit::bytes("connections-file", MIB, "the connections file of the influx CLI");
/// A template or a state that is converted.
pub const SOURCE_FILE: Limit =
    Limit::bytes("source-file", 64 * MIB, "one template or state that `fluxform convert` reads");
/// What such a source may have.
pub const SOURCE_VALUES: Limit = Limit::number(
    "source-values",
    500_000,
    "values in one such source, with what aliases stand for; a long text counts as one for each 256 bytes",
);
/// A saved plan.
pub const PLAN_FILE: Limit = Limit::bytes("plan-file", 128 * MIB, "one saved plan");

/// Lists and tables within each other, as written or after variables are put in.
pub const NESTING: Limit = Limit::number(
    "nesting",
    64,
    "levels of lists and tables inside each other; `[task.hourly]` is two, and the value of a variable counts for itself",
);
/// What the TOML parser takes for a section of a file, which is freed before the next one is parsed. Enough for a list of a
/// million words, or for 30,000 tables that no head of a resource divides.
pub const SECTION: Limit = Limit::bytes(
    "section",
    256 * MIB,
    "memory to parse a section of a manifest, which ends at a line such as `[task.hourly]`; estimated",
);
/// One `.gitignore`.
pub const IGNORE_FILE: Limit =
    Limit::bytes("ignore-file", MIB, "one `.gitignore` that the first apply looks at; a larger one is taken for empty");
/// Values in all manifests: ten for each of as many resources as there may be. Each is kept, in up to 100 bytes.
pub const VALUES: Limit = Limit::number(
    "values",
    2_000_000,
    "values in all manifests together; each list and table counts, and each table that a key with dots makes",
);
/// A key of a resource or of an instance.
pub const KEY: Limit = Limit::bytes("key", 512, "the key of a resource or of an instance");
/// Variables made of variables.
pub const VARIABLE_DEPTH: Limit =
    Limit::number("variable-depth", 64, "length of a chain of variables that use each other");
/// Resources that take their instances from each other.
pub const FOR_EACH_DEPTH: Limit =
    Limit::number("for-each-depth", 64, "length of a chain of resources that take their instances from each other");
/// Fields made of fields.
pub const FIELD_DEPTH: Limit =
    Limit::number("field-depth", 64, "length of the chain of other fields that one field is made of");
/// One string.
pub const STRING: Limit = Limit::bytes("string", MIB, "one string with `${...}`, expanded");
/// Resources.
pub const RESOURCES: Limit = Limit::number("resources", 200_000, "resources in a project, counting each instance");
/// References between resources.
pub const REFERENCES: Limit =
    Limit::number("references", 1_000_000, "references between resources; `[*]` counts once per instance");
/// Values after expansion.
pub const ITEMS: Limit =
    Limit::number("items", 2_000_000, "values of all resources, with all variables and `for_each` expanded");
/// Text after expansion.
pub const TEXT: Limit =
    Limit::bytes("text", 128 * MIB, "text of all resources, with all variables, `for_each` and scripts expanded");
/// Steps in which one script is followed.
pub const SCRIPT_STEPS: Limit = Limit::number(
    "script-steps",
    10_000,
    "steps in which one script is followed to see what it reaches, besides two for each of its expressions; what comes later is not \
     known, which is said",
);
/// Steps in which all scripts are followed. An instance is a script of its own: its values may be others.
pub const PROJECT_STEPS: Limit = Limit::number(
    "project-steps",
    5_000_000,
    "the same of all scripts of a project together, counting those of each instance",
);
/// Patterns of addresses.
pub const PATTERNS: Limit =
    Limit::number("patterns", 500, "`[[policy.allow]]` tables, plus patterns in `protected` that contain a `*`");

/// What patterns of addresses are tried on: each on each address.
pub const MATCHING: Limit =
    Limit::bytes("matching", 512 * MIB, "the addresses of all resources together, times the number of `patterns`");

/// Errors and warnings after which the rest is not read.
pub const MISTAKES: Limit =
    Limit::number("mistakes", 10_000, "mistakes in a project; the rest of the project is not read");
/// Diagnostics that one run shows; what is beyond is counted.
pub const PROBLEMS: Limit = Limit::number("problems", 100, "errors and warnings shown; the others are only counted");
/// Places of one lint that are shown as warnings; what is beyond is counted.
pub const LINTS: Limit =
    Limit::number("lints", 5, "warnings with the code of one lint shown in a project; the others are only counted");
/// One message, hint or label.
pub const MESSAGE: Limit = Limit::bytes("message", 4 * KIB, "one message or hint; longer ones are cut");
/// Lines of a text whose difference is shown line by line.
pub const DIFFERENCE: Limit = Limit::number(
    "difference",
    10_000,
    "lines of a script whose difference is shown line by line; of longer ones all from the first to the last that differs",
);

/// All of them, in the order of the reference.
pub const ALL: &[&Limit] = &[
    &PROJECT_FILES,
    &MANIFEST_FILE,
    &PROJECT_TEXT,
    &TEXT_FILE,
    &TEXT_FILES,
    &LIBRARIES,
    &COMPILED_SCRIPT,
    &COMPILED_TYPES,
    &COMPILING,
    &SCRIPT,
    &CERTIFICATE_FILE,
    &IGNORE_FILE,
    &SECRET_FILE,
    &SECRETS_FILE,
    &CONNECTIONS_FILE,
    &SOURCE_FILE,
    &SOURCE_VALUES,
    &PLAN_FILE,
    &NESTING,
    &SECTION,
    &VALUES,
    &KEY,
    &VARIABLE_DEPTH,
    &FOR_EACH_DEPTH,
    &FIELD_DEPTH,
    &STRING,
    &RESOURCES,
    &REFERENCES,
    &ITEMS,
    &TEXT,
    &SCRIPT_STEPS,
    &PROJECT_STEPS,
    &PATTERNS,
    &MATCHING,
    &MISTAKES,
    &PROBLEMS,
    &LINTS,
    &MESSAGE,
    &DIFFERENCE,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_limit_says_how_much_and_its_name() {
        assert_eq!(TEXT_FILE.to_string(), "1 MiB (limit `text-file`)");
        assert_eq!(SECRET_FILE.to_string(), "64 KiB (limit `secret-file`)");
        assert_eq!(KEY.to_string(), "512 bytes (limit `key`)");
        assert_eq!(REFERENCES.to_string(), "1,000,000 (limit `references`)");
        assert_eq!(PATTERNS.to_string(), "500 (limit `patterns`)");
    }

    #[test]
    fn no_name_stands_for_two() {
        let names: BTreeSet<&str> = ALL.iter().map(|limit| limit.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
