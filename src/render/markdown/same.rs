//! Changes of many tables of which all that is said is the same, once.

use std::collections::HashMap;

use super::super::compact::{self, Alike, Tables};
use super::super::reason::{object, sign};
use super::super::shared::Shared;
use super::super::value::count;
use super::change::{self, OPEN, Part};
use super::fit::{Item, NAME, Rank};
use super::safe::{block, code, cut, folded};
use crate::address::few;
use crate::diff::Change;
use crate::kind::Kind;

/// Fewer are as short one by one.
const MANY: usize = 3;

/// The changes, each as `item` has it; but the instances of a `for_each` that go the same way, and the resources of which the
/// same is said, together. Those that are to stay `alone` have an entry of their own.
pub(super) fn items(
    changes: &[&Change],
    shared: &Shared<'_>,
    tables: &Tables<'_>,
    alone: impl Fn(&Change) -> bool,
    item: impl Fn(&Change) -> Item,
) -> Vec<Item> {
    let alike = compact::alike(changes, shared);
    let heads: Vec<Option<Head<'_>>> = alike.iter().map(|alike| head(alike, &alone)).collect();
    let mut counts: HashMap<&Head<'_>, usize> = HashMap::new();
    heads.iter().flatten().for_each(|head| *counts.entry(head).or_default() += 1);
    // To find out in what lines two differ takes long: only those are looked at that may be the same.
    let may_be = |head: &Option<Head<'_>>| head.as_ref().is_some_and(|head| counts[head] >= MANY);
    let keys = alike.iter().zip(&heads).map(|(alike, head)| may_be(head).then(|| key(alike, shared)));
    let keys: Vec<Option<String>> = keys.collect();
    let mut same: HashMap<&str, Vec<&Change>> = HashMap::new();
    for (alike, key) in alike.iter().zip(&keys) {
        if let Some(key) = key {
            same.entry(key).or_default().extend(&alike.changes);
        }
    }
    let each = alike.iter().zip(&keys).filter_map(|(alike, key)| {
        let items = || alike.changes.iter().map(|change| item(change)).collect::<Vec<_>>();
        match (key, alike.changes.as_slice()) {
            (Some(key), [one]) if same[key.as_str()].len() >= MANY => {
                let all = &same[key.as_str()];
                // They stand where the first of them would.
                (all[0].address == one.address).then(|| together(all, &alike.words, shared, item(one).rank))
            }
            (_, [one]) => Some(item(one)),
            _ => Some(change::alike(alike, &items(), tables)),
        }
    });
    each.collect()
}

/// What is said of a resource in few words.
type Head<'a> = (&'static str, Kind, &'a str);

/// That of a resource that is no instance; nothing of others.
fn head<'a>(alike: &'a Alike<'_>, alone: impl Fn(&Change) -> bool) -> Option<Head<'a>> {
    let [one] = alike.changes.as_slice() else { return None };
    let joins = one.address.instance.is_none() && !alone(one);
    joins.then(|| (sign(one.action), one.address.kind, alike.words.as_str()))
}

