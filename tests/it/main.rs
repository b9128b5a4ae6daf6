//! The integration tests: one binary, see `CONTRIBUTING.md`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod cases;
mod checkout;
mod ci;
mod cli;
mod clients;
mod drift;
mod embedded;
mod examples;
mod facts;
mod flux;
mod guards;
mod hostile;
mod kinds;
mod layout;
mod ledger;
mod limits;
mod main_job;
mod moving;
mod output;
mod ownership;
mod points;
mod published;
mod reliability;
mod reviewed;
mod rivals;
mod sandbox;
mod scenarios;
mod schema;
mod several;
mod sight;
mod support;
mod terminal;
mod traced;
mod unfinished;
