//! A project in a directory of its own, planned and applied on a scene's server.

use std::path::Path;
use std::time::Duration;

use fluxform::api::{Client, Connect, Writer};
use fluxform::apply::{Event, Outcome, prepare};
use fluxform::cli::pipeline::{self, Applied, Apply, Planned};
use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::graph::Graph;
use fluxform::manifest::{Inputs, Loaded, Manifest, load};
use fluxform::plan::Consent;
use fluxform::problem::Problem;
use fluxform::report::Report;
use fluxform::snapshot::Server;
use tokio::sync::watch;

use super::Scene;

/// A project in a directory of its own.
pub(crate) struct Project {
    dir: tempfile::TempDir,
    pub(crate) client: Client,
    pub(crate) server: Server,
    pub(crate) consent: Consent,
}

impl Project {
    /// An empty directory; everything is done as the operator, in the scene's org.
    pub(crate) fn new(scene: &Scene) -> Self {
        let host = scene.server.url().parse().unwrap();
        let client = Connect::new(host, Some(scene.server.token().to_owned().into())).client().unwrap();
        Self::with_client(scene, client)
    }

    /// The same with another client.
    pub(crate) fn with_client(scene: &Scene, client: Client) -> Self {
        let server = Server { version: "2.9.1".into(), home: Some(scene.org.clone()), ..Server::default() };
        Self { dir: tempfile::tempdir().unwrap(), client, server, consent: Consent::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes `main.toml`: these tables under the project's head.
    pub(crate) fn declare(&self, tables: &str) {
        self.write("main.toml", &format!("[project]\nname = \"p\"\n\n{tables}"));
    }

    pub(crate) fn load(&self) -> (Manifest, Graph) {
        let Loaded { manifest, graph, .. } = load(self.path(), &Inputs::default()).unwrap();
        (manifest, graph)
    }

    /// The plan of what the files declare.
    pub(crate) async fn plan(&self, goal: Goal) -> Result<Planned, Problem> {
        let (manifest, graph) = self.load();
        pipeline::plan(&self.client, &self.server, &manifest, &graph, goal, &self.consent, pipeline::Own::default())
            .await
    }

    /// Applies what the files declare; refusals are a failure of the test.
    pub(crate) async fn apply(&self) -> Report {
        self.reach(Goal::Declared).await
    }

    /// Destroys what the project owns.
    pub(crate) async fn destroy(&self) -> Report {
        self.reach(Goal::Destroyed).await
    }

    async fn reach(&self, goal: Goal) -> Report {
        let planned = self.plan(goal).await.unwrap();
        let refusals: Vec<_> = planned.plan.refusals.iter().map(|problem| &problem.diagnostic.message).collect();
        assert!(refusals.is_empty(), "{refusals:?}");
        let (_keep, stop) = watch::channel(None);
        let mut report = Report::default();
        let applied = self.attempt(&planned, goal, stop, &mut |event| report.fold(&event)).await.unwrap();
        assert!(matches!(applied, Applied::Done), "the server changed in between");
        for (address, (_, outcome)) in &report.outcomes {
            if let Outcome::Failed(problem) = outcome {
                panic!("{address}: {}", problem.diagnostic.message);
            }
        }
        report
    }

    /// Applies a plan that was agreed to, whatever comes of it.
    pub(crate) async fn attempt(
        &self,
        planned: &Planned,
        goal: Goal,
        stop: watch::Receiver<Option<Exit>>,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Applied, Problem> {
        let (manifest, graph) = self.load();
        let prepared = prepare(&planned.plan, &manifest, &Writer::new(self.client.clone())).await.unwrap();
        let secrets = prepared.secrets;
        let apply = Apply {
            client: &self.client,
            server: &self.server,
            manifest: &manifest,
            graph: &graph,
            goal,
            consent: &self.consent,
            reviewed: None,
            secrets: &secrets,
            made: None,
            digest: None,
            anew: false,
            parallelism: 8,
            lock_timeout: Duration::from_secs(90),
            commit: None,
            run: None,
            stop,
        };
        apply.run(&planned.plan, tell).await
    }

    /// The same project on the same server, reached through `url` with `token`.
    pub(crate) fn through(mut self, url: &str, token: &str) -> Self {
        self.client = Connect::new(url.parse().unwrap(), Some(token.to_owned().into())).client().unwrap();
        self
    }
}
