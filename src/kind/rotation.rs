//! How secrets that fluxform makes are made anew: how often, and how long the one before goes on working.

use super::Kind;
use super::draft::{Draft, Fault};
use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::field::{Compared, Field, Omitted, Role, Type};
use crate::value::{Fields, Value};

const NAME: &str = "rotate";
const EVERY: &str = "every";
const OVERLAP: &str = "overlap";

/// How long a secret goes on working after its successor was delivered, where nobody says it.
pub const DEFAULT_OVERLAP: Duration = Duration::from_secs(24 * 3_600);

const PARTS: &[Field] = &[
    Field::text(EVERY, Omitted::Unset, "The age at which the next apply makes a successor. Without it, only `fluxform rotate` does.")
        .of_type(Type::Duration { months: false }),
    Field::text(
        OVERLAP,
        Omitted::Unset,
        "How long the predecessor goes on working after the successor was delivered, `24h` if it is not said. After that, the next \
         apply or rotate deletes it; with `0s`, the same run does.",
    )
    .of_type(Type::Duration { months: false }),
];

/// The field.
pub(super) const FIELD: Field = Field::text(NAME, Omitted::Unset, "When a successor with another secret takes over.")
    .of_type(Type::Block(PARTS))
    .role(Role::Rotation)
    .compared(Compared::Never);

/// What holds for the rotation of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The age at which a successor is due, if one ever is.
    pub every: Option<Duration>,
    /// How long the one before goes on working, if that is said.
    pub said: Option<Duration>,
}

impl Rotation {
    fn read(value: Option<&Value>) -> Self {
        let part = |name: &str| match value {
            Some(Value::Table(parts)) => match parts.get(name) {
                Some(Value::Duration(length)) => Some(*length),
                _ => None,
            },
            _ => None,
        };
        Self { every: part(EVERY), said: part(OVERLAP) }
    }

    /// How long the one before goes on working that is taken over from now.
    pub fn overlap(self) -> Duration {
        self.said.unwrap_or(DEFAULT_OVERLAP)
    }
}

impl Kind {
    /// How the secret of a resource with these `fields` is rotated; none for kinds whose secrets fluxform does not make.
    pub fn rotation(self, fields: &Fields) -> Option<Rotation> {
        let field = self.with(Role::Rotation)?;
        Some(Rotation::read(fields.get(field.name)))
    }
}

/// A successor that comes before the overlap with the one before ends would leave more and more of them.
pub(super) fn check(draft: &Draft<'_>, faults: &mut Vec<Fault>) {
    let rotation = Rotation::read(draft.fields.get(NAME));
    let (Some(every), overlap) = (rotation.every, rotation.overlap()) else { return };
    if every > overlap {
        return;
    }
    let message = format!("`{EVERY}` of {every} is not longer than `{OVERLAP}`, which is {overlap}");
    let fault = Fault::new(Code::ManifestValue, NAME, message, "predecessors would pile up").within(EVERY);
    faults.push(fault.help(format!("rotate less often, or write a shorter `{OVERLAP}`")));
}
