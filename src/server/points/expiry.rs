//! Retention at work: shard groups that ended before it are dropped.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::store;
use super::write_route::now;
use crate::server::App;
use crate::server::store::page::Page;
use crate::server::store::{Error, bucket};

/// How often influxd looks (its default `--storage-retention-check-interval`).
const INTERVAL: Duration = Duration::from_secs(30 * 60);

/// Looks every 30 minutes, the first time after 30 minutes.
pub(in crate::server) async fn run(app: Arc<App>) -> Infallible {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let app = app.clone();
        match tokio::task::spawn_blocking(move || drop_expired(&app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "expired points could not be dropped"),
            Err(error) => tracing::error!(%error, "dropping expired points ended early"),
        }
    }
}

fn drop_expired(app: &App) -> Result<(), Error> {
    for bucket in bucket::list(&app.store.view()?, None, &Page::default())? {
        if bucket.retention == 0 {
            continue;
        }
        let dropped = app.store.change(|change| {
            let retention = super::retention(&bucket::find(change, bucket.id)?);
            store::drop_expired(change.transaction(), bucket.id.number(), retention, now()).map_err(Error::from)
        });
        match dropped {
            // Deleted since it was listed.
            Err(error) if error.is_missing() => {}
            other => drop(other?),
        }
    }
    Ok(())
}
