//! What a plan says of the cells of a dashboard.

use super::*;

const CELLS: [&str; 5] = [
    "name = \"CPU\"\nat = [0, 0]\nsize = [4, 4]\nxy = { y = { label = \"%\" } }\nflux = 'x = 1'",
    "name = \"CPU\"\nat = [4, 0]\nsize = [4, 4]\nxy = {}\nflux = 'x = 2'",
    "name = \"Now\"\nat = [8, 0]\nsize = [4, 4]\nsingle_stat = { suffix = \"%\", colors = [\"#4ED8A0\"] }\nqueries = [{ name = \"A\", flux = 'y = 1' }, { name = \"B\", flux = '''\na = 1\nb = 2\nc = 3\nd = 4\ne = 5\n''' }]",
    "at = [0, 4]\nsize = [4, 4]\nmarkdown = \"# Notes\"",
    "name = \"All of it\"\nat = [4, 4]\nsize = [8, 4]\ntable = {}\nflux = 'z = 1'",
];

fn dashboard(cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("\n[[dashboard.x.cell]]\n{cell}\n"));
    format!("[dashboard.x]\n{}", cells.collect::<String>())
}

/// The cells, with `by` in place of `what` in the one at `n`.
fn with(n: usize, what: &str, by: &str) -> Vec<String> {
    let mut cells = CELLS.map(str::to_owned);
    assert!(cells[n].contains(what), "{what}");
    cells[n] = cells[n].replace(what, by);
    cells.to_vec()
}

/// What is shown below the name of the field.
fn of_cells(said: &str) -> String {
    let lines = said.lines().skip_while(|line| !line.contains("cell:")).take_while(|line| !line.trim().is_empty());
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

both!(each_line_is_below_the_name_of_its_cell, async |scene| {
    let place = Place::new(&scene, &dashboard(&CELLS.map(str::to_owned)));
    place.apply().arg("--no-type-check").run().with(0);
    let mut without = CELLS.map(str::to_owned).to_vec();
    without.remove(1);
    let mut more = CELLS.map(str::to_owned).to_vec();
    more.push("name = \"New\"\nat = [0, 8]\nsize = [1, 1]\ntable = {}\nflux = 'z = 2'".to_owned());
    let mut all = String::new();
    for (what, cells) in [
        ("another script", with(2, "c = 3", "c = 4")),
        ("another color", with(2, "#4ED8A0", "#000000")),
        ("moved", with(3, "at = [0, 4]", "at = [0, 8]")),
        ("renamed, of two with one name", with(0, "\"CPU\"", "\"Load\"")),
        ("moved, of two with one name", with(1, "at = [4, 0]", "at = [4, 8]")),
        ("a cell less", without),
        ("a cell more", more),
    ] {
        place.declare(&dashboard(&cells));
        for format in ["human", "markdown"] {
            let said = place.on("plan").args(&["--no-type-check", "--format", format]).run().with(0).out;
            all += &format!("{what}, {format}\n{}\n", of_cells(&said));
        }
        let json = place.on("plan").args(&["--no-type-check", "--format", "json"]).run().with(0).json();
        let field = &json["plan"]["changes"][0]["fields"][0];
        let keys = |side: &str| field[side].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(", ");
        all += &format!("{what}, json: {} -> {}\n\n", keys("before"), keys("after"));
    }
    insta::assert_snapshot!("cells", all);
});
