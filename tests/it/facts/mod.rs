//! How InfluxDB 2.x really behaves: measured on the real server, and the same on the embedded one.

mod buckets;
mod checks;
mod dbrps;
mod deletes;
mod durability;
mod labels;
mod notification_endpoints;
mod oracle;
mod orgs;
mod paging;
mod preflight;
mod queries;
mod replies;
mod schedules;
mod scopes;
mod scrapers;
mod scripts;
mod secrets;
mod seeing;
mod setup;
mod tasks;
mod telegrafs;
mod tokens;
mod users;
mod v1_tokens;
mod variables;
