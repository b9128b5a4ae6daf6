//! `/api/v2/scrapers`. Nothing in them is checked, as on the real server (influxd 2.9.1, measured).

use super::auth::{Action, Permission, ResourceType};
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List};
use super::plain::{Deed, Plain};
use super::problem::Problem;
use super::reply::Style;
use super::store::column::{Cell, Changes, Column, Holds, ID, LINKS, ORG, Shown, text};
use super::store::object::{Class, Object};
use super::store::{Error, View, bucket, if_there, org};

pub(super) static SCRAPERS: Plain = Plain {
    list: List {
        filters: &[
            Filter { parameter: "orgID", by: By::Org },
            Filter { parameter: "org", by: By::OrgName },
            Filter { parameter: "id", by: By::Id },
            Filter { parameter: "name", by: By::Column("name", str::to_owned) },
        ],
        ..List::new("configurations")
    },
    links: &[
        ("self", "/api/v2/scrapers/{id}"),
        ("bucket", "/api/v2/buckets/{bucketID}"),
        ("organization", "/api/v2/orgs/{orgID}"),
        ("members", "/api/v2/scrapers/{id}/members"),
        ("owners", "/api/v2/scrapers/{id}/owners"),
    ],
    create: BODY,
    patch: Some(BODY),
    missing: "scraper target is not found",
    check: |sent, deed| match sent.value("bucketID") {
        None if deed == Deed::Create && sent.org.is_some() => {
            Err(Problem::invalid("invalid id for permission: invalid ID"))
        }
        _ => Ok(()),
    },
    // The bucket of before the change: the new one is not looked at.
    also: |scraper, deed| match (deed, scraper.reference("bucketID"), scraper.org) {
        (Deed::Create | Deed::Patch, Some(bucket), Some(org)) => {
            vec![Permission::at(Action::Write, ResourceType::Buckets, bucket, org)]
        }
        _ => Vec::new(),
    },
    ..Plain::new(
        Api { style: Style::Compact, labels: true, members: true, ..Api::new("scrapers", ResourceType::Scrapers) },
        &CLASS,
    )
};

const BODY: Body = Body::untold("influxdb.ScraperTarget");

static CLASS: Class = Class {
    name: "scrapers",
    columns: &[
        ID,
        text("name").changed(Changes::Always),
        text("type").changed(Changes::Always),
        text("url").changed(Changes::Always),
        ORG.changed(Changes::IfSent).shown(Shown::If(|view, scraper| Ok(org_name(view, scraper)?.is_some()))),
        Column::new("bucketID", Holds::Reference)
            .shown(Shown::If(|view, scraper| Ok(bucket_name(view, scraper)?.is_some()))),
        Column::new("allowInsecure", Holds::Flag).changed(Changes::Always).shown(Shown::UnlessEmpty),
        Column::new("org", Holds::Derived(org_name)),
        Column::new("bucket", Holds::Derived(bucket_name)),
        LINKS,
    ],
    unique: None,
    goes_with: None,
};

fn org_name(view: &View, scraper: &Object) -> Result<Option<Cell>, Error> {
    let Some(id) = scraper.org else { return Ok(None) };
    Ok(if_there(org::find(view, id))?.map(|org| Cell::Text(org.name)))
}

fn bucket_name(view: &View, scraper: &Object) -> Result<Option<Cell>, Error> {
    let Some(id) = scraper.reference("bucketID") else { return Ok(None) };
    Ok(if_there(bucket::find(view, id))?.map(|bucket| Cell::Text(bucket.name)))
}
