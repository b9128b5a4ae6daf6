//! Scripts that name what will not be there once the plan is applied.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::guard::Written;
use crate::diagnostic::{Code, Diagnostic, Severity, nearest};
use crate::diff::{Action, Cause, Change};
use crate::field::Type;
use crate::flux::refs::Reference;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::snapshot::{Sight, Snapshot};

/// What is known of the names of one kind in one org.
struct Names<'a> {
    /// Those that there will be.
    after: BTreeSet<String>,
    /// Those that this plan takes away, and the change that does.
    gone: BTreeMap<&'a str, &'a Change>,
    /// Whether there are no others.
    all: bool,
}

impl<'a> Names<'a> {
    fn new(kind: Kind, org: &String, changes: &'a [Change], snapshot: &'a Snapshot) -> Self {
        let org = Some(org);
        let mut names = Self { after: BTreeSet::new(), gone: BTreeMap::new(), all: false };
        let mut leave = BTreeSet::new();
        for change in changes.iter().filter(|change| change.address.kind == kind) {
            let new = change.new_name();
            let moves = change.action == Action::Replace && change.org.as_ref() != org;
            if let Some(was) = change.object.as_ref().filter(|object| object.org.as_ref() == org)
                && (change.action == Action::Delete || new.is_some() || moves)
            {
                leave.insert(was.id.as_str());
                names.gone.insert(&was.name, change);
            }
            if change.org.as_ref() == org && !matches!(change.action, Action::Delete | Action::Forget) {
                names.after.extend(new.or_else(|| change.object.as_ref().map(|object| object.name.clone())));
            }
        }
        if let Some(view) = snapshot.kinds.get(&kind) {
            let here = view.objects.values().filter(|object| object.org.as_ref() == org);
            let stays = here.filter(|object| !leave.contains(object.id.as_str()));
            names.after.extend(stays.map(|object| object.name.clone()));
            // Of another org a project sees what it declares.
            names.all = view.sight == Sight::Complete && org == snapshot.home.as_ref();
        }
        names
    }

    /// The change that takes `name` away, if it is known that there will be nothing of this name.
    fn lack(&self, name: &str) -> Option<Option<&'a Change>> {
        let gone = self.gone.get(name).copied();
        ((self.all || gone.is_some()) && !self.after.contains(name)).then_some(gone)
    }
}

/// What scripts name and will not find: an error for a script that the plan takes its bucket from, or sends anew
/// to a server that runs it or to an agent that sends to this server (`host`), else a warning: a dashboard is right as soon as the bucket
/// is there, and another agent may send to another server. In other orgs than the home org, only what the plan takes away is known not to
/// be there. Where everything is meant to go (`all_goes`), of what stays as nobody's: that is a warning too.
pub(super) fn missing(
    changes: &[Change],
    written: Written<'_>,
    snapshot: &Snapshot,
    (host, all_goes): (&Url, bool),
) -> (Vec<Problem>, Vec<Diagnostic>) {
    let mut known: BTreeMap<(Kind, &String), Names<'_>> = BTreeMap::new();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    for change in changes {
        let Some(resource) = written.resources.get(&change.address) else { continue };
        let leaves = change.action == Action::Forget;
        let of_object = || change.object.as_ref().and_then(|object| object.org.as_ref()).filter(|_| leaves);
        let Some(org) = change.org.as_ref().or_else(of_object).filter(|_| !all_goes || leaves) else { continue };
        for reached in &resource.reaches {
            let Reference { target, name: Some(name), elsewhere: None, .. } = &reached.reference else { continue };
            let Some(kind) = Kind::reached_as(*target) else { continue };
            let names = known.entry((kind, org)).or_insert_with(|| Names::new(kind, org, changes, snapshot));
            let Some(gone) = names.lack(name) else { continue };
            let diagnostic = lacks(change, kind, name, gone, names).at(reached.place.clone(), "named here");
            let spec = change.address.kind.spec();
            let is_here = !spec.runs_elsewhere || reached.reference.hosts.iter().any(|of| is_host(of, host));
            let fails = !spec.runs_on_demand() && is_here && change.action != Action::None && !restores(change);
            if !all_goes && (gone.is_some() || fails) {
                problems.push(diagnostic.into());
            } else {
                warnings.push(Diagnostic { severity: Severity::Warning, ..diagnostic });
            }
        }
    }
    (problems, warnings)
}

