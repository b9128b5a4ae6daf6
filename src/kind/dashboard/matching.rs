//! Which cell of a dashboard is which: those that share most are the same, by what they show, their names and their places. Where
//! several share as much, none of them is: what no manifest says of one would go to another one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::cell::{self, CELL, Cell, Said};
use crate::value::Value;

/// The fields of a cell that say nothing of what it shows.
const AROUND: [&str; 3] = ["name", "at", "size"];

/// What two cells may share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Name,
    Place,
    /// All that a manifest says of what a cell shows.
    Shows,
    /// The type of view and the scripts.
    Asks,
}

use By::{Asks, Name, Place, Shows};

/// What the same cells share, the most telling first.
const STEPS: &[&[By]] = &[
    &[Name, Place, Shows],
    &[Name, Shows],
    &[Place, Shows],
    &[Shows],
    &[Name, Place],
    &[Name, Asks],
    &[Place, Asks],
    &[Asks],
    &[Name],
    &[Place],
];

/// A cell as it is compared.
struct Traits {
    name: String,
    place: String,
    shows: String,
    asks: String,
    /// What it shows, with what only a server may say of it.
    whole: String,
}

impl Traits {
    fn of(said: &Said) -> Self {
        let shown = shown(said);
        let mut shows = shown.clone();
        shows.remove("properties");
        let queries = match shows.get("queries") {
            Some(Value::List(queries)) => queries.iter().map(|query| part(query, &["flux", "name"])).collect(),
            _ => Vec::new(),
        };
        shows.insert("queries".to_owned(), Value::List(queries.clone()));
        let scripts = queries.iter().map(|query| part(query, &["flux"])).collect();
        let mut asks = Said::from([("queries".to_owned(), Value::List(scripts))]);
        match cell::view_of(said) {
            Some((view, _)) => asks.insert("view".to_owned(), Value::Text(view.word.to_owned())),
            None => asks.insert("text".to_owned(), said.get("markdown").cloned().unwrap_or(Value::Unset)),
        };
        let text = |field: &str| said.get(field).map(ToString::to_string).unwrap_or_default();
        Self {
            name: text("name"),
            place: text("at"),
            shows: Value::Table(shows).fingerprint(),
            asks: Value::Table(asks).fingerprint(),
            whole: Value::Table(shown).fingerprint(),
        }
    }

    /// What it shares with the same cell; none where that tells nothing.
    fn key(&self, step: &[By]) -> Option<Vec<&str>> {
        if *step == [Name] && self.name.is_empty() {
            return None;
        }
        let of = |by: &By| match by {
            Name => self.name.as_str(),
            Place => self.place.as_str(),
            Shows => self.shows.as_str(),
            Asks => self.asks.as_str(),
        };
        Some(step.iter().map(of).collect())
    }
}

/// What a cell shows.
fn shown(said: &Said) -> Said {
    let fields = said.iter().filter(|(field, _)| !AROUND.contains(&field.as_str()));
    fields.map(|(field, value)| (field.clone(), value.clone())).collect()
}

fn part(table: &Value, fields: &[&str]) -> Value {
    let Value::Table(table) = table else { return Value::Unset };
    let fields = fields.iter().filter_map(|field| Some(((*field).to_owned(), table.get(*field)?.clone())));
    Value::Table(fields.collect())
}

