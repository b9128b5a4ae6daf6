//! Reads request bodies as Go's `encoding/json` does: first value only, keys in any case, its words for errors.

use serde_json::{Map, Value};

use super::id::Id;
use super::problem::{Code, Problem};

/// The body was not understood; the message is Go's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodyError {
    /// Bad IDs are the client's fault; influxd calls the others internal unless its handler says otherwise.
    code: Code,
    message: String,
}

impl BodyError {
    /// As most handlers put it: 400 "failed to unmarshal json: ...".
    pub(crate) fn unmarshal(self) -> Problem {
        Problem::invalid(format!("failed to unmarshal json: {}", self.message))
    }

    /// As handlers put it that pass the error on as it is: a 500, or a 400 for bad IDs.
    pub(crate) fn plain(self) -> Problem {
        Problem::new(self.code, self.message)
    }

    /// As handlers put it that pass the error on as the caller's fault.
    pub(crate) fn bare(self) -> Problem {
        Problem::invalid(self.message)
    }

    /// As older handlers do that keep to themselves what is wrong, but for bad IDs.
    pub(crate) fn untold(self) -> Problem {
        match self.code {
            Code::Internal => Problem::new(Code::Internal, "An internal error has occurred - check server logs"),
            _ => self.plain(),
        }
    }

    /// 400 with other words in front.
    pub(crate) fn invalid(self, doing: &str) -> Problem {
        Problem::invalid(self.message).within(doing)
    }

    pub(crate) fn internal(message: String) -> Self {
        Self { code: Code::Internal, message }
    }
}

/// A number as Go writes it: a whole one without a point.
pub(crate) fn go_number(number: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "smaller numbers than these are whole ones of an i64")]
    if number.fract() == 0.0 && number.abs() < 1e15 { Value::from(number as i64) } else { Value::from(number) }
}

/// The fields of a JSON object; an absent field and `null` are the same.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    /// The name of the Go struct, which is part of error messages.
    struct_name: &'static str,
    /// The names of the fields that led here, each with a dot; part of error messages too.
    path: String,
    object: Map<String, Value>,
}

impl Fields {
    /// The first JSON value of the body, which must be an object or `null`.
    pub(crate) fn parse(body: &[u8], struct_name: &'static str) -> Result<Self, BodyError> {
        Self::of(&first_value(body)?, struct_name)
    }

    /// Those of a value, which must be an object or `null`.
    pub(crate) fn of(value: &Value, struct_name: &'static str) -> Result<Self, BodyError> {
        match value {
            Value::Object(object) => Ok(Self { struct_name, path: String::new(), object: object.clone() }),
            Value::Null => Ok(Self::none(struct_name)),
            other => Err(BodyError::internal(format!(
                "json: cannot unmarshal {} into Go value of type {struct_name}",
                kind(other)
            ))),
        }
    }

    /// No field.
    pub(crate) fn none(struct_name: &'static str) -> Self {
        Self { struct_name, path: String::new(), object: Map::new() }
    }

    /// The fields of each object in a body that is a list of them; their struct has no name in messages.
    pub(crate) fn parse_list(body: &[u8], go_type: &str) -> Result<Vec<Self>, BodyError> {
        match first_value(body)? {
            Value::Array(items) => items.iter().map(|item| Self::of(item, "")).collect(),
            Value::Null => Ok(Vec::new()),
            other => Err(BodyError::internal(format!(
                "json: cannot unmarshal {} into Go value of type {go_type}",
                kind(&other)
            ))),
        }
    }

