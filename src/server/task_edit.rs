//! Writes a new name or schedule into `option task` of a script.
//!
//! The real server prints the whole script anew; here all but the changed values stays as it was.

use std::ops::Range;

use super::flux_duration::Duration;
use super::task_option::{Property, locate};

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

    /// The script with the new values.
    pub(super) fn apply(&self, script: &str) -> Result<String, String> {
        let option = locate(script).map_err(|_| "unable to edit option".to_owned())?;
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut added = Vec::new();
        let find = |name: &str| option.properties.iter().find(|property| property.name == name);
        let mut set = |found: Option<&Property>, name: &str, value: String| match found {
            Some(property) => edits.push((property.key.start..property.value_place().end, format!("{name}: {value}"))),
            None => added.push(format!("{name}: {value}")),
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
        if !added.is_empty() {
            let end = option.properties.last().map_or(option.end, |last| last.value_place().end);
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
    let place = property.key.start..property.value_place().end;
    let before = script[..place.start].trim_end();
    if before.ends_with(',') {
        return before.len() - 1..place.end;
    }
    let after = &script[place.end..];
    let blanks = after.len() - after.trim_start().len();
    if after.trim_start().starts_with(',') { place.start..place.end + blanks + 1 } else { place }
}

/// A Flux text.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${"))
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
        assert_eq!(edit.apply(plain).unwrap(), "option task = {name: \"t\", every: 1h, offset: 5m}");
    }

    #[test]
    fn the_rest_of_the_script_stays_as_it_was() {
        let edit = OptionEdit { name: Some("n".to_owned()), ..Default::default() };
        assert!(edit.apply(SCRIPT).unwrap().ends_with("\nfrom(bucket:\"x\") // c\n"));
    }
}
