//! As much as a comment may hold, cut by whole resources: what is destroyed, refused or drifted goes in first.

use super::super::value::count;

/// One resource, or one thing to say.
#[derive(Debug)]
pub(super) struct Item {
    /// All of it.
    pub(super) full: String,
    /// One line of it, for where there is no more room.
    pub(super) brief: String,
}

/// Things of one sort, under a heading.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Whether it goes in before all that is not.
    pub(super) first: bool,
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

/// How much of an item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Full,
    Brief,
    Nothing,
}

/// Room for the line that says what was left out of a group.
const LEFT_OUT: usize = 160;

impl Item {
    /// Something of one line.
    pub(super) fn line(text: String) -> Self {
        Self { full: text.clone(), brief: text }
    }
}

impl Section {
    fn heading(&self) -> String {
        format!("#### {}\n\n", self.title)
    }
}

/// The groups as one text of at most `limit` bytes.
pub(super) fn fit(groups: &[Group], limit: usize) -> String {
    let fixed = |group: &Group| {
        let headings: usize = group.sections.iter().map(|section| section.heading().len() + 1).sum();
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
    if let Some(left) = groups.len().checked_sub(kept.len()).filter(|left| *left > 0) {
        text.push_str(&format!("\n{} left out: they do not fit in a comment.\n", count(left, "more project")));
    }
    text
}

/// How much is shown of each item of each section of each group.
fn choose(groups: &[&Group], mut room: usize) -> Vec<Vec<Vec<Shown>>> {
    let nothing =
        |group: &&Group| group.sections.iter().map(|section| vec![Shown::Nothing; section.items.len()]).collect();
    let mut shown: Vec<Vec<Vec<Shown>>> = groups.iter().map(nothing).collect();
    for first in [true, false] {
        let mut places = Vec::new();
        for (g, group) in groups.iter().enumerate() {
            for (s, section) in group.sections.iter().enumerate().filter(|(_, section)| section.first == first) {
                places.extend((0..section.items.len()).map(|i| (g, s, i)));
            }
        }
        let item = |(g, s, i): (usize, usize, usize)| &groups[g].sections[s].items[i];
        // One line of everything that goes in first, before more of anything.
        if first {
            for place @ (g, s, i) in places.iter().copied() {
                if let Some(left) = room.checked_sub(item(place).brief.len()) {
                    (room, shown[g][s][i]) = (left, Shown::Brief);
                }
            }
        }
        for place @ (g, s, i) in places {
            let had = if shown[g][s][i] == Shown::Brief { item(place).brief.len() } else { 0 };
            if let Some(left) = (room + had).checked_sub(item(place).full.len()) {
                (room, shown[g][s][i]) = (left, Shown::Full);
            } else if had == 0
                && let Some(left) = room.checked_sub(item(place).brief.len())
            {
                (room, shown[g][s][i]) = (left, Shown::Brief);
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
        for (item, shown) in section.items.iter().zip(shown) {
            match shown {
                Shown::Full => text.push_str(&item.full),
                Shown::Brief => text.push_str(&item.brief),
                Shown::Nothing => left += 1,
            }
        }
        if shown.iter().any(|shown| *shown != Shown::Nothing) && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }
    if left > 0 {
        text.push_str(&format!(
            "**{} left out**: a comment holds no more. The run's log has all of it.\n\n",
            count(left, "more item")
        ));
    }
    text.push_str(&group.tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Items of so many bytes, in brief and in full; each begins with its own word.
    fn section(first: bool, lengths: &[(usize, usize)]) -> Section {
        let item = |(brief, full): &(usize, usize)| Item {
            brief: format!("- item {}\n", "b".repeat(*brief)),
            full: format!("- item {}\n", "f".repeat(brief + full)),
        };
        Section { title: "A title", first, items: lengths.iter().map(item).collect() }
    }

    fn group(sections: Vec<Section>) -> Group {
        Group { head: "head\n".into(), sections, tail: "tail\n".into() }
    }

    #[test]
    fn what_goes_in_first_has_a_line_before_anything_else_has_more() {
        let sections = vec![section(false, &[(5, 400); 9]), section(true, &[(5, 400); 9])];
        let text = fit(&[group(sections)], 1200);
        assert!(text.len() <= 1200);
        assert_eq!((text.matches("- item f").count(), text.matches("- item b").count()), (1, 17), "{text}");
        assert!(text.find("- item f") > text.rfind("####"), "the one with details goes in first: {text}");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = fit(&[group(vec![section(false, &[(300, 0); 9])])], 1500);
        assert_eq!(text.matches("- item").count(), 3, "{text}");
        assert!(text.contains("**6 more items left out**"), "{text}");
        let groups: Vec<Group> = (0..9).map(|_| group(Vec::new())).collect();
        assert!(fit(&groups, 900).ends_with("more projects left out: they do not fit in a comment.\n"));
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_the_limit_and_nothing_is_lost_unsaid(
            groups in prop::collection::vec(
                prop::collection::vec((any::<bool>(), prop::collection::vec((0..40_usize, 0..400_usize), 0..20)), 0..4), 0..4),
            limit in 2000..9000_usize,
        ) {
            let sections = |sections: &Vec<(bool, Vec<(usize, usize)>)>| sections.iter().map(|(f, items)| section(*f, items)).collect();
            let groups: Vec<Group> = groups.iter().map(|group_of| group(sections(group_of))).collect();
            let text = fit(&groups, limit);
            prop_assert!(text.len() <= limit);
            let all: usize = groups.iter().flat_map(|group| &group.sections).map(|section| section.items.len()).sum();
            let left = text.lines().filter_map(|line| line.strip_prefix("**")?.split(' ').next()?.parse::<usize>().ok()).sum::<usize>();
            prop_assert_eq!(text.matches("- item").count() + left, all);
            prop_assert_eq!(text.matches("head\n").count(), groups.len());
        }
    }
}