    /// All of them, `null` too.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.object
    }

    /// The same as a part of the Go struct `path`, which error messages name.
    pub(crate) fn within(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// The same as a part of the struct `name` in the Go struct, which error messages name.
    pub(crate) fn embedded(&self, name: &str) -> Self {
        Self { path: format!("{}{name}.", self.path), ..self.clone() }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, BodyError> {
        self.text_as(name, "string")
    }

    /// A text that Go has a type of its own for, which error messages name.
    pub(crate) fn text_as(&self, name: &str, go_type: &str) -> Result<Option<String>, BodyError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.mismatch(name, other, go_type)),
        }
    }

    /// A truth value.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, BodyError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.mismatch(name, other, "bool")),
        }
    }

    /// A list of texts.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, BodyError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text.clone()),
                    Value::Null => Ok(String::new()),
                    other => Err(self.mismatch(name, other, "string")),
                })
                .collect(),
            Some(other) => Err(self.mismatch(name, other, "[]string")),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, BodyError> {
        self.whole(name, "int64")
    }

    /// A whole number that Go has this type for.
    pub(crate) fn whole(&self, name: &str, go_type: &str) -> Result<Option<i64>, BodyError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let fits = |number: &i64| go_type != "int32" || i32::try_from(*number).is_ok();
                match number.as_i64().filter(fits) {
                    Some(number) => Ok(Some(number)),
                    None => Err(self.misfit(&format!("number {number}"), name, go_type)),
                }
            }
            Some(other) => Err(self.mismatch(name, other, go_type)),
        }
    }

    /// A number.
    pub(crate) fn float(&self, name: &str) -> Result<Option<f64>, BodyError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(other) => Err(self.mismatch(name, other, "float64")),
        }
    }

    /// A list of numbers.
    pub(crate) fn floats(&self, name: &str) -> Result<Vec<f64>, BodyError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| match item {
                    Value::Null => Ok(0.0),
                    other => other.as_f64().ok_or_else(|| self.mismatch(name, other, "float64")),
                })
                .collect(),
            Some(other) => Err(self.mismatch(name, other, "[]float64")),
        }
    }

    /// An identifier.
    pub(crate) fn id(&self, name: &str) -> Result<Option<Id>, BodyError> {
        self.id_as(name, "platform.ID")
    }

    /// An identifier that Go has another type for, which error messages name.
    pub(crate) fn id_as(&self, name: &str, go_type: &str) -> Result<Option<Id>, BodyError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => match text.parse() {
                Ok(id) => Ok(Some(id)),
                Err(error) => Err(BodyError { code: Code::Invalid, message: error.to_string() }),
            },
            Some(other) => Err(self.mismatch(name, other, go_type)),
        }
    }

    /// A map of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<(String, String)>, BodyError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Object(entries)) => entries
                .iter()
                .map(|(key, value)| match value {
                    Value::String(text) => Ok((key.clone(), text.clone())),
                    Value::Null => Ok((key.clone(), String::new())),
                    other => Err(self.mismatch(name, other, "string")),
                })
                .collect(),
            Some(other) => Err(self.mismatch(name, other, "map[string]string")),
        }
    }

    /// Whether it is sent, be it `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.keys().any(|key| key.eq_ignore_ascii_case(name))
    }

    /// Anything.
    pub(crate) fn any(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }

    /// A nested object.
    pub(crate) fn object(&self, name: &str, struct_name: &'static str) -> Result<Option<Self>, BodyError> {
        self.get(name).map(|value| self.nested(name, struct_name, value, struct_name)).transpose()
    }

    /// A list of objects.
    pub(crate) fn objects(&self, name: &str, struct_name: &'static str) -> Result<Vec<Self>, BodyError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| self.nested(name, struct_name, item, struct_name)).collect()
            }
            Some(other) => Err(self.mismatch(name, other, &format!("[]{struct_name}"))),
        }
    }

    /// The same, which are read by a function of their own: messages name this struct.
    pub(crate) fn items(&self, name: &str, go_type: &str) -> Result<Option<Vec<Self>>, BodyError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => {
                let nested = |item| self.nested(name, self.struct_name, item, go_type);
                items.iter().map(nested).collect::<Result<_, _>>().map(Some)
            }
            Some(other) => Err(self.mismatch(name, other, &format!("[]{go_type}"))),
        }
    }

    /// A map of objects.
    pub(crate) fn map(&self, name: &str, struct_name: &'static str) -> Result<Vec<(String, Self)>, BodyError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Object(entries)) => entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), self.nested(name, struct_name, value, struct_name)?)))
                .collect(),
            Some(other) => Err(self.mismatch(name, other, &format!("map[string]{struct_name}"))),
        }
    }

    fn nested(&self, name: &str, struct_name: &'static str, value: &Value, expected: &str) -> Result<Self, BodyError> {
        let object = match value {
            Value::Object(object) => object.clone(),
            Value::Null => Map::new(),
            other => return Err(self.mismatch(name, other, expected)),
        };
        Ok(Self { struct_name, path: format!("{}{name}.", self.path), object })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let exact = self.object.get(name);
        let found = exact
            .or_else(|| self.object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        found.filter(|value| !value.is_null())
    }

    fn short_name(&self) -> &str {
        self.struct_name.rsplit('.').next().unwrap_or(self.struct_name)
    }

    fn mismatch(&self, name: &str, found: &Value, expected: &str) -> BodyError {
        self.misfit(kind(found), name, expected)
    }

    fn misfit(&self, found: &str, name: &str, expected: &str) -> BodyError {
        BodyError::internal(format!(
            "json: cannot unmarshal {found} into Go struct field {}.{}{name} of type {expected}",
            self.short_name(),
            self.path
        ))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The texts in a body that is a map of them, in the order of their keys.
pub(crate) fn texts(body: &[u8]) -> Result<Vec<(String, String)>, BodyError> {
    let mismatch = |value: &Value, expected: &str| {
        BodyError::internal(format!("json: cannot unmarshal {} into Go value of type {expected}", kind(value)))
    };
    let entries = match first_value(body)? {
        Value::Object(entries) => entries,
        Value::Null => Map::new(),
        other => return Err(mismatch(&other, "map[string]string")),
    };
    let text = |(key, value)| match value {
        Value::String(text) => Ok((key, text)),
        Value::Null => Ok((key, String::new())),
        other => Err(mismatch(&other, "string")),
    };
    entries.into_iter().map(text).collect()
}

/// The first JSON value; what follows it is not looked at.
fn first_value(body: &[u8]) -> Result<Value, BodyError> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok(value),
        None => Err(BodyError::internal("EOF".to_owned())),
        Some(Err(error)) if error.is_eof() => Err(BodyError::internal("unexpected EOF".to_owned())),
        Some(Err(error)) => Err(BodyError::internal(go_syntax_error(body, &error))),
    }
}

