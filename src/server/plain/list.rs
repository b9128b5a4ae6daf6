//! Lists of plain kinds: filters, pages, and what the caller may see of them.

use http::StatusCode;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Deed, Plain, Shown};
use crate::server::id::Id;
use crate::server::links::SelfLink;
use crate::server::problem::{Code, Problem};
use crate::server::reply::Reply;
use crate::server::request::{Call, PageLinks, Paging, Query, parse_id};
use crate::server::store::object::{self, Object};
use crate::server::store::org;
use crate::server::store::page::Page;

/// How a kind is listed.
pub(in crate::server) struct List {
    /// The name under which a reply has the objects.
    pub(in crate::server) rows: &'static str,
    pub(in crate::server) links: ListLinks,
    /// Whether `limit`, `offset` and the like count; `orgID` alone may turn them off.
    pub(in crate::server) paged: Paged,
    pub(in crate::server) filters: &'static [Filter],
    /// What the rows are sorted by, where that is asked for.
    pub(in crate::server) sort: fn(&Query, &mut [Object]),
}

/// The links of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum ListLinks {
    None,
    /// Itself.
    This,
    /// Itself and its neighbours.
    Pages,
}

/// Whether a list has pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "the kinds there are need some of them; a test uses all"))]
pub(in crate::server) enum Paged {
    Never,
    Always,
    /// `offset` counts only what the filters leave.
    Filtered,
    /// Only where no org is asked for.
    AcrossOrgs,
}

/// A parameter that lists look at.
pub(in crate::server) struct Filter {
    pub(in crate::server) parameter: &'static str,
    pub(in crate::server) by: By,
}

