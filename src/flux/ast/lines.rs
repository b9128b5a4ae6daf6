//! From bytes to lines and columns.

/// A line and a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From 1. Only a line feed ends a line.
    pub line: u32,
    /// From 1, in bytes, as influxd counts.
    pub column: u32,
}

/// Where the lines of a text start.
#[derive(Debug, Clone)]
pub struct Lines {
    starts: Vec<u32>,
    end: u32,
}

impl Lines {
    /// The lines of `text`, which has less than 4 GiB.
    pub fn of(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next): (u8, u32)| next));
        Self { starts, end: u32::try_from(text.len()).unwrap_or(u32::MAX - 1) }
    }

    /// Line and column of a byte.
    pub fn position(&self, at: u32) -> Position {
        let line = self.starts.partition_point(|start| *start <= at);
        let number = u32::try_from(line).expect("invariant: no more lines than bytes");
        Position { line: number, column: at - self.starts[line - 1] + 1 }
    }

    /// The byte at a line and a column; none where the text has no such line, or the line no such column.
    pub fn at(&self, Position { line, column }: Position) -> Option<u32> {
        let line = usize::try_from(line.checked_sub(1)?).ok()?;
        let at = self.starts.get(line)?.checked_add(column.checked_sub(1)?)?;
        // A place may be right behind the last byte of its line.
        let end = self.starts.get(line + 1).copied().unwrap_or(self.end + 1);
        (at < end).then_some(at)
    }

    /// Whether two places are on different lines.
    pub fn differ(&self, one: u32, other: u32) -> bool {
        self.position(one).line != self.position(other).line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_feed_ends_a_line_and_columns_count_bytes() {
        let lines = Lines::of("é\r\nb\rc\n\nd");
        let at = |at| (lines.position(at).line, lines.position(at).column);
        assert_eq!(
            [at(0), at(2), at(4), at(6), at(7), at(8), at(9)],
            [(1, 1), (1, 3), (2, 1), (2, 3), (2, 4), (3, 1), (4, 1)]
        );
        assert!(lines.differ(0, 4) && !lines.differ(4, 6));
        for byte in 0..=10 {
            assert_eq!(lines.at(lines.position(byte)), Some(byte));
        }
        let beyond = [(0, 1), (1, 0), (1, 6), (3, 2), (4, 3), (5, 1)];
        assert!(beyond.into_iter().all(|(line, column)| lines.at(Position { line, column }).is_none()));
    }
}
