//! What part of a list is asked for.

use std::ops::ControlFlow;

use super::{Error, Order, Read, Table};
use crate::server::id::Id;

/// A part of a list; by default all of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// 0 = all.
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) after: Option<Id>,
    pub(crate) descending: bool,
}

impl Page {
    /// Whether a page of `len` rows is complete.
    pub(crate) fn full(&self, len: usize) -> ControlFlow<()> {
        if self.limit != 0 && len >= self.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The direction in which it is read.
    pub(crate) fn order(&self) -> Order {
        if self.descending { Order::Descending } else { Order::Ascending }
    }

    /// Reads the rows of a table whose keys are `prefix` and an ID. `row` may leave rows out, after `offset` was counted off.
    pub(crate) fn read<T>(
        &self,
        read: &impl Read,
        table: Table,
        prefix: &[u8],
        mut row: impl FnMut(&[u8]) -> Result<Option<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let after = self.after.and_then(|after| Id::new(after.number().wrapping_add(1)));
        let start = after.map(|after| [prefix, &after.key()].concat());
        let mut skip = self.offset;
        let mut rows = Vec::new();
        read.scan(table, prefix, self.order(), start.as_deref(), &mut |_, value| {
            if skip > 0 {
                skip -= 1;
                return Ok(ControlFlow::Continue(()));
            }
            rows.extend(row(value)?);
            Ok(self.full(rows.len()))
        })?;
        Ok(rows)
    }
}