/// What a parameter asks for.
#[cfg_attr(not(test), allow(dead_code, reason = "the kinds there are need some of them; a test uses all"))]
pub(in crate::server) enum By {
    /// The object with this ID; each value names one.
    Id,
    /// The same, which must exist.
    ExistingId,
    /// The object with this unique name, which must exist.
    Name,
    /// The objects of the org with this ID.
    Org,
    /// The same, and a malformed ID is refused with the parameter's name.
    NamedOrg,
    /// The same, and a malformed ID is none.
    OrgIfWellFormed,
    /// The objects of the org with this name, which must exist.
    OrgName,
    /// The same; that there is none is not taken for the caller's fault, in these words.
    OrgNameWithin(&'static str),
    /// The objects that the function keeps for the pairs `key:value`, of which there may be several.
    Tags(fn(&Object, &[(&str, &str)]) -> bool),
    /// The objects whose column of this name holds the same, as the function makes it.
    Column(&'static str, fn(&str) -> String),
}

impl List {
    /// All objects, under the kind's name.
    pub(in crate::server) const fn new(rows: &'static str) -> Self {
        Self { rows, links: ListLinks::This, paged: Paged::Never, filters: &[], sort: |_, _| {} }
    }

    /// The objects of an org, which is asked for by its ID or its name, page by page.
    pub(in crate::server) const fn in_org(rows: &'static str) -> Self {
        let filters = &[Filter { parameter: "orgID", by: By::NamedOrg }, Filter { parameter: "org", by: By::OrgName }];
        Self { links: ListLinks::Pages, paged: Paged::Filtered, filters, ..Self::new(rows) }
    }
}

/// The reply to a list.
struct Rows {
    plain: &'static Plain,
    links: Option<PageLinks>,
    rows: Vec<Shown>,
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.links {
            Some(links) => map.serialize_entry("links", links)?,
            None if self.plain.list.links == ListLinks::This => {
                map.serialize_entry("links", &SelfLink::new(self.plain.api.base()))?;
            }
            None => {}
        }
        map.serialize_entry(self.plain.list.rows, &self.rows)?;
        map.end()
    }
}

impl Plain {
    pub(in crate::server) fn list(&'static self, call: &Call) -> Result<Reply, Problem> {
        let paging = if self.list.paged == Paged::Never { Paging::default() } else { Paging::parse(&call.query)? };
        let view = call.store().view()?;
        let (mut one, mut wanted, mut org, mut columns, mut tagged) = (None, Vec::new(), None, Vec::new(), None);
        for Filter { parameter, by } in self.list.filters {
            let Some(text) = call.query.get(parameter) else { continue };
            match by {
                By::Id => wanted = call.query.all(parameter).map(parse_id).collect::<Result<_, _>>()?,
                By::ExistingId => one = Some(self.find(&view, parse_id(text)?)?),
                By::Name if one.is_none() => {
                    let found = object::find_by_name(&view, self.class, org, text)?;
                    one = Some(found.ok_or_else(|| Problem::not_found(self.missing))?);
                }
                By::Name => {}
                By::NamedOrg => {
                    let named = |problem: Problem| problem.within(&format!("{parameter} is invalid"));
                    org = Some(parse_id(text).map_err(named)?);
                }
                By::Org => org = Some(parse_id(text)?),
                By::OrgIfWellFormed => org = text.parse::<Id>().ok(),
                By::OrgName => org = org.or(Some(org::find_by_name(&view, text)?.id)),
                By::OrgNameWithin(words) if org.is_none() => {
                    let internal = |problem: Problem| problem.with_code(Code::Internal).within(words);
                    org = Some(org::find_by_name(&view, text).map_err(|error| internal(error.into()))?.id);
                }
                By::OrgNameWithin(_) => {}
                By::Tags(keep) => tagged = Some((*keep, tags(&call.query, parameter))),
                By::Column(name, fold) => columns.push((*name, *fold, fold(text))),
            }
        }
        let keep = |object: &Object| {
            (org.is_none() || object.org == org)
                && (wanted.is_empty() || wanted.contains(&object.id))
                && columns.iter().all(|(name, fold, text)| fold(object.text(name)) == *text)
                && tagged.as_ref().is_none_or(|(keep, tags)| tags.is_empty() || keep(object, tags))
        };
        let all = Page::default();
        let whole = self.list.paged == Paged::AcrossOrgs && (org.is_some() || !wanted.is_empty());
        let page = if whole { &all } else { &paging.page };
        let mut objects = match one {
            Some(one) => vec![one],
            None if self.list.paged == Paged::Filtered => {
                let Page { limit, offset, .. } = paging.page;
                let whole = Page { limit: 0, offset: 0, ..paging.page.clone() };
                object::list(&view, self.class, &whole, keep)?.into_iter().skip(offset).take(limit).collect()
            }
            None => object::list(&view, self.class, page, keep)?,
        };
        (self.list.sort)(&call.query, &mut objects);
        let caller = call.caller()?;
        let rows = objects
            .into_iter()
            .filter(|object| self.rights(Deed::Read, object).all(|right| caller.holds(&right)))
            .map(|object| self.shown(&view, caller, object))
            // One that needs what is not there any more is passed over.
            .filter(|shown| !matches!(shown, Err(problem) if problem.code == Code::NotFound))
            .collect::<Result<Vec<_>, _>>()?;
        let links = (self.list.links == ListLinks::Pages).then(|| {
            let sent = |filter: &Filter| match filter.by {
                By::Tags(_) => tags(&call.query, filter.parameter).iter().map(|(k, v)| format!("{k}:{v}")).collect(),
                _ => call.query.get(filter.parameter).map(str::to_owned).into_iter().collect::<Vec<_>>(),
            };
            let all = self
                .list
                .filters
                .iter()
                .flat_map(|filter| sent(filter).into_iter().map(|text| (filter.parameter, Some(text))));
            let filters: Vec<_> = all.collect();
            paging.links(&self.api.base(), &filters, rows.len())
        });
        Reply::json(self.api.style, StatusCode::OK, &Rows { plain: self, links, rows })
    }
}

/// The pairs `key:value` of a parameter; what is none is passed over.
fn tags<'q>(query: &'q Query, parameter: &'q str) -> Vec<(&'q str, &'q str)> {
    let pair = |text: &'q str| match text.split(':').collect::<Vec<_>>()[..] {
        [key, value] if !key.is_empty() && !value.is_empty() => Some((key, value)),
        _ => None,
    };
    query.all(parameter).filter_map(pair).collect()
}
