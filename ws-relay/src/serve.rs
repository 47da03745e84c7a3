//! `ws-relay`: starts the parts, and stops them.

use crate::app::App;
use crate::database::Database;
use crate::http::{router, server};
use crate::live::feed::Feed;
use crate::live::hub::Hub;
use crate::live::reconcile;
use crate::live::resumes::Resumes;
use crate::metrics::Metrics;
use crate::outbox::Publisher;
use crate::settings::Settings;
use crate::socket::departure::Departure;
use crate::{backlog, ping};
use anyhow::{Context, anyhow};
use messaging_core::auth::Verifier;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the end waits for sockets and the publisher.
const FAREWELL: Duration = Duration::from_secs(12);

/// Runs until SIGTERM or SIGINT.
pub async fn run(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let verifier = Verifier::from_settings(&setting).map_err(|e| anyhow!(e))?;
    let mut settings = Settings::read(&setting)?;
    if verifier.development() {
        tracing::warn!("AUTH_MODE=development: anyone may call themselves anyone. Never let others reach this relay.");
    }
    // Every socket is a file; ten thousand of them are more than most systems allow by default.
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::debug!("up to {files} open files"),
        Err(e) => tracing::warn!("the limit of open files cannot be raised: {e}"),
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let metrics = Arc::new(Metrics::default());
    let shutdown = CancellationToken::new();
    let database = Database::new(&settings.database_url, settings.database_pool)?;
    let feed = Feed::start(&settings.nats, metrics.clone()).await?;
    let resumes = Resumes::new(database.clone(), settings.database_pool, metrics.clone());
    let hub = Hub::new(database.clone(), resumes, &feed, metrics.clone());
    let listener =
        TcpListener::bind(&settings.listen).await.with_context(|| format!("cannot listen on {}", settings.listen))?;
    tracing::info!("listening on {}", listener.local_addr()?);

    let lagging = Arc::new(AtomicBool::new(false));
    tokio::spawn(reconcile::run(hub.clone(), feed.doubt.clone(), lagging.clone()));
    tokio::spawn(backlog::run(database.clone(), metrics.clone(), lagging, feed.doubt.clone()));
    if let Some(matrix) = settings.matrix.take() {
        tokio::spawn(ping::run(matrix));
    }
    let tasks = TaskTracker::new();
    let app = Arc::new(App {
        database: database.clone(),
        hub,
        verifier,
        metrics: metrics.clone(),
        shutdown: shutdown.clone(),
        departure: Departure::new(shutdown.clone()),
        sockets: tasks.clone(),
        queue: settings.queue,
        queue_bytes: settings.queue_bytes,
    });
    let ephemeral_nats = feed.ephemeral_client.clone();
    let publisher = Publisher { database, settings: Arc::new(settings), ephemeral_nats, metrics };
    tasks.spawn(publisher.run(shutdown.clone()));
    let served = tokio::spawn(server::run(listener, router(app.clone()), shutdown.clone()));

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    app.departure.begin(app.metrics.sockets_open.get());
    served.await?;
    tasks.close();
    if timeout(FAREWELL, tasks.wait()).await.is_err() {
        tracing::warn!("{} sockets did not close in time", tasks.len());
    }
    Ok(())
}
