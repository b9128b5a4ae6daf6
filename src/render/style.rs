//! What colours mean.

use anstyle::{AnsiColor, Style};

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Text without a colour.
    Plain,
    /// Something new.
    Add,
    /// Something changed in place.
    Change,
    /// Something that goes away.
    Destroy,
    /// A change that only the ledger sees.
    Ledger,
    /// Something to look at before going on.
    Warning,
    /// Something that went wrong.
    Error,
    /// A heading, or the name of what a line is about.
    Strong,
    /// A remark.
    Quiet,
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// No escape sequences at all.
    Plain,
    /// ANSI colours.
    Coloured,
}

impl Role {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Plain => style,
            Self::Add => AnsiColor::Green.on_default(),
            Self::Change => AnsiColor::Yellow.on_default(),
            Self::Destroy => AnsiColor::Red.on_default(),
            Self::Ledger => AnsiColor::Cyan.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Error => AnsiColor::Red.on_default().bold(),
            Self::Strong => style.bold(),
            Self::Quiet => style.dimmed(),
        }
    }
}

impl Palette {
    /// What suits a stream: plain unless it is a terminal; `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` are honoured.
    pub fn of(stream: &impl anstream::stream::RawStream) -> Self {
        match anstream::AutoStream::choice(stream) {
            anstream::ColorChoice::Never => Self::Plain,
            _ => Self::Coloured,
        }
    }

    /// `text`, which must be clean already, in the colour of `role`.
    pub(super) fn paint(self, role: Role, text: &str) -> String {
        if self == Self::Plain || role == Role::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = role.style();
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_coloured_palette_writes_escape_sequences() {
        assert_eq!(Palette::Plain.paint(Role::Error, "x"), "x");
        assert_eq!(Palette::Coloured.paint(Role::Plain, "x"), "x");
        assert_eq!(Palette::Coloured.paint(Role::Add, "x"), "\u{1b}[32mx\u{1b}[0m");
    }
}
