//! Whether what sources of secrets give is what the server has: compared only where whoever plans asks for it.

use futures::stream::{self, StreamExt};

use super::held::{Held, Place, Probed};
use crate::api::{Class, Client};
use crate::diff::{Action, Change};
use crate::field::SecretRule;
use crate::manifest::{Manifest, Resource};
use crate::redact::without_secrets_in_command;
use crate::secret::{Look, Source};

/// Sources that are compared at once.
const AT_ONCE: usize = 8;

/// Compares what the sources of secrets give with what the server has, of all that `changes` neither make nor set anew.
pub async fn sourced(client: &Client, manifest: &Manifest, changes: &[Change], look: Look) -> Vec<Probed> {
    let all = changes.iter().flat_map(|change| declared(change, manifest));
    let compared = stream::iter(all).map(async |one: Declared<'_>| {
        let held = one.compare(client, manifest, look).await;
        let Declared { change, at, source, rule, .. } = one;
        let source = without_secrets_in_command(&source.to_string()).into_owned();
        let is_fine = !matches!(held, Held::Another | Held::Unanswered);
        let place = Place::Source { at, source, again: rule.again };
        Probed { address: change.address.clone(), place, held, is_fine }
    });
    compared.buffered(AT_ONCE).collect().await
}

/// A secret that is declared, and that the server has.
struct Declared<'a> {
    change: &'a Change,
    resource: &'a Resource,
    /// Where its source stands, such as `http.token`.
    at: String,
    source: &'a Source,
    rule: SecretRule,
}

fn declared<'a>(change: &'a Change, manifest: &'a Manifest) -> Vec<Declared<'a>> {
    let stays = matches!(change.action, Action::None | Action::Update) && change.object.is_some();
    let resource = manifest.resources.get(&change.address).filter(|resource| stays && !resource.external);
    let Some(resource) = resource else { return Vec::new() };
    let mut all = Vec::new();
    for field in change.address.kind.spec().fields {
        let (Some(value), Some(rule)) = (resource.fields.get(field.name), field.secret) else { continue };
        let stay = value.sources(field.name).into_iter().filter(|(at, _)| !change.sets_secret(field, rule, at));
        all.extend(stay.map(|(at, source)| Declared { change, resource, at, source, rule }));
    }
    all
}

impl Declared<'_> {
    async fn compare(&self, client: &Client, manifest: &Manifest, look: Look) -> Held {
        let secret = match self.source.look(&manifest.root, &manifest.sensitive, look).await {
            Ok(Some(read)) => read.secret,
            Ok(None) => return Held::Program,
            Err(error) => return Held::NotCompared(error.to_string()),
        };
        let Some(object) = &self.change.object else { return Held::Unanswered };
        let (org, kind) = (object.org.as_deref().unwrap_or_default(), self.change.address.kind);
        match kind.has_secret(client, (org, &object.id), &self.resource.fields, (&self.at, &secret)).await {
            Ok(Some(true)) => Held::Same,
            Ok(Some(false)) => Held::Another,
            Ok(None) => Held::NotCompared("InfluxDB has no request that tells".to_owned()),
            Err(error) if error.class == Class::NotFound => Held::Another,
            Err(error) if error.class == Class::Denied => Held::NotCompared(error.message),
            Err(_) => Held::Unanswered,
        }
    }
}