/// Go's words for a syntax error that serde reports.
fn go_syntax_error(body: &[u8], error: &serde_json::Error) -> String {
    let line_start = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>();
    let place = (line_start + error.column().saturating_sub(1)).min(body.len().saturating_sub(1));
    let Some(found) = String::from_utf8_lossy(&body[place..]).chars().next() else {
        return "unexpected EOF".to_owned();
    };
    let words = error.to_string();
    let context = if words.contains("key must be a string") || (words.contains("trailing comma") && found == '}') {
        "looking for beginning of object key string"
    } else if words.contains("expected `:`") {
        "after object key"
    } else if words.contains("expected `,` or `}`") {
        "after object key:value pair"
    } else if words.contains("expected `,` or `]`") {
        "after array element"
    } else if words.contains("control character") {
        "in string literal"
    } else if words.contains("invalid escape") {
        "in string escape code"
    } else {
        "looking for beginning of value"
    };
    let shown = match found {
        '\'' => r"'\''".to_owned(),
        '\n' => r"'\n'".to_owned(),
        '\t' => r"'\t'".to_owned(),
        '\r' => r"'\r'".to_owned(),
        other => format!("'{other}'"),
    };
    format!("invalid character {shown} {context}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> String {
        Fields::parse(body.as_bytes(), "tenant.bucket").unwrap_err().message
    }

    #[test]
    fn broken_bodies_are_named_as_go_names_them() {
        assert_eq!(message(""), "EOF");
        assert_eq!(message("{"), "unexpected EOF");
        assert_eq!(message("x"), "invalid character 'x' looking for beginning of value");
        assert_eq!(message("{x"), "invalid character 'x' looking for beginning of object key string");
        assert_eq!(message(r#"{"a" 1"#), "invalid character '1' after object key");
        assert_eq!(message(r#"{"a":1 2"#), "invalid character '2' after object key:value pair");
        assert_eq!(message("[]"), "json: cannot unmarshal array into Go value of type tenant.bucket");
    }

    #[test]
    fn keys_match_in_any_case_and_what_follows_is_ignored() {
        let fields = Fields::parse(br#"{"NAME":"x","orgid":null} trash"#, "tenant.bucket").unwrap();
        assert_eq!(fields.text("name").unwrap().as_deref(), Some("x"));
        assert_eq!(fields.id("orgID").unwrap(), None);
    }

    #[test]
    fn a_wrong_type_names_the_field() {
        let fields = Fields::parse(br#"{"name":1}"#, "tenant.bucket").unwrap();
        assert_eq!(
            fields.text("name").unwrap_err().message,
            "json: cannot unmarshal number into Go struct field bucket.name of type string"
        );
    }
}
