//! The wall of Linux: Landlock, from 5.13 on.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus,
};

use super::{Standing, Wall};

/// The newest set of rights that is known here; an older kernel enforces what it knows of it.
const NEWEST: ABI = ABI::V5;

pub(super) fn raise(wall: &Wall) -> Result<Standing, RulesetError> {
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    // Directories are made and removed by an export alone, which puts them beside what it writes.
    let writing = reading
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile
        | AccessFs::MakeDir
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    let mut rules = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.create()?;
    rules = allow(rules, &wall.read, reading)?;
    rules = allow(rules, &wall.write, writing)?;
    for root in &wall.roots {
        rules = rules.add_rule(PathBeneath::new(root, reading))?;
    }
    Ok(match rules.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => Standing::Whole,
        RulesetStatus::PartiallyEnforced => Standing::Partly,
        RulesetStatus::NotEnforced => Standing::Not("this kernel has no Landlock".to_owned()),
    })
}

fn allow(
    mut rules: RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    for path in paths {
        // What cannot be opened cannot be opened later either.
        let Ok(fd) = PathFd::new(path) else { continue };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
        rules = rules.add_rule(PathBeneath::new(fd, access))?;
    }
    Ok(rules)
}