/// Whether `url` is that of the server `host`.
fn is_host(url: &str, host: &Url) -> bool {
    let named = |url: &Url| {
        let path = url.path().trim_end_matches('/').to_owned();
        (url.host_str().map(str::to_owned), url.port_or_known_default(), path)
    };
    url.parse().is_ok_and(|url| named(&url) == named(host))
}

/// Whether it only undoes what somebody has changed on the server: what was last applied comes back.
fn restores(change: &Change) -> bool {
    let mut causes = change.fields.iter().map(|field| field.cause);
    change.action == Action::Update && !change.fields.is_empty() && causes.all(|cause| cause == Cause::Drift)
}

fn lacks(change: &Change, kind: Kind, name: &str, gone: Option<&Change>, names: &Names<'_>) -> Diagnostic {
    let address = &change.address;
    let (message, help) = match gone {
        Some(gone) if gone.action == Action::Delete => (
            format!("{address} uses the {kind} `{name}`, which this plan deletes"),
            format!("name another {kind}, or keep {}", gone.address),
        ),
        Some(gone) => {
            let has_params = address.kind.spec().fields.iter().any(|field| field.ty == Type::Params);
            let takes = has_params && kind.spec().holds_data;
            let or = if takes { format!(", or take it from {} by `params`", gone.address) } else { String::new() };
            (format!("{address} uses the {kind} `{name}`, which this plan renames"), format!("write its new name{or}"))
        }
        None => (
            format!("{address} uses the {kind} `{name}`, which neither the project nor the server has"),
            match nearest(name, names.after.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => match kind.spec().fields.iter().find(|field| field.secret.is_some_and(|rule| rule.needed)) {
                    Some(field) => {
                        format!("declare it with where its `{}` comes from, or correct the name", field.name)
                    }
                    None => "declare it, or correct the name".to_owned(),
                },
            },
        ),
    };
    Diagnostic::error(Code::FluxMissing, message).help(help)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::address::Address;
    use crate::diagnostic::{Place, Source};
    use crate::diff::{FieldChange, Reason, Target};
    use crate::flux::parser::parse;
    use crate::flux::refs::references;
    use crate::kind::{Object, Standing};
    use crate::manifest::{Lifecycle, Places, Reached, Resource};
    use crate::snapshot::View;
    use crate::value::{Fields, Set, Value};

    const HOME: &str = "home";

    fn host() -> Url {
        "http://localhost:8086/influx".parse().expect("a URL")
    }

    /// A resource with such a script.
    fn resource(script: &str) -> Resource {
        let source = Source::new("a.flux", "a.flux", script);
        let place = Place { source: Arc::new(source), span: 0..0 };
        let reached = references(&parse(script).script, &[]).all.into_iter();
        Resource {
            fields: Fields::default(),
            external: false,
            lifecycle: Lifecycle::default(),
            needs: Set::default(),
            beside: Set::default(),
            reaches: reached.map(|reference| Reached { reference, place: place.clone() }).collect(),
            place,
            places: Places::default(),
            texts: Box::default(),
        }
    }

    fn change(address: &str, action: Action, was: Option<&str>, name: Option<&str>) -> Change {
        let mut change = Change::blank(&address.parse().expect("an address"), action, Reason::Differs);
        change.org = Some(HOME.to_owned());
        change.object = was.map(|was| Target { id: was.to_owned(), org: change.org.clone(), name: was.to_owned() });
        change.fields.extend(name.map(|name| FieldChange {
            field: "name",
            live: None,
            wanted: Value::Text(name.to_owned()),
            last: None,
            cause: Cause::Yours,
        }));
        change
    }

    fn snapshot(sight: Sight, buckets: &[(&str, &str)]) -> Snapshot {
        let object = |(org, name): &(&str, &str)| Object {
            id: (*name).to_owned(),
            org: Some((*org).to_owned()),
            name: (*name).to_owned(),
            created: None,
            fields: Fields::default(),
            standing: Standing::Ordinary,
            user: None,
        };
        let objects = buckets.iter().map(object).map(|object| (object.id.clone(), object)).collect();
        let view = View { sight, objects, missing: BTreeMap::new() };
        Snapshot { home: Some(HOME.to_owned()), kinds: BTreeMap::from([(Kind::Bucket, view)]), ..Snapshot::default() }
    }

    /// What is said of a task with such a script, to which `action` happens.
    fn said(script: &str, action: Action, snapshot: &Snapshot, others: &[Change]) -> Vec<String> {
        said_where(false, script, action, snapshot, others)
    }

    fn said_where(all_goes: bool, script: &str, action: Action, snapshot: &Snapshot, others: &[Change]) -> Vec<String> {
        said_of(Kind::Task, all_goes, script, action, snapshot, others)
    }

    fn said_of(
        kind: Kind,
        all_goes: bool,
        script: &str,
        action: Action,
        snapshot: &Snapshot,
        others: &[Change],
    ) -> Vec<String> {
        let address = Address::new(kind, "t");
        let one = match action {
            Action::Forget => Change { org: None, ..change(&address.to_string(), action, Some("t"), None) },
            _ => change(&address.to_string(), action, None, None),
        };
        let resources = BTreeMap::from([(address, resource(script))]);
        let changes: Vec<_> = others.iter().cloned().chain([one]).collect();
        let written = Written { resources: &resources, imports: &BTreeMap::new() };
        let (problems, warnings) = missing(&changes, written, snapshot, (&host(), all_goes));
        let errors = problems.into_iter().map(|problem| ("error", problem.diagnostic));
        let said = errors.chain(warnings.into_iter().map(|warning| ("warning", warning)));
        said.map(|(word, said)| format!("{word}: {}; {}", said.message, said.help.unwrap_or_default())).collect()
    }

    const READS: &str = "from(bucket: \"raw\")";

    #[test]
    fn a_name_that_nothing_has_is_an_error_where_the_script_is_sent() {
        let there = snapshot(Sight::Complete, &[(HOME, "rav"), ("other", "raw")]);
        let lacks = "task.t uses the bucket `raw`, which neither the project nor the server has; did you mean `rav`?";
        for action in [Action::Create, Action::Update, Action::Replace] {
            assert_eq!(said(READS, action, &there, &[]), [format!("error: {lacks}")]);
        }
        assert_eq!(said(READS, Action::None, &there, &[]), [format!("warning: {lacks}")]);
        let made = [change("bucket.raw", Action::Create, None, Some("raw"))];
        assert_eq!(said(READS, Action::Create, &there, &made), [""; 0]);
        let here = snapshot(Sight::Complete, &[(HOME, "raw")]);
        assert_eq!(said(READS, Action::Create, &here, &[]), [""; 0]);
    }

    #[test]
    fn a_name_that_nothing_has_harms_nothing_where_a_person_asks() {
        let nothing = snapshot(Sight::Complete, &[]);
        let renamed = [change("bucket.raw", Action::Update, Some("raw"), Some("new"))];
        for (kind, word) in [
            (Kind::Dashboard, "warning"),
            (Kind::Variable, "warning"),
            (Kind::Telegraf, "warning"),
            (Kind::Task, "error"),
            (Kind::Check, "error"),
        ] {
            let of = |others: &[Change]| said_of(kind, false, READS, Action::Create, &nothing, others);
            let said = of(&[]);
            assert!(matches!(said.as_slice(), [one] if one.starts_with(word)), "{kind}: {said:?}");
            let said = of(&renamed);
            assert!(matches!(said.as_slice(), [one] if one.starts_with("error")), "{kind}: {said:?}");
        }
    }

    #[test]
    fn an_agent_that_sends_to_this_server_needs_its_bucket_there() {
        let nothing = snapshot(Sight::Complete, &[]);
        let said = |hosts: &[&str]| {
            let mut one = resource(READS);
            one.reaches.iter_mut().for_each(|reached| {
                reached.reference.hosts = hosts.iter().map(|&host| host.to_owned()).collect();
            });
            let made = change("telegraf.t", Action::Create, None, None);
            let resources = BTreeMap::from([(made.address.clone(), one)]);
            let written = Written { resources: &resources, imports: &BTreeMap::new() };
            let (problems, warnings) = missing(&[made], written, &nothing, (&host(), false));
            (problems.len(), warnings.len())
        };
        for hosts in [&["http://localhost:8086/influx/"][..], &["http://other:8086", "https://localhost:8086/influx"]] {
            assert_eq!(said(hosts), (1, 0), "{hosts:?}");
        }
        for hosts in [&[][..], &["http://localhost:8086"], &["http://localhost/influx"], &["localhost:8086/influx"]] {
            assert_eq!(said(hosts), (0, 1), "{hosts:?}");
        }
    }

    #[test]
    fn a_script_that_comes_back_as_it_was_applied_is_none_that_is_sent_anew() {
        let nothing = snapshot(Sight::Complete, &[]);
        let said = |causes: &[Cause]| {
            let mut update = change("task.t", Action::Update, Some("t"), None);
            let wanted = Value::Text("6h".to_owned());
            let field = |cause: &Cause| FieldChange {
                field: "every",
                live: None,
                wanted: wanted.clone(),
                last: None,
                cause: *cause,
            };
            update.fields = causes.iter().map(field).collect();
            let resources = BTreeMap::from([(update.address.clone(), resource(READS))]);
            let written = Written { resources: &resources, imports: &BTreeMap::new() };
            let (problems, warnings) = missing(&[update], written, &nothing, (&host(), false));
            (problems.len(), warnings.len())
        };
        assert_eq!(said(&[Cause::Drift]), (0, 1));
        for causes in [&[Cause::Yours][..], &[Cause::Drift, Cause::Yours], &[Cause::Both], &[Cause::New]] {
            assert_eq!(said(causes), (1, 0), "{causes:?}");
        }
    }

    #[test]
    fn what_is_not_seen_is_not_said_to_be_missing() {
        for sight in [Sight::Partial, Sight::Blind] {
            assert_eq!(said(READS, Action::Create, &snapshot(sight, &[(HOME, "x")]), &[]), [""; 0]);
        }
        let there = snapshot(Sight::Complete, &[]);
        for script in [
            "from(bucket: \"raw\", org: \"other\")",
            "from(bucket: \"raw\", host: \"http://h\")",
            "from(bucket: r.bucket)",
            "import \"influxdata/influxdb/secrets\"\nsecrets.get(key: \"k\")",
        ] {
            assert_eq!(said(script, Action::Create, &there, &[]), [""; 0], "{script}");
        }
    }

    #[test]
    fn what_stays_where_all_goes_is_told_of() {
        let there = snapshot(Sight::Complete, &[(HOME, "raw")]);
        let goes = [change("bucket.raw", Action::Delete, Some("raw"), None)];
        let says =
            "warning: task.t uses the bucket `raw`, which this plan deletes; name another bucket, or keep bucket.raw";
        assert_eq!(said_where(true, READS, Action::Forget, &there, &goes), [says]);
        assert_eq!(said_where(true, READS, Action::Delete, &there, &goes), [""; 0]);
    }

    #[test]
    fn of_another_org_only_what_the_plan_takes_away_is_missing() {
        let there = snapshot(Sight::Complete, &[("other", "raw")]);
        let of_other = |change: Change| {
            let object = change.object.map(|object| Target { org: Some("other".to_owned()), ..object });
            Change { org: Some("other".to_owned()), object, ..change }
        };
        let said = |others: &[Change]| {
            let task = of_other(change("task.t", Action::None, Some("t"), None));
            let resources = BTreeMap::from([(task.address.clone(), resource(READS))]);
            let written = Written { resources: &resources, imports: &BTreeMap::new() };
            let changes: Vec<_> = others.iter().cloned().map(of_other).chain([task]).collect();
            let (problems, warnings) = missing(&changes, written, &there, (&host(), false));
            (problems.into_iter().map(|problem| problem.diagnostic.message).collect::<Vec<_>>(), warnings.len())
        };
        let deleted = change("bucket.raw", Action::Delete, Some("raw"), None);
        assert_eq!(said(&[deleted]), (vec!["task.t uses the bucket `raw`, which this plan deletes".to_owned()], 0));
        let renamed = change("bucket.raw", Action::Update, Some("raw"), Some("new"));
        assert_eq!(said(&[renamed]), (vec!["task.t uses the bucket `raw`, which this plan renames".to_owned()], 0));
        assert_eq!(said(&[change("bucket.x", Action::Delete, Some("x"), None)]), (Vec::new(), 0));
    }

    #[test]
    fn a_script_that_has_no_parameters_is_told_of_none() {
        let renamed = change("bucket.raw", Action::Update, Some("raw"), Some("new"));
        let (nothing, home) = (Snapshot::default(), HOME.to_owned());
        let names = Names::new(Kind::Bucket, &home, &[], &nothing);
        let help = |address: &str, kind| {
            let of = Change::blank(&address.parse().expect("an address"), Action::None, Reason::InSync);
            lacks(&of, kind, "raw", Some(&renamed), &names).help.expect("a hint")
        };
        assert_eq!(help("telegraf.t", Kind::Bucket), "write its new name");
        assert_eq!(help("dashboard.d", Kind::Variable), "write its new name");
        assert_eq!(help("check.c", Kind::Bucket), "write its new name, or take it from bucket.raw by `params`");
    }

    #[test]
    fn what_the_plan_itself_takes_away_is_missing_whatever_is_seen() {
        let there = snapshot(Sight::Partial, &[(HOME, "raw")]);
        let renamed = [change("bucket.raw", Action::Update, Some("raw"), Some("new"))];
        let says = "error: task.t uses the bucket `raw`, which this plan renames; \
            write its new name, or take it from bucket.raw by `params`";
        assert_eq!(said(READS, Action::None, &there, &renamed), [says]);
        let deleted = [Change { org: None, ..change("bucket.raw", Action::Delete, Some("raw"), None) }];
        let says =
            "error: task.t uses the bucket `raw`, which this plan deletes; name another bucket, or keep bucket.raw";
        assert_eq!(said(READS, Action::None, &there, &deleted), [says]);
        let taken = [renamed[0].clone(), change("bucket.other", Action::Create, None, Some("raw"))];
        assert_eq!(said(READS, Action::None, &there, &taken), [""; 0], "another one has the name then");
        let org = |of: &str| Some(of.to_owned());
        let mut leaves = change("bucket.raw", Action::Replace, Some("raw"), None);
        leaves.org = org("other");
        assert_eq!(said(READS, Action::None, &there, &[leaves]).len(), 1, "it goes to another org");
        let mut comes = change("bucket.raw", Action::Replace, Some("raw"), None);
        comes.object.as_mut().expect("one").org = org("other");
        let nothing = snapshot(Sight::Complete, &[("other", "raw")]);
        assert_eq!(said(READS, Action::Create, &nothing, &[comes]), [""; 0], "it comes from another org");
        let anew = [change("bucket.raw", Action::Replace, Some("raw"), None)];
        assert_eq!(said(READS, Action::None, &there, &anew), [""; 0], "it comes again");
    }
}
