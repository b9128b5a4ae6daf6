//! Large files are parsed in parts: the TOML parser needs many times the memory of the text that it is given.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::de::DeTable;

use super::node::{Beyond, Entry, Node, Raw, Table};
use crate::kind::Kind;

/// About how much text is parsed at once.
const PART: usize = 1 << 18;

/// The table in `text`, parsed in parts that begin with the head of a resource. None where the parts do not stand for
/// themselves, or are not TOML: only the whole text tells then.
pub(super) fn parse<'a>(text: &'a str, beyond: &mut Vec<Beyond>) -> Option<Table<'a>> {
    let mut whole = Whole::default();
    let mut start = 0;
    while start < text.len() {
        let end = next_head(text, start + PART).unwrap_or(text.len());
        if start == 0 && end == text.len() {
            return None;
        }
        let table = DeTable::parse(&text[start..end]).ok()?;
        whole.add(Table::read(table.into_inner(), start, beyond))?;
        start = end;
    }
    whole.table()
}

/// Where, from byte `from` on, the first line is that looks like the head of a resource. In the middle of a string or a
/// list such a line cuts it in two, and the part before it is no TOML.
fn next_head(text: &str, from: usize) -> Option<usize> {
    let mut at = (from..text.len()).find(|at| text.is_char_boundary(*at))?;
    loop {
        at += text[at..].find("\n[")? + 1;
        let head = text[at + 1..].split([']', '\n']).next()?;
        let resource = head.split_once('.').filter(|(_, key)| crate::address::is_plain_key(key));
        if resource.is_some_and(|(kind, _)| Kind::from_name(kind).is_some()) {
            return Some(at);
        }
    }
}

/// The parts so far.
#[derive(Default)]
struct Whole<'a> {
    /// What is no kind.
    rest: BTreeMap<Cow<'a, str>, Entry<'a>>,
    /// The tables of each kind, with where its name stands for the first time.
    kinds: Vec<(Entry<'a>, Vec<Entry<'a>>)>,
}

impl<'a> Whole<'a> {
    /// Adds a part; none if it does not stand for itself.
    fn add(&mut self, part: Table<'a>) -> Option<()> {
        for mut entry in part.0 {
            // A table of a kind that only its resources imply has the place of its name.
            let is_kind = Kind::from_name(&entry.key).is_some() && entry.node.span == entry.at;
            match entry.node.value {
                Raw::Table(Table(tables)) if is_kind => {
                    entry.node.value = Raw::Boolean(false);
                    match self.kinds.iter_mut().find(|(kind, _)| kind.key == entry.key) {
                        Some((_, known)) => known.extend(tables),
                        None => self.kinds.push((entry, tables)),
                    }
                }
                value => {
                    let entry = Entry { node: Node { value, ..entry.node }, ..entry };
                    if self.rest.insert(entry.key.clone(), entry).is_some() {
                        return None;
                    }
                }
            }
        }
        let twice = self.kinds.iter().any(|(kind, _)| self.rest.contains_key(&kind.key));
        (!twice).then_some(())
    }

    /// All parts as one table; none if a resource is in two of them.
    fn table(self) -> Option<Table<'a>> {
        let mut all: Vec<Entry<'a>> = self.rest.into_values().collect();
        for (kind, mut tables) in self.kinds {
            tables.shrink_to_fit();
            tables.sort_by(|a, b| a.key.cmp(&b.key));
            if tables.windows(2).any(|pair| pair[0].key == pair[1].key) {
                return None;
            }
            all.push(Entry { node: Node { span: kind.node.span, value: Raw::Table(Table(tables)) }, ..kind });
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Some(Table(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(tables: usize) -> String {
        let mut text = String::from("[project]\nname = \"big\"\n");
        for n in 0..tables {
            text += &format!("[bucket.b{n}]\ndescription = '''\n[not.a.head]\n'''\n{}\n", "# filler\n".repeat(20));
        }
        text
    }

    #[test]
    fn parts_are_the_whole() {
        let text = project(2_000);
        assert!(text.len() > PART);
        let (whole, errors) = DeTable::parse_recoverable(&text);
        assert!(errors.is_empty());
        let whole = Table::read(whole.into_inner(), 0, &mut Vec::new());
        let parts = parse(&text, &mut Vec::new()).expect("parts");
        assert_eq!(parts, whole);
    }

    #[test]
    fn what_does_not_stand_for_itself_is_left_to_the_whole() {
        let text = project(2_000);
        assert!(parse(&project(1), &mut Vec::new()).is_none(), "small files");
        let cut = format!("{}[bucket.long]\ndescription = '''\n{}'''\n", project(1), "[bucket.x]\n".repeat(60_000));
        assert!(parse(&cut, &mut Vec::new()).is_none(), "a head inside of a string");
        assert!(
            parse(&format!("{text}[project]\nname = \"b\"\n"), &mut Vec::new()).is_none(),
            "a section in two parts"
        );
        let far = format!("{text}[bucket.b1.lifecycle]\nowned = true\n");
        assert!(parse(&far, &mut Vec::new()).is_none(), "a resource in two parts");
        assert!(parse(&format!("{text}[bucket]\nx = 1\n"), &mut Vec::new()).is_none(), "a kind's own table");
    }
}
