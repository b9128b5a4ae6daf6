//! Lines of text being written. Everything that is put on a page is made safe for a terminal on the way.

use std::fmt::Display;

use super::sanitize;
use super::style::{Palette, Role};

/// Lines of text for people.
#[derive(Debug)]
pub struct Page {
    text: String,
    palette: Palette,
}

impl Page {
    /// An empty page.
    pub const fn new(palette: Palette) -> Self {
        Self { text: String::new(), palette }
    }

    /// Puts `text` into the current line, in the colour of `role`.
    pub fn put(&mut self, role: Role, text: impl Display) -> &mut Self {
        self.text.push_str(&self.palette.paint(role, &sanitize::line(&text.to_string())));
        self
    }

    /// Puts `text` into the current line.
    pub fn say(&mut self, text: impl Display) -> &mut Self {
        self.put(Role::Plain, text)
    }

    /// Ends the current line.
    pub fn end(&mut self) -> &mut Self {
        self.text.push('\n');
        self
    }

    /// Leaves one empty line before what follows, unless the page is empty.
    pub fn gap(&mut self) -> &mut Self {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
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
