//! What each kind does with a server, through the client under test.

use std::collections::{BTreeMap, BTreeSet};

use fluxform::api::{Class, Client, Connect, Writer};
use fluxform::kind::{Desired, Ids, Kind, Made, Object, Presence, ReadScope, Secrets, Standing};
use fluxform::secret::Secret;
use fluxform::value::{Fields, Ref, Value};
use serde_json::json;

use crate::support::{Scene, both};

mod buckets;
mod checks;
mod dashboards;
mod dbrps;
mod hidden_tasks;
mod labels;
mod notification_endpoints;
mod notification_rules;
mod orgs;
mod params;
mod remotes;
mod tasks;
mod telegrafs;
mod tokens;
mod users;
mod v1_tokens;

/// Everything, of every object.
const ALL: ReadScope<'static> = ReadScope { field: &|_| true, object: &|_, _| true };

fn client_with(scene: &Scene, token: &str) -> Client {
    Connect::new(scene.server.url().parse().unwrap(), Some(token.into())).client().unwrap()
}

fn client(scene: &Scene) -> Client {
    client_with(scene, scene.server.token())
}

fn writer(scene: &Scene) -> Writer {
    Writer::new(client(scene))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn duration(text: &str) -> Value {
    Value::Duration(text.parse().unwrap())
}

fn refs<const N: usize>(kind: Kind, ids: [&str; N]) -> Value {
    Value::Refs(ids.map(|id| Ref::Id(kind, id.to_owned())).into())
}

fn in_org(scene: &Scene) -> Value {
    Value::Ref(Ref::Id(Kind::Org, scene.org.clone()))
}

/// What `fields` are to become, in the scene's org.
fn desired<'a>(scene: &'a Scene, fields: &'a Fields, ids: &'a Ids) -> Desired<'a> {
    Desired::new(fields, &scene.org, ids)
}

/// The password of a user or a token.
fn password(password: &str) -> Secrets {
    [("password".to_owned(), Secret::from(password))].into()
}

async fn create(scene: &Scene, kind: Kind, fields: &Fields) -> Made {
    create_as(scene, kind, &desired(scene, fields, &Ids::default())).await
}

/// Makes an object and gives it all that its create could not set.
async fn create_as(scene: &Scene, kind: Kind, desired: &Desired<'_>) -> Made {
    let mut made = kind.create(&writer(scene), desired).await.unwrap();
    for field in &made.rest {
        kind.update(&writer(scene), &made.object, desired, &[field]).await.unwrap();
        if let Some(value) = desired.fields.get(field) {
            made.object.fields.set(field, value.clone());
        }
    }
    made
}

async fn update(scene: &Scene, kind: Kind, live: &Object, fields: &Fields, changed: &[&'static str]) {
    kind.update(&writer(scene), live, &desired(scene, fields, &Ids::default()), changed).await.unwrap();
}

/// The object as the list shows it, with everything that a field may need.
async fn listed(scene: &Scene, kind: Kind, id: &str) -> Option<Object> {
    let all =
        kind.list(&client(scene), &[&scene.org], ReadScope { object: &|listed, _| listed == id, ..ALL }).await.unwrap();
    all.into_iter().find(|object| object.id == id)
}

/// Creates an object and lists it, makes each change and lists it again, and deletes it twice.
async fn live_through(scene: &Scene, kind: Kind, first: Fields, changes: Vec<(&'static str, Value)>) {
    let made = create(scene, kind, &first).await;
    let mut live = listed(scene, kind, &made.object.id).await.unwrap();
    for (field, value) in first.iter() {
        assert_eq!(live.fields.get(field), Some(value), "{kind} {field} after create");
    }
    assert_eq!(made.object, live, "the echo of the create is what the list shows");
    for (field, value) in changes {
        let mut wanted = live.fields.clone();
        wanted.set(field, value);
        update(scene, kind, &live, &wanted, &[field]).await;
        live = listed(scene, kind, &live.id).await.unwrap();
        assert_eq!(live.fields, wanted, "{kind} after the change of {field}");
    }
    let found = kind.find(&client(scene), &live.id).await.unwrap();
    match found {
        Presence::Found(object) => {
            // What needs further requests is for the list only.
            let mut fields = live.fields.clone();
            for field in ["member_of", "owner_of"] {
                fields.remove(field);
            }
            assert_eq!(object.fields, fields);
        }
        other => panic!("{other:?}"),
    }
    kind.delete(&writer(scene), &live.id).await.unwrap();
    kind.delete(&writer(scene), &live.id).await.unwrap();
    assert_eq!(kind.find(&client(scene), &live.id).await.unwrap(), Presence::Absent);
    assert_eq!(listed(scene, kind, &live.id).await, None);
}
