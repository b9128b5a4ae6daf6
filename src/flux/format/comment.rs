//! Comments. Each stands before the token that it belongs to, and ends its line.

use super::Formatter;
use super::doc::Id;
use crate::flux::ast::Comment;

impl Formatter<'_> {
    fn comments_before(&self, at: u32) -> &[Comment] {
        let start = self.comments.partition_point(|comment| comment.before < at);
        let count = self.comments[start..].partition_point(|comment| comment.before == at);
        &self.comments[start..start + count]
    }

    /// Whether there are comments before the token at `at`.
    pub(super) fn has_comments(&self, at: u32) -> bool {
        !self.comments_before(at).is_empty()
    }

    /// The comments before the token at `at`, which comes next.
    pub(super) fn comments(&mut self, at: u32) -> Id {
        self.anchors.push(at);
        let script = self.script;
        let spans: Vec<_> = self.comments_before(at).iter().map(|comment| comment.span).collect();
        let mut parts = Vec::new();
        for span in spans {
            let text = script.text(span);
            parts.push(self.text(text.trim_end_matches('\n')));
            if text.ends_with('\n') {
                parts.push(self.hard());
            }
        }
        self.sequence(parts)
    }

    /// The same on lines of their own, deeper; without comments `or`.
    pub(super) fn comments_below(&mut self, at: u32, or: &'static str) -> Id {
        let comments = self.comments(at);
        if !self.has_comments(at) {
            return self.text(or);
        }
        let line = self.hard();
        let all = self.sequence(vec![line, comments]);
        self.nest(all)
    }

    /// Gives comments that influxd loses to the next token that shows its comments.
    pub(super) fn rescue(&mut self) -> bool {
        self.anchors.sort_unstable();
        let mut moved = false;
        for comment in &mut self.comments {
            let next = self.anchors.partition_point(|anchor| *anchor < comment.before);
            if let Some(anchor) = self.anchors.get(next).filter(|anchor| **anchor != comment.before) {
                comment.before = *anchor;
                moved = true;
            }
        }
        moved
    }
}
