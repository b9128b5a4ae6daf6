//! As much as a comment may hold: long values are shortened before a resource is left out, and what is destroyed, refused or
//! drifted goes in first.

use super::super::value::count;

/// One resource, or one thing to say.
#[derive(Debug)]
pub(super) struct Item {
    /// All of it.
    pub(super) full: String,
    /// The same with its long values shortened; none where none is long.
    pub(super) short: Option<String>,
    /// One line of it, for where there is no more room.
    pub(super) brief: String,
    /// What it is about, for where there is not even a line; none where that would say nothing.
    pub(super) name: Option<String>,
    /// How soon it goes in, if sooner than its section says.
    pub(super) rank: Rank,
}

/// What goes in before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Each is named, whatever else has no room.
    Kept,
    /// Each has a line before anything else has one.
    First,
    /// Each has a line, and its details, before anything that comes later has more than its name.
    Soon,
    /// Each has a line before anything of the rest has more than its name.
    Said,
    /// Where there is room.
    Rest,
}

/// Things of one sort, under a heading.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// How soon it goes in.
    pub(super) rank: Rank,
    pub(super) items: Vec<Item>,
}

/// What is said of one project.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// What stands above its sections.
    pub(super) head: String,
    pub(super) sections: Vec<Section>,
    /// What stands below them.
    pub(super) tail: String,
}

/// What fits.
#[derive(Debug)]
pub struct Fitted {
    /// The text.
    pub text: String,
    /// Whether nothing is left out of it.
    pub is_whole: bool,
}

/// How much of an item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Nothing,
    Name,
    Brief,
    Short,
    Full,
}

/// Room for the line that says what was left out of a group.
const LEFT_OUT: usize = 160;
/// The characters of a name, and of any text of an item in brief.
pub(super) const NAME: usize = 200;
/// What stands before the names of a section, and between and after them.
const NAMES: (&str, &str, &str) = ("Only the names fit: ", ", ", "\n\n");

impl Item {
    /// Something of one line, which `write` writes with texts of at most so many characters.
    pub(super) fn line(write: impl Fn(usize) -> String) -> Self {
        Self { full: write(usize::MAX), short: None, brief: write(NAME), name: None, rank: Rank::Rest }
    }

    /// The same, and what it is about.
    pub(super) fn named(self, name: String) -> Self {
        Self { name: Some(name), ..self }
    }

    /// The bytes that it takes; none where it cannot be shown so.
    fn cost(&self, shown: Shown) -> Option<usize> {
        match shown {
            Shown::Full => Some(self.full.len()),
            Shown::Short => Some(self.short.as_ref()?.len()),
            Shown::Brief => Some(self.brief.len()),
            Shown::Name => Some(self.name.as_ref()?.len() + NAMES.1.len()),
            Shown::Nothing => Some(0),
        }
    }
}

impl Section {
    fn heading(&self) -> String {
        format!("#### {}\n\n", self.title)
    }
}

/// The groups as one text of at most `limit` bytes, and whether that is all of them.
pub(super) fn fit(groups: &[Group], limit: usize) -> Fitted {
    let fixed = |group: &Group| {
        let headings: usize =
            group.sections.iter().map(|section| section.heading().len() + 1 + NAMES.0.len() + NAMES.2.len()).sum();
        group.head.len() + group.tail.len() + headings + LEFT_OUT
    };
    let mut room = limit.saturating_sub(LEFT_OUT);
    let kept = groups.iter().take_while(|group| {
        let fits = fixed(group) <= room;
        room = room.saturating_sub(fixed(group));
        fits
    });
    let kept: Vec<&Group> = kept.collect();
    let shown = choose(&kept, room);
    let texts: Vec<String> = kept.iter().zip(&shown).map(|(group, shown)| written(group, shown)).collect();
    let mut text = texts.join("\n");
    let left = groups.len() - kept.len();
    if left > 0 {
        text.push_str(&format!("\n{} omitted: they do not fit in a comment.\n", count(left, "more project")));
    }
    let is_whole = left == 0 && shown.iter().flatten().flatten().all(|shown| *shown == Shown::Full);
    Fitted { text, is_whole }
}