/// For each cell that is wanted the one of `live` that it is.
fn matched(wanted: &[(&str, &Said)], live: &[(&str, &Said)]) -> Vec<Option<usize>> {
    let traits = |cells: &[(&str, &Said)]| cells.iter().map(|(_, said)| Traits::of(said)).collect::<Vec<_>>();
    let (wanted, live) = (traits(wanted), traits(live));
    let mut of = vec![None; wanted.len()];
    let (mut seeking, mut free): (Vec<usize>, Vec<usize>) = ((0..wanted.len()).collect(), (0..live.len()).collect());
    for step in STEPS {
        let mut groups: BTreeMap<Vec<&str>, [Vec<usize>; 2]> = BTreeMap::new();
        for (side, traits, open) in [(0, &wanted, &seeking), (1, &live, &free)] {
            for n in open {
                if let Some(key) = traits[*n].key(step) {
                    groups.entry(key).or_default()[side].push(*n);
                }
            }
        }
        let mut settled = [BTreeSet::new(), BTreeSet::new()];
        for [seeking, free] in groups.into_values() {
            let are_alike = || free.iter().all(|at| live[*at].whole == live[free[0]].whole);
            let is_sure = match (seeking.len(), free.len()) {
                (0, _) | (_, 0) => continue,
                (1, 1) => true,
                // Cells that show the same keep their order.
                (wanted, live) => step.contains(&Shows) && (wanted == live || are_alike()),
            };
            if is_sure {
                for (n, at) in seeking.into_iter().zip(free) {
                    of[n] = Some(at);
                    settled[0].insert(n);
                    settled[1].insert(at);
                }
            } else if *step == [Shows] {
                // Which of these it is nobody knows, and it is no other one.
                settled[0].extend(seeking);
                settled[1].extend(free);
            }
        }
        seeking.retain(|n| !settled[0].contains(n));
        free.retain(|at| !settled[1].contains(at));
    }
    of
}

/// `live` with the keys that `wanted` has for the same cells.
pub(super) fn aligned(wanted: &Value, live: &Value) -> Value {
    let (wanted, live) = (cell::in_order(wanted), cell::in_order(live));
    let mut keys = vec![None; live.len()];
    for ((key, _), of) in wanted.iter().zip(matched(&wanted, &live)) {
        if let Some(at) = of {
            keys[at] = Some((*key).to_owned());
        }
    }
    let mut taken: BTreeSet<String> = wanted.iter().map(|(key, _)| (*key).to_owned()).collect();
    let keyed = live.iter().zip(keys).map(|((own, said), key)| {
        let key = key.unwrap_or_else(|| cell::untaken(own, &mut taken));
        (key, Value::Table((*said).clone()))
    });
    Value::Table(keyed.collect())
}

/// All cells that are wanted, as they are sent, each with the ID and what nothing is said of from the one that it is among `live`.
pub(super) fn bodies(wanted: &Value, live: &[Cell]) -> Vec<Json> {
    let said: Vec<Said> = live.iter().map(Cell::said).collect();
    let mut order: Vec<usize> = (0..live.len()).collect();
    order.sort_by_key(|at| cell::position(&said[*at]));
    let there: Vec<(&str, &Said)> = order.iter().map(|at| ("", &said[*at])).collect();
    let wanted = cell::in_order(wanted);
    let of = matched(&wanted, &there).into_iter().map(|of| of.map(|at| (&live[order[at]], there[at].1)));
    wanted.iter().zip(of).map(|((_, said), of)| body(said, of)).collect()
}

/// A cell as it is sent, with what there is of it. What it shows is sent within a view (influxd 2.9.1, measured).
fn body(said: &Said, live: Option<(&Cell, &Said)>) -> Json {
    let ((x, y), (w, h)) = (cell::pair(said, "at").unwrap_or_default(), cell::pair(said, "size").unwrap_or_default());
    let name = said.get("name").map(ToString::to_string).unwrap_or_default();
    let is_as_wanted = |(cell, live): &(&Cell, &Said)| {
        !cell.properties.is_null() && cell::is_as_wanted(CELL, &Value::Table(shown(said)), Value::Table(shown(live)))
    };
    let properties = match live.filter(is_as_wanted) {
        // The server keeps apart what means the same.
        Some((cell, _)) => cell.properties.clone(),
        None => cell::properties(said, live.map(|(cell, _)| &cell.properties)),
    };
    let mut body = json!({ "x": x, "y": y, "w": w, "h": h, "name": name, "properties": { "properties": properties } });
    if let Some(id) = live.and_then(|(cell, _)| cell.id.as_deref()) {
        body["id"] = json!(id);
    }
    body
}

