//! Writes a new name or schedule into `option task` of a script.

use std::ops::Range;

use super::flux_duration::Duration;
use super::problem::{Code, Problem};
use super::task_option::{self, Property, TaskOption, locate};
use crate::flux::format::format_as_influxd;

/// What to write; `None` stays.
#[derive(Default)]
pub(super) struct OptionEdit {
    pub(super) name: Option<String>,
    pub(super) every: Option<Duration>,
    pub(super) cron: Option<String>,
    /// Zero removes the offset.
    pub(super) offset: Option<Duration>,
}

impl OptionEdit {
    /// Whether nothing is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.name.is_none() && self.every.is_none() && self.cron.is_none() && self.offset.is_none()
    }

    /// The script with the new values, all of it laid out anew, with the faults of influxd's formatter.
    pub(super) fn apply(&self, script: &str) -> Result<String, Problem> {
        let unable = || Problem::new(Code::Internal, "unable to edit option".to_owned());
        let parsed = task_option::read(script)?;
        let option = locate(&parsed.script).map_err(|_| unable())?;
        let edited = task_option::read(&self.edit(script, &option)?)?;
        if edited.has_holes() {
            // There a column follows that depends on how the tree is written down.
            let words = "invalid type: null, expected internally tagged enum Expression";
            return Err(Problem::new(Code::Internal, words.to_owned()));
        }
        Ok(format_as_influxd(&edited.script))
    }

    fn edit(&self, script: &str, option: &TaskOption) -> Result<String, Problem> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut added = Vec::new();
        let find = |name: &str| option.properties.iter().find(|property| property.name == name);
        let offset_goes = self.offset.as_ref().is_some_and(Duration::is_zero);
        // What stands behind an offset that goes is passed over, if it is not the last.
        let (properties, last) = (&option.properties, option.properties.len().saturating_sub(1));
        let offset_at = properties.iter().position(|property| property.name == "offset");
        let passed_over = offset_at.filter(|_| offset_goes).map(|at| at + 1).filter(|at| *at < last);
        let passed_over = passed_over.map(|at| properties[at].place.start);
        let mut set = |found: Option<&Property>, name: &str, value: String| {
            match found.filter(|found| passed_over != Some(found.place.start)) {
                // The key stays as it is written.
                Some(property) if property.name == name => edits.push((property.value_place.clone(), value)),
                Some(property) => edits.push((property.place.clone(), format!("{name}: {value}"))),
                None => added.push(format!("{name}: {value}")),
            }
        };
        if let Some(name) = &self.name {
            set(find("name"), "name", literal(name));
        }
        // The one schedule takes the place of the other.
        let schedule = || find("every").or_else(|| find("cron"));
        if let Some(every) = &self.every {
            set(schedule(), "every", every.to_string());
        }
        if let Some(cron) = &self.cron {
            set(schedule(), "cron", literal(cron));
        }
        match &self.offset {
            Some(offset) if offset.is_zero() => {
                edits.extend(find("offset").map(|offset| (with_comma(script, offset), String::new())));
            }
            Some(offset) => set(find("offset"), "offset", offset.to_string()),
            None => {}
        }
        if added.iter().any(|added| added.starts_with("every:")) {
            // An interval that it adds has no value there.
            return Err(Problem::new(Code::Internal, "invalid type: null, expected a sequence".to_owned()));
        }
        if !added.is_empty() {
            let end = option.properties.last().map_or(option.end, |last| last.place.end);
            let separator = if option.properties.is_empty() { "" } else { ", " };
            edits.push((end..end, format!("{separator}{}", added.join(", "))));
        }
        // From the back, so that places stay right.
        edits.sort_by_key(|(place, _)| std::cmp::Reverse((place.start, place.end)));
        let mut edited = script.to_owned();
        for (place, text) in edits {
            edited.replace_range(place, &text);
        }
        Ok(edited)
    }
}

/// A property with the comma before it, or else the one after it.
fn with_comma(script: &str, property: &Property) -> Range<usize> {
    let place = property.place.clone();
    let before = script[..place.start].trim_end();
    if before.ends_with(',') {
        return before.len() - 1..place.end;
    }
    let after = &script[place.end..];
    let blanks = after.len() - after.trim_start().len();
    if after.trim_start().starts_with(',') { place.start..place.end + blanks + 1 } else { place }
}

/// A text as influxd writes it: `${` in it becomes an interpolation.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "option task = {name: \"t\", every: 1h, offset: 5m}\nfrom(bucket:\"x\") // c\n";

    fn edited(edit: &OptionEdit) -> String {
        let script = edit.apply(SCRIPT).unwrap();
        script.lines().next().unwrap().to_owned()
    }

    #[test]
    fn values_are_replaced_added_and_removed() {
        let every = || Duration::parse("2h").ok();
        assert_eq!(
            edited(&OptionEdit { every: every(), ..Default::default() }),
            "option task = {name: \"t\", every: 2h, offset: 5m}"
        );
        assert_eq!(
            edited(&OptionEdit { cron: Some("0 * * * *".to_owned()), ..Default::default() }),
            "option task = {name: \"t\", cron: \"0 * * * *\", offset: 5m}"
        );
        assert_eq!(
            edited(&OptionEdit {
                name: Some("a\"b".to_owned()),
                every: every(),
                offset: Duration::parse("0s").ok(),
                cron: None
            }),
            "option task = {name: \"a\\\"b\", every: 2h}"
        );
        let plain = "option task = {name: \"t\", every: 1h}";
        let edit = OptionEdit { offset: Duration::parse("5m").ok(), ..Default::default() };
        assert_eq!(edit.apply(plain).unwrap(), "option task = {name: \"t\", every: 1h, offset: 5m}\n");
    }

    #[test]
    fn the_rest_of_the_script_is_laid_out_anew() {
        let edit = OptionEdit { name: Some("n".to_owned()), ..Default::default() };
        let text = "option task = {name: \"n\", every: 1h, offset: 5m}\n\nfrom(bucket: \"x\")// c\n\n";
        assert_eq!(edit.apply(SCRIPT).unwrap(), text);
        let hole = "option task = {name: \"t\", every: 1h}\nx =";
        assert!(edit.apply(hole).unwrap_err().message.starts_with("invalid type: null"));
    }

    #[test]
    fn a_name_behind_an_offset_that_goes_is_passed_over() {
        let edit = OptionEdit { name: Some("n".to_owned()), offset: Duration::parse("0s").ok(), ..Default::default() };
        let script = "option task = {offset: 5m, name: \"t\", every: 1h}";
        assert_eq!(edit.apply(script).unwrap(), "option task = {name: \"t\", every: 1h, name: \"n\"}\n");
    }
}
