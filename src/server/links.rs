//! Links in replies: their names, and paths with holes for what is in the object.

use std::fmt::{Display, Write as _};

use serde::{Serialize, Serializer};

/// Names of links and their paths, in which `{name}` stands for a value.
pub(super) type Templates = &'static [(&'static str, &'static str)];

/// The links of one object.
pub(super) struct Links(Vec<(&'static str, String)>);

impl Links {
    /// Fills each path; `value` knows what the names in it stand for. A link to nothing is left out.
    pub(super) fn new<'v>(templates: Templates, value: impl Fn(&str) -> Option<&'v dyn Display>) -> Self {
        let fill = |template: &str| {
            let mut parts = template.split('{');
            let mut path = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (name, rest) = part.split_once('}').expect("invariant: each brace of a template is closed");
                write!(path, "{}{rest}", value(name)?).expect("a String takes all");
            }
            Some(path)
        };
        Self(templates.iter().filter_map(|(name, template)| Some((*name, fill(template)?))).collect())
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, path)| (name, path)))
    }
}

/// The only link of lists that have no pages.
#[derive(Serialize)]
pub(super) struct SelfLink {
    #[serde(rename = "self")]
    this: String,
}

impl SelfLink {
    pub(super) fn new(this: impl Into<String>) -> Self {
        Self { this: this.into() }
    }
}
