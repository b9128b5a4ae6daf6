//! Diagnostics and what they end.

use serde::Serialize;

use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::problem::Problem;

/// One problem.
#[derive(Serialize)]
pub struct Form<'a> {
    exit_code: u8,
    exit_reason: &'static str,
    diagnostic: DiagnosticForm<'a>,
}

/// One diagnostic.
#[derive(Serialize)]
pub struct DiagnosticForm<'a> {
    code: Code,
    severity: &'static str,
    message: &'a str,
    places: Vec<At<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    output: &'a [String],
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    #[serde(flatten)]
    span: SpanForm,
    label: &'a str,
}

/// Where a place begins and ends.
#[derive(Serialize)]
pub struct SpanForm {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    end_line: usize,
    /// That behind the last character.
    end_column: usize,
}

impl SpanForm {
    /// The machine form of `place` within its file.
    pub fn new(place: &Place) -> Self {
        let ((line, column), (end_line, end_column)) = (place.position(), place.end());
        Self { line, column, end_line, end_column }
    }
}

impl<'a> Form<'a> {
    /// The machine form of `problem`.
    pub fn new(problem: &'a Problem) -> Self {
        Self {
            exit_code: problem.exit.code(),
            exit_reason: problem.exit.reason(),
            diagnostic: DiagnosticForm::new(&problem.diagnostic),
        }
    }
}

impl<'a> DiagnosticForm<'a> {
    /// The machine form of `diagnostic`.
    pub fn new(diagnostic: &'a Diagnostic) -> Self {
        Self {
            code: diagnostic.code,
            severity: match diagnostic.severity {
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            message: &diagnostic.message,
            places: diagnostic
                .places
                .iter()
                .map(|(place, label)| At { file: &place.source.name, span: SpanForm::new(place), label })
                .collect(),
            help: diagnostic.help.as_deref(),
            output: &diagnostic.output,
        }
    }
}