/// What goes in, in this order: names and lines of everything before the details of anything that is not to be overlooked.
const STEPS: [(Rank, Shown); 18] = [
    (Rank::Kept, Shown::Name),
    (Rank::First, Shown::Name),
    (Rank::Kept, Shown::Brief),
    (Rank::First, Shown::Brief),
    (Rank::Soon, Shown::Name),
    (Rank::Rest, Shown::Name),
    (Rank::Soon, Shown::Brief),
    (Rank::First, Shown::Short),
    (Rank::Kept, Shown::Short),
    (Rank::Soon, Shown::Short),
    (Rank::Said, Shown::Brief),
    (Rank::First, Shown::Full),
    (Rank::Kept, Shown::Full),
    (Rank::Soon, Shown::Full),
    (Rank::Said, Shown::Full),
    (Rank::Rest, Shown::Short),
    (Rank::Rest, Shown::Full),
    (Rank::Rest, Shown::Brief),
];

/// How much is shown of each item of each section of each group: more of what comes first only where there is room for
/// something of everything that comes as soon.
fn choose(groups: &[&Group], mut room: usize) -> Vec<Vec<Vec<Shown>>> {
    let nothing =
        |group: &&Group| group.sections.iter().map(|section| vec![Shown::Nothing; section.items.len()]).collect();
    let mut shown: Vec<Vec<Vec<Shown>>> = groups.iter().map(nothing).collect();
    for (rank, level) in STEPS {
        for (group, shown) in groups.iter().zip(&mut shown) {
            let items = group.sections.iter().zip(shown).flat_map(|(section, shown)| {
                let of_rank = move |(item, _): &(&Item, _)| section.rank.min(item.rank) == rank;
                section.items.iter().zip(shown).filter(of_rank)
            });
            for (item, shown) in items {
                // What is not long is not shortened.
                let level = if level == Shown::Short && item.short.is_none() { Shown::Full } else { level };
                let had = item.cost(*shown).unwrap_or(0);
                let left = item.cost(level).and_then(|cost| (room + had).checked_sub(cost));
                if let Some(left) = left.filter(|_| *shown < level) {
                    (room, *shown) = (left, level);
                }
            }
        }
    }
    shown
}