/// Which of the cells that were sent the server has not taken, by its reply: of what it cannot read it says nothing, and shows
/// nothing (influxd 2.9.1, measured).
pub(super) fn not_taken(sent: &[Json], reply: &Json) -> Option<String> {
    let cells = reply["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ty = |properties: &Json| properties["type"].as_str().unwrap_or_default().to_owned();
    let is_taken = |(at, sent): (usize, &Json)| {
        ty(&sent["properties"]["properties"]) == cells.get(at).map(|cell| ty(&cell["properties"])).unwrap_or_default()
    };
    let at = sent.iter().enumerate().position(|(at, sent)| !is_taken((at, sent)))?;
    let (name, ty) = (sent[at]["name"].as_str().unwrap_or_default(), ty(&sent[at]["properties"]["properties"]));
    Some(format!("the server took the cell {name:?}, and cannot read what it is to show (a view of the type {ty})"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A cell that there is, with something that no manifest says and that no other one has.
    fn live(n: usize, (name, query, label): (usize, usize, usize)) -> Cell {
        let at = i64::try_from(n).expect("few");
        let properties = json!({
            "shape": "chronograf-v2", "type": "xy", "legendOpacity": at + 1, "generateXAxisTicks": [],
            "axes": { "x": { "bounds": [], "label": (["", "a"][label]), "base": "10", "scale": "linear" } },
            "queries": [{ "text": format!("x = {query}"), "builderConfig": { "buckets": [format!("b{n}")] } }],
        });
        cell(json!({
            "id": format!("{n:016x}"), "x": at % 3 * 4, "y": at / 3 * 4, "w": 4, "h": 4,
            "name": (["", "cpu", "mem"][name]), "properties": properties,
        }))
    }

    fn cell(json: Json) -> Cell {
        serde_json::from_value(json).expect("a cell")
    }

    /// What a manifest says of it: nothing of what only the server has.
    fn declared(cell: &Cell) -> Said {
        let mut said = cell.said();
        said.remove("properties");
        if let Some(Value::List(queries)) = said.get_mut("queries") {
            queries.iter_mut().for_each(|query| *query = part(query, &["flux"]));
        }
        said
    }

    fn cells() -> impl Strategy<Value = Vec<Cell>> {
        let one = (0..3_usize, 0..3_usize, 0..2_usize);
        proptest::collection::vec(one, 1..9)
            .prop_map(|all| all.into_iter().enumerate().map(|(n, one)| live(n, one)).collect())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn place(x: i64, y: i64) -> Value {
        Value::List(vec![Value::Integer(x), Value::Integer(y)])
    }

    /// One change of a manifest. Of the cell at `n`, or of one more.
    fn changed(said: &mut Vec<Option<Said>>, n: usize, change: usize) {
        let free = place(0, 400);
        let mut set = |field: &str, value: Value| {
            said[n].as_mut().expect("a cell").insert(field.to_owned(), value);
        };
        match change {
            0 => set("name", text("cpu")),
            1 => set("name", text("new")),
            2 => drop(said[n].as_mut().expect("a cell").remove("name")),
            3 => set("at", free),
            4 => set("size", place(2, 2)),
            5 => set("queries", Value::List(vec![Value::Table([("flux".to_owned(), script("x = 1"))].into())])),
            6 => set("queries", Value::List(vec![Value::Table([("flux".to_owned(), script("y = 7"))].into())])),
            7 => set("xy", Value::Table([("shade".to_owned(), Value::Bool(true))].into())),
            8 => said[n] = None,
            _ => {
                let mut more = said[n].clone().expect("a cell");
                more.insert("at".to_owned(), free);
                said.push(Some(more));
            }
        }
    }

    fn script(text: &str) -> Value {
        Value::Script(crate::value::Script::query(text.to_owned()))
    }

    /// The bodies in the order of `said`.
    fn sent(said: &[Option<Said>], live: &[Cell]) -> Vec<Option<Json>> {
        let there: Vec<Said> = said.iter().flatten().cloned().collect();
        let bodies = bodies(&cell::keyed(there), live);
        let of = |said: &Said| {
            let at = cell::pair(said, "at").expect("a place");
            let is_there = |body: &&Json| body["x"] == at.0 && body["y"] == at.1;
            bodies.iter().find(is_there).expect("all are sent").clone()
        };
        said.iter().map(|said| said.as_ref().map(of)).collect()
    }

    proptest! {
        #[test]
        fn what_no_manifest_says_stays_with_its_cell(live in cells(), n in 0..9_usize, change in 0..10_usize, order in any::<bool>()) {
            let n = n % live.len();
            let declared: Vec<Said> = live.iter().map(declared).collect();
            let mut said: Vec<Option<Said>> = declared.iter().cloned().map(Some).collect();
            changed(&mut said, n, change);
            let mut shuffled = live.clone();
            if order {
                shuffled.reverse();
            }
            for (at, body) in sent(&said, &shuffled).into_iter().enumerate() {
                let Some(body) = body else { continue };
                let shown = &body["properties"]["properties"];
                if at >= live.len() {
                    // Another one that shows the same is no reason to take what belongs to that.
                    prop_assert_eq!((body.get("id"), shown.get("legendOpacity")), (None, None));
                    continue;
                }
                prop_assert_eq!(&body["id"], live[at].id.as_deref().expect("an ID"));
                prop_assert_eq!(&shown["legendOpacity"], &live[at].properties["legendOpacity"]);
                if said[at].as_ref() == Some(&declared[at]) {
                    prop_assert_eq!(shown, &live[at].properties);
                }
            }
        }

        #[test]
        fn all_that_moves_down_at_once_stays_what_it_is(live in cells()) {
            let mut said: Vec<Option<Said>> = live.iter().map(declared).map(Some).collect();
            for said in said.iter_mut().flatten() {
                let (x, y) = cell::pair(said, "at").expect("a place");
                said.insert("at".to_owned(), place(x, y + 1000));
            }
            for (at, body) in sent(&said, &live).into_iter().flatten().enumerate() {
                prop_assert_eq!(&body["id"], live[at].id.as_deref().expect("an ID"));
            }
        }

        #[test]
        fn a_plan_names_cells_as_the_manifest_does(live in cells(), n in 0..9_usize, change in 0..8_usize) {
            let n = n % live.len();
            let mut said: Vec<Option<Said>> = live.iter().map(declared).map(Some).collect();
            changed(&mut said, n, change);
            let wanted = cell::keyed(said.into_iter().flatten().collect());
            let there = aligned(&wanted, &cell::keyed(live.iter().map(declared).collect()));
            let (Value::Table(wanted), Value::Table(there)) = (wanted, there) else { panic!("tables") };
            prop_assert_eq!(wanted.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
            prop_assert!(wanted.iter().filter(|(key, cell)| there[*key] != **cell).count() <= 1);
        }
    }

    #[test]
    fn what_may_be_either_of_two_is_neither() {
        // Two that show the same, and a third one; of the first two one is left, where the third one was.
        let there = [live(0, (0, 0, 0)), live(1, (0, 0, 0)), live(2, (0, 1, 0))];
        let mut one = declared(&there[0]);
        one.insert("at".to_owned(), there[2].said()["at"].clone());
        let body = bodies(&cell::keyed(vec![one.clone()]), &there).remove(0);
        assert_eq!((body.get("id"), body["properties"]["properties"].get("legendOpacity")), (None, None));
        // Where no server has more of one than of the other, it makes no difference.
        let plain = there.map(|mut cell| {
            cell.properties["legendOpacity"] = json!(1);
            cell.properties["queries"][0]["builderConfig"] = json!({});
            cell
        });
        assert_eq!(bodies(&cell::keyed(vec![one]), &plain)[0]["id"], json!(plain[0].id));
    }
}
