//! Lines of text being written. Everything that is put on a page is made safe for a terminal on the way.

use std::fmt::Display;

use super::sanitize;
use super::style::{Look, Role};
use super::words::wrapped;

/// Lines of text for people.
#[derive(Debug)]
pub struct Page {
    text: String,
    /// Where the current line begins.
    line: usize,
    look: Look,
}

impl Page {
    /// An empty page.
    pub const fn new(look: Look) -> Self {
        Self { text: String::new(), line: 0, look }
    }

    /// Puts `text` into the current line, in the colour of `role`.
    pub fn put(&mut self, role: Role, text: impl Display) -> &mut Self {
        self.text.push_str(&self.look.paint(role, &sanitize::line(&text.to_string())));
        self
    }

    /// Puts `text` into the current line.
    pub fn say(&mut self, text: impl Display) -> &mut Self {
        self.put(Role::Plain, text)
    }

    /// Ends the current line.
    pub fn end(&mut self) -> &mut Self {
        self.text.push('\n');
        self.line = self.text.len();
        self
    }

    /// Ends the current line, which is prose: where it is too long it goes on in further lines, that begin with `indent`
    /// spaces.
    pub fn fold(&mut self, indent: usize) -> &mut Self {
        if let Some(width) = self.look.width {
            let lines = wrapped(&self.text[self.line..], width, indent);
            self.text.truncate(self.line);
            self.text.push_str(&lines);
        }
        self.end()
    }

    /// How the page is drawn.
    pub(super) const fn look(&self) -> Look {
        self.look
    }

    /// Leaves one empty line before what follows, unless the page is empty.
    pub fn gap(&mut self) -> &mut Self {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.end();
        }
        self
    }

    /// Writes a heading in a line of its own, after a gap.
    pub fn heading(&mut self, text: impl Display) -> &mut Self {
        self.gap().put(Role::Strong, text).end()
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }
}
