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
    /// The part of a new line that differs from the old one.
    AddedWord,
    /// The part of an old line that differs from the new one.
    RemovedWord,
}

/// How text is drawn on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// With ANSI colours; without, there are no escape sequences at all.
    pub colour: bool,
    /// After how many columns prose goes on in the next line; none where it does not.
    pub width: Option<usize>,
    /// Whether what we draw ourselves is of ASCII characters alone.
    pub ascii: bool,
    /// Whether a resource has one line, and instances that go the same way share it.
    pub compact: bool,
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
            Self::AddedWord => AnsiColor::Green.on_default().invert(),
            Self::RemovedWord => AnsiColor::Red.on_default().invert(),
        }
    }
}

/// The widest prose, in columns: longer lines are hard to read.
const WIDEST: usize = 100;
/// The narrowest.
const NARROWEST: usize = 40;

impl Look {
    /// Text that is the same everywhere.
    pub const PLAIN: Self = Self { colour: false, width: None, ascii: false, compact: false };
    /// The same in colours.
    pub const COLOURED: Self = Self { colour: true, ..Self::PLAIN };

    /// What suits a stream: no colours unless it is a terminal (`NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` are honoured), the
    /// width of the terminal, and the characters of the locale.
    pub fn of<S: anstream::stream::RawStream + std::os::fd::AsFd>(stream: &S) -> Self {
        let columns = terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0));
        let said = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Self {
            colour: anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
            width: columns.map(|columns| fitting(said().unwrap_or(columns))),
            ascii: is_ascii_only(&|name| std::env::var(name).ok()),
            compact: false,
        }
    }

    /// The same with prose of `columns` columns where the stream is no terminal; `COLUMNS` wins.
    #[must_use]
    pub fn or_width(self, columns: usize) -> Self {
        let said = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Self { width: self.width.or_else(|| Some(fitting(said().unwrap_or(columns)))), ..self }
    }

    /// The same, with one line for a resource if `compact` says so.
    #[must_use]
    pub const fn compact(self, compact: bool) -> Self {
        Self { compact, ..self }
    }

    /// `text`, which must be clean already, in the colour of `role`.
    pub(super) fn paint(self, role: Role, text: &str) -> String {
        if !self.colour || role == Role::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = role.style();
        format!("{style}{text}{style:#}")
    }
}

fn fitting(columns: usize) -> usize {
    columns.clamp(NARROWEST, WIDEST)
}

/// Whether the locale has another encoding than UTF-8. The first variable that says anything counts; where none does, it is
/// UTF-8: containers and CI set none, and show it well.
fn is_ascii_only(var: &dyn Fn(&str) -> Option<String>) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|locale| !locale.is_empty());
    said.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_coloured_look_writes_escape_sequences() {
        assert_eq!(Look::PLAIN.paint(Role::Error, "x"), "x");
        assert_eq!(Look::COLOURED.paint(Role::Plain, "x"), "x");
        assert_eq!(Look::COLOURED.paint(Role::Add, "x"), "\u{1b}[32mx\u{1b}[0m");
    }

    #[test]
    fn the_locale_says_which_characters_there_are() {
        let ascii = |vars: &[(&str, &str)]| {
            is_ascii_only(&|name| vars.iter().find(|(var, _)| *var == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(!ascii(&[]));
        for locale in ["C.UTF-8", "en_US.utf8", "de_DE.UTF-8@euro"] {
            assert!(!ascii(&[("LANG", locale)]), "{locale}");
        }
        for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
            assert!(ascii(&[("LANG", locale)]), "{locale}");
            assert!(ascii(&[("LANG", "C.UTF-8"), ("LC_CTYPE", locale)]), "{locale}");
            assert!(ascii(&[("LANG", "C.UTF-8"), ("LC_ALL", locale), ("LC_CTYPE", "C.UTF-8")]), "{locale}");
        }
        assert!(!ascii(&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]));
    }
}