/// All that is said of it but its address.
fn key(alike: &Alike<'_>, shared: &Shared<'_>) -> String {
    let first = alike.changes[0];
    let lines = lines(change::parts(first, shared.rest(first)), Part::whole);
    let head = format!("{} {}", sign(first.action), first.address.kind);
    [head].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

/// The lines of all parts as they are the same for all.
fn lines(parts: Vec<Part>, shown: impl Fn(Part) -> Vec<String>) -> Vec<String> {
    let one = |part: Part| match part.is_key {
        Some(field) => vec![format!("# {field}: the key of each")],
        None => shown(part),
    };
    parts.into_iter().flat_map(one).collect()
}

fn together(changes: &[&Change], words: &str, shared: &Shared<'_>, rank: Rank) -> Item {
    let first = changes[0];
    let number = count(changes.len(), first.address.kind.name());
    let name = format!("{} {number}", sign(first.action));
    let words = match words.trim() {
        "" => String::new(),
        words => format!(" {}", code(cut(words, NAME))),
    };
    let few = few(changes.iter().map(|change| code(cut(&change.address.to_string(), NAME))));
    let diff = |shown: fn(Part) -> Vec<String>| lines(change::parts(first, shared.rest(first)), shown);
    let written = |named: &str, diff: &[String]| {
        let shown = if diff.is_empty() { String::new() } else { block("diff", diff) };
        let shown = if diff.len() > OPEN { folded(&name, &shown) } else { shown };
        format!("**{}**{words}\n\n{named}\n{shown}\n", code(&name))
    };
    let each = changes.iter().map(|change| {
        let target = change.object.as_ref().map(|target| format!(" {}", code(object(target))));
        format!("- {}{}\n", code(&change.address), target.unwrap_or_default())
    });
    let listed: String = each.collect();
    let listed = if changes.len() > OPEN { folded(&number, &listed) } else { listed };
    Item {
        full: written(&listed, &diff(Part::whole)),
        short: Some(written(&format!("{few}\n"), &diff(Part::shortened))),
        brief: format!("**{}**{words}: {few} (details omitted)\n\n", code(&name)),
        name: Some(format!("{}: {few}", code(&name))),
        rank,
    }
}

impl Part {
    fn whole(self) -> Vec<String> {
        self.lines
    }

    fn shortened(self) -> Vec<String> {
        self.short().unwrap_or(self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::json::Document;
    use super::super::super::sample;
    use super::super::{Comment, comment};
    use crate::diff::{Action, Cause, Change, Reason};
    use crate::exit::Exit;
    use crate::kind::Kind;
    use crate::value::{Set, Value};

    fn comment_on(changes: Vec<Change>) -> String {
        let mut plan = sample::nothing();
        plan.changes = changes;
        let fitted = comment(Comment::Plan, &Document { plan: Some(&plan), ..Document::new(Exit::Ok) });
        assert!(fitted.is_whole);
        fitted.text
    }

    #[test]
    fn tables_that_change_in_the_same_way_are_one_entry() {
        let update = |n: u64, is: &str| {
            let mut change = sample::change(Kind::Bucket, &format!("b{n}"), Action::Update, Reason::Differs);
            change.object = sample::object(n, &format!("b{n}"));
            let (was, is) = (sample::text("30d"), sample::text(is));
            change.fields = vec![sample::field("retention", Some(was), is, None, Cause::Yours)];
            change
        };
        let create = |n: u64, name: &str| {
            let mut change = sample::change(Kind::Label, &format!("l{n}"), Action::Create, Reason::New);
            change.fields = vec![sample::new("name", sample::text(name)), sample::new("by", sample::text("us"))];
            change
        };
        let updates = [(1, "60d"), (2, "60d"), (3, "90d"), (4, "60d"), (5, "90d")].map(|(n, is)| update(n, is));
        let creates = [(1, "l1"), (2, "l2"), (3, "other"), (4, "l4")].map(|(n, name)| create(n, name));
        let shown = comment_on(updates.into_iter().chain(creates).collect());
        let (_, shown) = shown.split_once("#### Changes\n").expect("changes");
        let (shown, _) = shown.split_once("Plan digest").expect("its end");
        insta::assert_snapshot!(shown.trim(), @r#"
        **`~ 3 buckets`** `retention "30d" -> "60d"`

        - `bucket.b1` `"b1" (id 0000000000000001)`
        - `bucket.b2` `"b2" (id 0000000000000002)`
        - `bucket.b4` `"b4" (id 0000000000000004)`

        ```diff
        - retention = "30d"
        + retention = "60d"
        ```

        **`~ bucket.b3`** `"b3" (id 0000000000000003)`

        ```diff
        - retention = "30d"
        + retention = "90d"
        ```

        **`~ bucket.b5`** `"b5" (id 0000000000000005)`

        ```diff
        - retention = "30d"
        + retention = "90d"
        ```

        **`+ 3 labels`**

        - `label.l1`
        - `label.l2`
        - `label.l4`

        ```diff
        # name: the key of each
        + by   = "us"
        ```

        **`+ label.l3`**

        ```diff
        + name = "other"
        + by   = "us"
        ```
        "#);
        // Of many the list is folded, and what gives rights is never told as one of several.
        let rights = |n: u64| {
            let mut change = sample::change(Kind::Token, &format!("t{n}"), Action::Create, Reason::New);
            change.fields = vec![sample::new("write", Value::Scopes(Set::default()))];
            change
        };
        let read = |n: u64| {
            let mut change = sample::change(Kind::Scraper, &format!("http://h{n}"), Action::Create, Reason::New);
            change.fields = vec![sample::new("url", sample::text(&format!("http://h{n}")))];
            change
        };
        let urls = comment_on((0..5).map(read).collect());
        assert!((0..5).all(|n| urls.contains(&format!("+ url = \"http://h{n}\""))), "only a name says no more: {urls}");
        let many = comment_on((0..20).map(|n| update(n, "60d")).chain((0..5).map(rights)).collect());
        assert!(many.contains("<summary><code>20 buckets</code></summary>"), "{many}");
        assert!((0..5).all(|n| many.contains(&format!("**`+ token.t{n}`**"))), "{many}");
    }
}
