//! The standard library of influxd 2.9.1 (Flux 0.200.0): each package, each name in it, each function's parameters. Read off
//! the server's own answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// What is there without an import, and `true` and `false`.
const PRELUDE: [&str; 3] = ["universe", "influxdata/influxdb", "internal/boolean"];

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::read(include_str!("stdlib.tsv")));

/// What each name that needs no import stands for, and the package that it is in: of several the first.
static WITHOUT_IMPORT: LazyLock<HashMap<&str, (&str, &Member)>> = LazyLock::new(|| {
    let packages = PRELUDE.iter().rev().filter_map(|path| package(path));
    packages.flat_map(|of| of.members.iter().map(|(name, member)| (*name, (of.path, member)))).collect()
});

#[derive(Debug)]
struct Library {
    packages: BTreeMap<&'static str, Package>,
}

/// A package.
#[derive(Debug)]
pub(super) struct Package {
    /// How it is imported.
    pub(super) path: &'static str,
    members: BTreeMap<&'static str, Member>,
}

/// What a name in a package stands for.
#[derive(Debug)]
pub(super) enum Member {
    Value,
    Function(Vec<Parameter>),
}

/// A parameter of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) required: bool,
    /// Whether it takes what is piped in.
    pub(super) piped: bool,
}

impl Library {
    fn read(table: &'static str) -> Self {
        let mut packages = BTreeMap::new();
        for line in table.lines().skip(1) {
            let mut columns = line.split('\t');
            let mut column = || columns.next().unwrap_or_default();
            let (path, name, kind, parameters) = (column(), column(), column(), column());
            let member = match kind {
                "function" => Member::Function(parameters.split(' ').filter_map(Parameter::read).collect()),
                _ => Member::Value,
            };
            packages
                .entry(path)
                .or_insert_with(|| Package { path, members: BTreeMap::new() })
                .members
                .insert(name, member);
        }
        Self { packages }
    }
}

impl Parameter {
    fn read(word: &'static str) -> Option<Self> {
        let piped = word.strip_prefix("<-");
        let optional = word.strip_prefix('?');
        let name = piped.or(optional).unwrap_or(word);
        (!name.is_empty()).then_some(Self { name, required: optional.is_none(), piped: piped.is_some() })
    }
}

impl Package {
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.get(name)
    }

    /// All names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.members.keys().copied()
    }

    /// The name that an import binds.
    pub(super) fn name(&self) -> &'static str {
        last(self.path)
    }
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub(super) fn package(path: &str) -> Option<&'static Package> {
    LIBRARY.packages.get(path)
}

/// All packages that are there.
pub(super) fn packages() -> impl Iterator<Item = &'static Package> {
    LIBRARY.packages.values()
}

/// The packages whose import binds `name`.
pub(super) fn packages_called(name: &str) -> impl Iterator<Item = &'static Package> {
    packages().filter(move |package| package.name() == name)
}

/// What a name stands for that nothing has bound.
pub(super) fn prelude(name: &str) -> Option<&'static Member> {
    WITHOUT_IMPORT.get(name).map(|(_, member)| *member)
}

/// The path of the package in which [`prelude`] finds a name.
pub(super) fn prelude_path(name: &str) -> Option<&'static str> {
    WITHOUT_IMPORT.get(name).map(|(path, _)| *path)
}

/// All names that need no import.
pub(super) fn prelude_names() -> impl Iterator<Item = &'static str> {
    PRELUDE.iter().filter_map(|path| package(path)).flat_map(Package::names)
}