fn written(group: &Group, shown: &[Vec<Shown>]) -> String {
    let mut text = group.head.clone();
    let mut left = 0;
    for (section, shown) in group.sections.iter().zip(shown) {
        if shown.iter().any(|shown| *shown != Shown::Nothing) {
            text.push_str(&section.heading());
        }
        let mut names: Vec<&str> = Vec::new();
        for (item, shown) in section.items.iter().zip(shown) {
            match shown {
                Shown::Full => text.push_str(&item.full),
                Shown::Short => text.extend(item.short.as_deref()),
                Shown::Brief => text.push_str(&item.brief),
                Shown::Name => names.extend(item.name.as_deref()),
                Shown::Nothing => left += 1,
            }
        }
        if !names.is_empty() {
            let (before, between, after) = NAMES;
            text.push_str(&format!("{before}{}{after}", names.join(between)));
        }
        if shown.iter().any(|shown| *shown != Shown::Nothing) && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }
    if left > 0 {
        text.push_str(&format!(
            "**{} omitted**: they do not fit in a comment. The log of the run shows everything.\n\n",
            count(left, "more item")
        ));
    } else if shown.iter().flatten().any(|shown| *shown != Shown::Full) {
        text.push_str("**Details omitted**: they do not fit in a comment. The log of the run shows everything.\n\n");
    }
    text.push_str(&group.tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Items of so many bytes, in brief and in full; each begins with its own word.
    fn section(rank: Rank, lengths: &[(usize, usize)]) -> Section {
        let item = |(brief, full): &(usize, usize)| Item {
            brief: format!("- item {}\n", "b".repeat(*brief)),
            short: (full % 3 == 0).then(|| format!("- item {}\n", "s".repeat(brief + full / 2))),
            full: format!("- item {}\n", "f".repeat(brief + full)),
            name: (rank == Rank::Kept).then(|| "name".to_owned()),
            rank: Rank::Rest,
        };
        Section { title: "A title", rank, items: lengths.iter().map(item).collect() }
    }

    fn group(sections: Vec<Section>) -> Group {
        Group { head: "head\n".into(), sections, tail: "tail\n".into() }
    }

    #[test]
    fn what_goes_in_first_has_a_line_before_anything_else_has_more() {
        let sections = vec![section(Rank::Rest, &[(5, 400); 9]), section(Rank::First, &[(5, 400); 9])];
        let text = fit(&[group(sections)], 1200).text;
        assert!(text.len() <= 1200);
        assert_eq!((text.matches("- item f").count(), text.matches("- item b").count()), (1, 17), "{text}");
        assert!(text.find("- item f") > text.rfind("####"), "the one with details goes in first: {text}");
    }

    #[test]
    fn what_is_kept_is_named_where_there_is_no_room_for_lines() {
        let sections = vec![section(Rank::First, &[(300, 0); 9]), section(Rank::Kept, &[(90, 400); 100])];
        let text = fit(&[group(sections)], 1800).text;
        let lines = text.matches("- item b").count();
        assert_eq!((lines + text.matches("name").count() - 1, text.contains("**9 more items")), (100, true), "{text}");
        assert!(text.len() <= 1800 && lines > 0, "{text}");
    }

    #[test]
    fn each_has_a_line_before_anything_else_of_less_weight_has_more() {
        let sections = vec![section(Rank::Rest, &[(5, 400); 9]), section(Rank::Soon, &[(5, 400); 9])];
        let text = fit(&[group(sections)], 1200).text;
        assert_eq!((text.matches("- item f").count(), text.matches("- item b").count()), (1, 17), "{text}");
        let mut sections = vec![section(Rank::Rest, &[(5, 400); 9])];
        sections[0].items[8].rank = Rank::Soon;
        let fitted = fit(&[group(sections)], 900);
        assert!(fitted.text.trim_end().contains("- item f") && !fitted.is_whole, "{}", fitted.text);
        assert!(fit(&[group(Vec::new())], 900).is_whole);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = fit(&[group(vec![section(Rank::Rest, &[(300, 0); 9])])], 1500).text;
        assert_eq!(text.matches("- item").count(), 3, "{text}");
        assert!(text.contains("**6 more items omitted**"), "{text}");
        let groups: Vec<Group> = (0..9).map(|_| group(Vec::new())).collect();
        assert!(fit(&groups, 900).text.ends_with("more projects omitted: they do not fit in a comment.\n"));
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_the_limit_and_nothing_is_lost_unsaid(
            groups in prop::collection::vec(
                prop::collection::vec((0..5_u8, prop::collection::vec((0..40_usize, 0..400_usize), 0..20)), 0..4), 0..4),
            limit in 2000..9000_usize,
        ) {
            let rank = |n: u8| [Rank::Kept, Rank::First, Rank::Soon, Rank::Said, Rank::Rest][usize::from(n)];
            let sections = |sections: &Vec<(u8, Vec<(usize, usize)>)>| sections.iter().map(|(n, items)| section(rank(*n), items)).collect();
            let groups: Vec<Group> = groups.iter().map(|group_of| group(sections(group_of))).collect();
            let text = fit(&groups, limit).text;
            prop_assert!(text.len() <= limit);
            let all: usize = groups.iter().flat_map(|group| &group.sections).map(|section| section.items.len()).sum();
            let left = text.lines().filter_map(|line| line.strip_prefix("**")?.split(' ').next()?.parse::<usize>().ok()).sum::<usize>();
            let names = text.lines().filter_map(|line| line.strip_prefix(NAMES.0)).map(|line| line.split(NAMES.1).count());
            prop_assert_eq!(text.matches("- item").count() + names.sum::<usize>() + left, all);
            prop_assert_eq!(text.matches("head\n").count(), groups.len());
        }
    }
}
