//! Decides where lines end.

use std::collections::HashMap;

use super::doc::{Doc, Docs, Id, NEVER};

/// The most columns of a line.
const WIDTH: u32 = 100;
/// Columns of one level.
const INDENT: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    indent: u32,
    mode: Mode,
    doc: Id,
}

/// A choice, and all that its outcome depends on: where it stands, and how much follows on its last line.
type State = (Id, u32, u32, u32);

pub(super) struct Printer<'d, 'a> {
    docs: &'d Docs<'a>,
    /// What is still to do, the next last.
    steps: Vec<Step>,
    column: u32,
    /// What was chosen where. Without it each level of nesting would double the time.
    chosen: HashMap<State, usize>,
    /// Where in the output the author's own text ends: white space before it stays.
    author: usize,
    /// Whether to keep white space at the end of the author's lines.
    careful: bool,
    /// How many steps there were.
    #[cfg(debug_assertions)]
    done: usize,
}

/// The text, with every line end decided.
pub(super) fn print(docs: &Docs<'_>, root: Id, careful: bool) -> String {
    let mut printer = Printer {
        docs,
        steps: Vec::new(),
        column: 0,
        chosen: HashMap::new(),
        author: 0,
        careful,
        #[cfg(debug_assertions)]
        done: 0,
    };
    printer.steps.push(Step { indent: 0, mode: Mode::Broken, doc: root });
    let mut out = String::new();
    printer.run(0, Some(&mut out));
    printer.end_line(&mut out);
    if careful {
        return out;
    }
    // influxd takes the author's line ends for its own.
    let lines: Vec<&str> = out.split('\n').map(str::trim_end).collect();
    lines.join("\n")
}

impl Printer<'_, '_> {
    /// Does all steps above `base`; without `out` only to see whether no line is too long.
    fn run(&mut self, base: usize, mut out: Option<&mut String>) -> bool {
        let docs = self.docs;
        while self.steps.len() > base {
            let Some(step) = self.steps.pop() else { break };
            #[cfg(debug_assertions)]
            {
                self.done += 1;
                assert!(self.done <= 1_000 * docs.count() + 10_000, "invariant: no text is laid out over and over");
            }
            let Step { indent, mode, doc } = step;
            match docs.get(doc) {
                Doc::Text(text) => {
                    self.column = self.column.saturating_add(docs.flat(doc));
                    if let Some(out) = out.as_deref_mut() {
                        self.text(text, out);
                    } else if self.column > WIDTH {
                        return false;
                    }
                }
                Doc::Line(flat) if mode == Mode::Flat => {
                    self.column += flat.len() as u32;
                    if let Some(out) = out.as_deref_mut() {
                        out.push_str(flat);
                    }
                }
                Doc::Line(_) | Doc::Hard => {
                    self.column = indent;
                    if let Some(out) = out.as_deref_mut() {
                        self.end_line(out);
                        out.push('\n');
                        out.extend(std::iter::repeat_n(' ', indent as usize));
                    }
                }
                Doc::Raw => {
                    self.column = 0;
                    if let Some(out) = out.as_deref_mut() {
                        self.text("\n", out);
                    }
                }
                Doc::Broken(text) if mode == Mode::Broken => {
                    self.column += text.len() as u32;
                    if let Some(out) = out.as_deref_mut() {
                        out.push_str(text);
                    } else if self.column > WIDTH {
                        return false;
                    }
                }
                Doc::Broken(_) => {}
                Doc::Sequence(parts) => self.steps.extend(parts.iter().rev().map(|part| Step { doc: *part, ..step })),
                Doc::Nest(inner) => self.steps.push(Step { indent: indent + INDENT, mode, doc: *inner }),
                Doc::Group(inner) | Doc::OneLine(inner) => {
                    let flat = mode == Mode::Flat || self.fits(docs.flat(*inner));
                    if !flat && matches!(docs.get(doc), Doc::OneLine(_)) && out.is_none() {
                        return false;
                    }
                    let mode = if flat { Mode::Flat } else { Mode::Broken };
                    self.steps.push(Step { indent, mode, doc: *inner });
                }
                Doc::Choice(ways) => {
                    let way = if mode == Mode::Flat { ways.len() - 1 } else { self.choose(step, ways) };
                    self.steps.push(Step { doc: ways[way], ..step });
                }
            }
        }
        true
    }

    fn text(&mut self, text: &str, out: &mut String) {
        out.push_str(text);
        if self.careful && text.contains('\n') {
            self.author = out.len();
        }
    }

    /// Nothing that cannot be seen stands at the end of a line.
    fn end_line(&self, out: &mut String) {
        let kept = out.trim_end_matches([' ', '\t', '\r']).len();
        out.truncate(kept.max(self.author));
    }

    /// Whether so many columns, and what follows up to where a line may end, fit on this line.
    fn fits(&self, flat: u32) -> bool {
        flat != NEVER && {
            let after = self.column.saturating_add(flat);
            after <= WIDTH && after + self.trail(WIDTH - after) <= WIDTH
        }
    }

    /// The columns of what follows up to where a line may end; more than `enough` if they are more.
    fn trail(&self, enough: u32) -> u32 {
        let mut width: u32 = 0;
        for step in self.steps.iter().rev() {
            let (lead, ends) = match step.mode {
                Mode::Broken => self.docs.lead(step.doc),
                Mode::Flat => (self.docs.flat(step.doc), false),
            };
            width = width.saturating_add(lead);
            if ends || width > enough {
                break;
            }
        }
        width.min(enough + 1)
    }

    fn choose(&mut self, step: Step, ways: &[Id]) -> usize {
        let state = (step.doc, self.column, step.indent, self.trail(WIDTH));
        if let Some(way) = self.chosen.get(&state) {
            return *way;
        }
        let (base, column) = (self.steps.len(), self.column);
        let last = ways.len() - 1;
        let mut chosen = last;
        for (way, doc) in ways[..last].iter().enumerate() {
            self.steps.push(Step { doc: *doc, ..step });
            let fits = self.run(base, None);
            self.steps.truncate(base);
            self.column = column;
            if fits {
                chosen = way;
                break;
            }
        }
        self.chosen.insert(state, chosen);
        chosen
    }
}
