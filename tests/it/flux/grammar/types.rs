//! Types out of the grammar.

use super::{Grammar, STRINGS};

impl Grammar {
    pub(super) fn constraint(&mut self) {
        self.name();
        self.put(":");
        self.name();
        while self.dice.percent(30) {
            self.put("+");
            self.name();
        }
    }

    pub(super) fn ty(&mut self, room: usize) {
        if room == 0 {
            return self.put_one(&["int", "A", "string", "dynamic", "é"]);
        }
        match self.dice.below(10) {
            0 => {
                self.put("[");
                self.ty(room - 1);
                self.put("]");
            }
            1 => {
                self.put("[");
                self.ty(room - 1);
                self.put(":");
                self.ty(room - 1);
                self.put("]");
            }
            2 => {
                let word = self.dice.pick(&["stream", "vector"]);
                self.put(word);
                self.put("[");
                self.ty(room - 1);
                self.put("]");
            }
            3 => {
                self.put("{");
                let with = self.dice.percent(50);
                if with {
                    self.name();
                    self.put("with");
                }
                let items = self.items().max(usize::from(with));
                for item in 0..items {
                    if self.dice.percent(10) {
                        self.put_one(&STRINGS);
                    } else {
                        self.name();
                    }
                    self.put(":");
                    self.ty(room - 1);
                    if item + 1 < items || self.dice.percent(10) {
                        self.put(",");
                    }
                }
                self.put("}");
            }
            4 | 5 => {
                self.put("(");
                let items = self.items();
                for item in 0..items {
                    match self.dice.below(4) {
                        0 => {
                            self.put("?");
                            self.name();
                        }
                        1 => {
                            self.put("<-");
                            if self.dice.percent(50) {
                                self.name();
                            }
                        }
                        _ => self.name(),
                    }
                    self.put(":");
                    self.ty(room - 1);
                    if item + 1 < items || self.dice.percent(10) {
                        self.put(",");
                    }
                }
                self.put(")");
                self.put("=>");
                self.ty(room - 1);
            }
            _ => self.ty(0),
        }
    }
}
