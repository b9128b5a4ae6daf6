//! Scripts out of a grammar and a seed: each has a syntax that Flux has, with all that people write in no order at all.

mod types;

use super::dice::Dice;
use super::spacing::spaced;

/// Tokens in a row; what may stand between two of them is decided later.
pub(super) type Tokens = Vec<String>;

#[rustfmt::skip]
const NAMES: [&str; 24] = [
    "a", "b", "r", "x", "_y", "_value", "_field", "from", "range", "filter", "tables", "true", "false", "with",
    "where", "extends", "stream", "é", "日本", "über_lang", "aVeryLongNameThatTakesALotOfRoomInALine", "task",
    "contains", "v1",
];
#[rustfmt::skip]
const STRINGS: [&str; 14] = [
    r#""""#, r#""a""#, r#""telegraf/autogen""#, r#""a b  c""#, r#""\n\t\r\\\"""#, r#""\${x}""#, r#""\x41\xc3\xa9""#,
    r#""$""#, r#""$${x}""#, "\"two\nlines\"", "\"é 日本 🇩🇪\"", r#""// no comment""#,
    r#""a string that is long enough to make the lines around it break in the middle or so""#, r#""<&>'""#,
];
#[rustfmt::skip]
const NUMBERS: [&str; 12] = [
    "0", "1", "42", "9223372036854775807", "1.5", "0.0", ".5", "1.", "00.25", "123456.789", "0.0000001",
    "1000000000000000000000000.0",
];
const DURATIONS: [&str; 8] = ["1h", "1h30m", "01d", "5µs", "1mo2w3d", "10ms20us30ns", "0s", "1y"];
#[rustfmt::skip]
const TIMES: [&str; 6] = [
    "2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.600Z", "2026-01-02T03:04:05.123456789012+02:00",
    "2026-12-31T23:59:59-00:00", "2020-02-29",
];
const PATTERNS: [&str; 6] = ["/a/", "/^a.*$/", r"/a\/b/", r"/\x41[b-d]+/", "/a b/", r"/(?i)\w{2,3}|é/"];
const OPERATORS: [&str; 14] = ["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "=~", "!~"];

/// Writes scripts.
pub(super) struct Grammar {
    pub(super) dice: Dice,
    out: Tokens,
    /// How deep expressions may still go.
    room: usize,
    /// How many expressions may still come.
    budget: usize,
}

impl Grammar {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let budget = 3 + dice.below(50);
        Self { dice, out: Vec::new(), room: 6, budget }
    }

    /// The tokens of a script.
    pub(super) fn script(mut self) -> (Tokens, Dice) {
        if self.dice.percent(10) {
            self.attributes();
            self.put("package");
            self.name();
        }
        while self.dice.percent(25) {
            self.attributes();
            self.put("import");
            if self.dice.percent(30) {
                self.name();
            }
            self.put_one(&STRINGS);
        }
        while self.budget > 0 {
            self.statement();
        }
        (self.out, self.dice)
    }

    fn put(&mut self, token: &str) {
        self.out.push(token.to_owned());
    }

    fn put_one(&mut self, from: &[&str]) {
        let token = self.dice.pick(from);
        self.put(token);
    }

    fn name(&mut self) {
        self.put_one(&NAMES);
    }

    fn attributes(&mut self) {
        while self.dice.percent(3) {
            self.put("@note");
            if self.dice.percent(60) {
                self.put("(");
                for _ in 0..self.dice.below(3) {
                    self.put_one(&STRINGS);
                    self.put(",");
                }
                self.put(")");
            }
        }
    }

    fn statement(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        self.attributes();
        match self.dice.below(20) {
            0..=7 => {
                self.first_name();
                self.put("=");
                self.expression();
            }
            8 | 9 => {
                self.put("option");
                self.name();
                if self.dice.percent(30) {
                    self.put(".");
                    self.name();
                }
                self.put("=");
                self.expression();
            }
            10 => {
                self.put("return");
                self.expression();
            }
            11 => {
                self.put("builtin");
                self.name();
                self.put(":");
                self.ty(3);
                if self.dice.percent(30) {
                    self.put("where");
                    self.constraint();
                    while self.dice.percent(30) {
                        self.put(",");
                        self.constraint();
                    }
                }
            }
            12 => {
                self.put("testcase");
                self.name();
                if self.dice.percent(30) {
                    self.put("extends");
                    self.put_one(&STRINGS);
                }
                self.block();
            }
            13 => {
                let start = *["not", "exists", "if"].get(self.dice.below(3)).unwrap();
                if start == "if" {
                    self.conditional();
                } else {
                    self.put(start);
                    self.comparison();
                }
            }
            14 => self.literal(),
            // What starts with a name cannot go on with what comes before.
            _ => {
                self.first_name();
                self.postfixes();
                self.pipes();
            }
        }
    }

    /// A name that a statement starts with.
    fn first_name(&mut self) {
        self.name();
        // A type before it would go on.
        if self.out.last().is_some_and(|name| name == "where") {
            self.out.pop();
            self.put("w");
        }
    }

    fn block(&mut self) {
        self.put("{");
        self.room = self.room.saturating_sub(1);
        for _ in 0..self.dice.below(3) {
            self.statement();
        }
        if self.dice.percent(60) {
            self.put("return");
            self.expression();
        }
        self.room += 1;
        self.put("}");
    }

    fn expression(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        if self.room == 0 || self.budget == 0 {
            return self.leaf();
        }
        self.room -= 1;
        match self.dice.below(30) {
            0 => self.conditional(),
            1 | 2 => self.function(),
            3 | 4 => {
                self.logical();
                for _ in 0..=self.dice.below(3) {
                    let operator = self.dice.pick(&["and", "or"]);
                    self.put(operator);
                    self.logical();
                }
            }
            5..=8 => self.comparison(),
            9 => self.logical(),
            _ => self.piped(),
        }
        self.room += 1;
    }

    fn logical(&mut self) {
        while self.dice.percent(20) {
            let operator = self.dice.pick(&["not", "exists"]);
            self.put(operator);
        }
        self.comparison();
    }

    fn comparison(&mut self) {
        self.piped();
        while self.dice.percent(40) {
            self.put_one(&OPERATORS);
            self.piped();
        }
    }

    fn piped(&mut self) {
        while self.dice.percent(7) {
            let sign = self.dice.pick(&["-", "+"]);
            self.put(sign);
        }
        self.operand();
        self.postfixes();
        self.pipes();
    }

    fn pipes(&mut self) {
        let mut chance = 15;
        while self.dice.percent(chance) && self.budget > 0 {
            chance = 60;
            self.put("|>");
            self.name();
            if self.dice.percent(10) {
                self.put(".");
                self.name();
            }
            self.call();
        }
    }

    fn postfixes(&mut self) {
        while self.dice.percent(25) {
            match self.dice.below(6) {
                0..=2 => {
                    self.put(".");
                    self.name();
                }
                3 => {
                    self.put("[");
                    self.put_one(&STRINGS);
                    self.put("]");
                }
                4 => {
                    self.put("[");
                    self.expression();
                    self.put("]");
                }
                _ => self.call(),
            }
        }
    }

    /// The number of items of a list: often few, sometimes five or more, which the formatter breaks.
    fn items(&mut self) -> usize {
        if self.budget == 0 {
            return self.dice.below(2);
        }
        match self.dice.below(10) {
            0 => 5 + self.dice.below(3),
            1 => 4,
            _ => self.dice.below(4),
        }
    }

    fn call(&mut self) {
        self.put("(");
        self.properties();
        self.put(")");
    }

    /// `a: 1, "b": 2`, or names alone.
    fn properties(&mut self) {
        let items = self.items();
        let implicit = self.dice.percent(20);
        for item in 0..items {
            if implicit {
                self.name();
            } else {
                if self.dice.percent(15) {
                    self.put_one(&STRINGS);
                } else {
                    self.name();
                }
                self.put(":");
                self.expression();
            }
            if item + 1 < items || self.dice.percent(10) {
                self.put(",");
            }
        }
    }

    fn operand(&mut self) {
        if self.room == 0 || self.budget == 0 {
            return self.leaf();
        }
        match self.dice.below(20) {
            0 | 1 => {
                self.put("{");
                if self.dice.percent(25) {
                    self.name();
                    self.put("with");
                }
                self.properties();
                self.put("}");
            }
            2 | 3 => {
                self.put("[");
                let items = self.items();
                for item in 0..items {
                    self.expression();
                    if item + 1 < items || self.dice.percent(10) {
                        self.put(",");
                    }
                }
                self.put("]");
            }
            4 => {
                self.put("[");
                let items = self.items();
                if items == 0 {
                    self.put(":");
                }
                for item in 0..items {
                    self.expression();
                    self.put(":");
                    self.expression();
                    if item + 1 < items || self.dice.percent(10) {
                        self.put(",");
                    }
                }
                self.put("]");
            }
            5 | 6 => {
                self.put("(");
                self.expression();
                self.put(")");
            }
            7 => {
                let text = self.interpolation();
                self.put(&text);
            }
            8 => self.put("<-"),
            _ => self.leaf(),
        }
    }

    fn leaf(&mut self) {
        if self.dice.percent(50) { self.name() } else { self.literal() }
    }

    fn literal(&mut self) {
        match self.dice.below(8) {
            0..=2 => self.put_one(&STRINGS),
            3 | 4 => self.put_one(&NUMBERS),
            5 => self.put_one(&DURATIONS),
            6 => self.put_one(&TIMES),
            // Where a value is next, not an operator.
            _ if self.out.last().is_some_and(|last| before_pattern(last)) => self.put_one(&PATTERNS),
            _ => self.put_one(&NUMBERS),
        }
    }

    /// A string with interpolations is one token: white space in it counts.
    fn interpolation(&mut self) -> String {
        let mut text = "\"".to_owned();
        for _ in 0..=self.dice.below(3) {
            if self.dice.percent(60) {
                text.push_str(
                    self.dice
                        .pick(&["a", " b ", r"\n", "$", r"\${", "\n", "é", r"\x41", "  ", r#"\""#, r"\\", r"\t\r"]),
                );
                if text.ends_with('$') {
                    text.push(' ');
                }
            }
            let outer = std::mem::take(&mut self.out);
            self.expression();
            let inner = std::mem::replace(&mut self.out, outer);
            text.push_str("${");
            text.push_str(&spaced(&inner, &mut self.dice, 0));
            text.push('}');
        }
        text.push('"');
        text
    }

    fn conditional(&mut self) {
        self.put("if");
        self.expression();
        self.put("then");
        self.expression();
        self.put("else");
        self.expression();
    }

    fn function(&mut self) {
        self.put("(");
        let items = self.items();
        for item in 0..items {
            self.name();
            if self.dice.percent(40) {
                self.put("=");
                if self.dice.percent(30) { self.put("<-") } else { self.expression() }
            }
            if item + 1 < items || self.dice.percent(10) {
                self.put(",");
            }
        }
        self.put(")");
        self.put("=>");
        match self.dice.below(4) {
            0 | 1 => self.block(),
            2 => {
                self.put("(");
                self.expression();
                self.put(")");
            }
            // A brace would open a block.
            _ => {
                let at = self.out.len();
                self.expression();
                if self.out[at] == "{" {
                    self.out.insert(at, "(".to_owned());
                    self.put(")");
                }
            }
        }
    }
}

/// Whether a `/` after this token begins a regular expression.
fn before_pattern(token: &str) -> bool {
    matches!(
        token,
        "=" | ":" | "(" | "[" | "," | "=>" | "=~" | "!~" | "and" | "or" | "not" | "return" | "then" | "else" | "if"
    )
}

/// A script that Flux has.
pub(super) fn script(seed: u64) -> String {
    let (tokens, mut dice) = Grammar::new(seed).script();
    let comments = if dice.percent(40) { dice.below(10) } else { 0 };
    spaced(&tokens, &mut dice, comments)
}
