//! Scrapers.

use super::draft::{Draft, Fault};
use super::export::ExportError;
use super::live::{self, Object, Presence, ReadScope};
use super::spec::{Key, Spec};
use super::url;
use super::wire::{self, Wire};
use super::{Kind, label};
use crate::api::{ApiError, Client};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::redact::without_credentials;
use crate::value::Fields;

pub(super) static SPEC: Spec = Spec {
    doc: "A scraper: the server reads metrics from a URL every 10 seconds and writes them into a bucket.",
    ty: "scrapers",
    key: Key::LoneName,
    fields: &[
        Field::name("name", Role::Name, "The name."),
        Field::org(),
        Field::text("type", Omitted::Default("prometheus"), "What stands behind the URL.")
            .of_type(Type::Choice(&["prometheus"])),
        Field::text("url", Omitted::Required, "Where the metrics are, with `http://` or `https://`."),
        Field::text("bucket", Omitted::Required, "The bucket that they are written into.")
            .of_type(Type::Ref(Kind::Bucket))
            .at("bucketID"),
        Field::text("allow_insecure", Omitted::False, "Whether a certificate that nobody vouches for is accepted.")
            .of_type(Type::Bool)
            .at("allowInsecure"),
        Field::labels("All labels of the scraper."),
        Field::id("The ID of an external scraper, where several have its name."),
    ],
    check,
    export,
    delete_rank: 40,
    hides_labels: true,
    movable: true,
    ..Spec::PLAIN
};

const WORDS: url::Words = url::Words {
    code: Code::ScraperUrl,
    whose: "a scraper's URL",
    readers: "whoever may read scrapers",
    label: "not the URL of metrics",
    help: "serve the metrics without authentication, and let only the InfluxDB server reach them",
};

/// The server takes anything, shows passwords in URLs to whoever may read scrapers, and then scrapes nothing (influxd 2.9.1,
/// measured).
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    faults.extend(draft.fields.text("url").and_then(|url| url::fault(url, &WORDS)));
}

/// A password that somebody has put into a URL does not go into a file.
fn export(object: &Object) -> Result<Fields, ExportError> {
    match object.fields.text("url").is_some_and(|url| without_credentials(url) != url) {
        true => Err(ExportError::Unsayable("its URL has a password or another secret".to_owned())),
        false => Ok(object.fields.clone()),
    }
}

/// Scrapers on a server.
pub(super) struct Live;

impl live::Live for Live {
    // The list is not paged, and a PATCH empties what it leaves out (influxd 2.9.1, measured).
    const WIRE: Wire = Wire { resets: true, ..Wire::new(Kind::Scraper, "/api/v2/scrapers", "configurations") };

    async fn list(api: &Client, orgs: &[&str], asked: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        label::read_each(api, &Self::WIRE, wire::list::<Self>(api, orgs).await?, asked).await
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        match wire::find::<Self>(api, id).await? {
            Presence::Found(scraper) => Ok(Presence::Found(Box::new(label::read(api, &Self::WIRE, *scraper).await?))),
            absent => Ok(absent),
        }
    }
}
