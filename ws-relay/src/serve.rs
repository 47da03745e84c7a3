//! `ws-relay`: starts the parts, and stops them.

use crate::access::AccessChecks;
use crate::app::App;
use crate::database::Database;
use crate::drain::Drain;
use crate::http::certificate::Certificate;
use crate::http::health::Reachable;
use crate::http::origins::Origins;
use crate::http::places::Places;
use crate::http::{metrics_router, router, server};
use crate::live::feed::Feed;
use crate::live::hub::Hub;
use crate::live::memberships::Memberships;
use crate::live::reconcile;
use crate::live::resumes::Resumes;
use crate::metrics::Metrics;
use crate::outbox::Publisher;
use crate::previews::Previews;
use crate::requests;
use crate::rooms::content::Content;
use crate::rooms::receipts::Receipts;
use crate::rooms::removals::Removals;
use crate::rooms::{Messaging, Rounds, unsearched};
use crate::schema::Schema;
use crate::settings::Settings;
use crate::socket::departure::Departure;
use crate::typing::Typists;
use crate::webhooks::Webhooks;
use crate::words;
use crate::{backlog, http_client, ping};
use anyhow::{Context, anyhow};
use messaging_core::auth::Verifier;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What asks the relay to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Runs until SIGTERM or SIGINT, or until it turns out that the database is too new, and then as long as settings say, unless a
/// second signal comes.
pub async fn run(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let verifier = Verifier::from_settings(&setting).map_err(|e| anyhow!(e))?;
    let mut settings = Settings::read(&setting)?;
    let drain = Drain::read(&setting)?;
    for warning in verifier.warnings() {
        tracing::warn!("{warning}");
    }
    // Every socket is a file; ten thousand of them are more than most systems allow by default.
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::debug!("up to {files} open files"),
        Err(e) => tracing::warn!("the limit of open files cannot be raised: {e}"),
    }
    let mut signals = Signals::listen()?;

    let metrics = Arc::new(Metrics::default());
    metrics.sockets_limit.set(i64::try_from(settings.max_sockets).unwrap_or(i64::MAX));
    let shutdown = CancellationToken::new();
    let database = Database::new(&settings.database_url, settings.database_pool)?;
    let feed = Feed::start(&settings.nats, metrics.clone()).await?;
    let resumes = Resumes::new(database.clone(), settings.database_pool, metrics.clone());
    let hub = Hub::new(database.clone(), resumes, &feed, metrics.clone());
    let certificate = settings.certificate.take().map(Certificate::start).transpose()?;
    let listener = listen(&settings.listen).await?;
    let scheme = if certificate.is_some() { "wss" } else { "ws" };
    tracing::info!("listening on {scheme}://{}", listener.local_addr()?);
    let metrics_listener = match &settings.metrics_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let memberships = Memberships::start(database.clone(), feed.client.clone(), metrics.clone());

    let schema = Arc::new(Schema::default());
    let lagging = Arc::new(AtomicBool::new(false));
    tokio::spawn(reconcile::run(hub.clone(), memberships.clone(), feed.doubt.clone(), lagging.clone()));
    tokio::spawn(backlog::run(database.clone(), metrics.clone(), lagging, feed.doubt.clone()));
    tokio::spawn(unsearched::run(database.clone(), metrics.clone()));
    tokio::spawn(words::run(database.clone()));
    if let Some(place) = settings.request_logs.take() {
        tokio::spawn(requests::run(place, metrics.clone()));
    }
    if let Some(matrix) = settings.matrix.take() {
        tokio::spawn(ping::run(matrix));
    }
    let messaging = settings.messaging.take().map(|settings| Messaging::new(&settings)).transpose()?.map(Arc::new);
    let tasks = TaskTracker::new();
    let app = Arc::new(App {
        database: database.clone(),
        access: AccessChecks::start(&database, &metrics),
        hub,
        memberships,
        typists: Typists::start(&database, messaging.as_ref()),
        places: Places::new(settings.max_sockets, settings.max_sockets_per_caller),
        origins: Origins::new(settings.cors_allow_origins.take(), verifier.development()),
        reachable: Reachable::default(),
        schema: schema.clone(),
        verifier,
        http_client: http_client::new()?,
        metrics: metrics.clone(),
        shutdown: shutdown.clone(),
        departure: Departure::new(shutdown.clone(), drain.spread),
        sockets: tasks.clone(),
        queue: settings.queue,
        queue_bytes: settings.queue_bytes,
    });
    let webhooks_queued = Arc::new(Notify::new());
    if let Some(settings) = settings.webhooks.take() {
        let (database, queued, metrics) = (database.clone(), webhooks_queued.clone(), metrics.clone());
        tasks.spawn(Webhooks { database, settings, queued, metrics }.run(shutdown.clone()));
    }
    if let Some(settings) = settings.previews.take() {
        let (database, messaging, metrics) = (database.clone(), messaging.clone(), metrics.clone());
        tasks.spawn(Previews { database, messaging, settings, metrics }.run(shutdown.clone()));
    }
    let receipts = Receipts { database: database.clone(), messaging: messaging.clone(), metrics: metrics.clone() };
    tasks.spawn(receipts.run(shutdown.clone()));
    let content = Content { database: database.clone(), messaging: messaging.clone(), metrics: metrics.clone() };
    tasks.spawn(content.run(shutdown.clone()));
    let removals = Removals {
        database: database.clone(),
        messaging: messaging.clone(),
        max_days: settings.retention_max_days,
        metrics: metrics.clone(),
    };
    tasks.spawn(removals.run(shutdown.clone()));
    let rounds =
        Rounds { database: database.clone(), messaging, every: settings.reconcile_every, metrics: metrics.clone() };
    tasks.spawn(rounds.run(shutdown.clone()));
    let ephemeral_nats = feed.ephemeral_client.clone();
    let settings = Arc::new(settings);
    let publisher = Publisher { database: database.clone(), settings, ephemeral_nats, webhooks_queued, metrics };
    tasks.spawn(publisher.run(shutdown.clone()));
    let leaving = app.clone();
    tokio::spawn(async move { leaving.departure.close_all().await });
    let routes = router(app.clone(), metrics_listener.is_none());
    let served = tokio::spawn(server::run(listener, certificate, routes, shutdown.clone()));
    if let Some(listener) = metrics_listener {
        tracing::info!("/metrics is at {}", listener.local_addr()?);
        tokio::spawn(server::run(listener, None, metrics_router(app.clone()), shutdown.clone()));
    }

    let reason = tokio::select! {
        () = signals.next() => None,
        too_new = schema.check(&database) => Some(too_new),
    };
    tracing::info!("stopping");
    let end = async {
        app.departure.announce();
        sleep(drain.delay).await;
        app.departure.begin(app.metrics.sockets_open.get());
        served.await?;
        tasks.close();
        if timeout(drain.limit, tasks.wait()).await.is_err() {
            tracing::warn!("{} sockets and tasks did not end in time", tasks.len());
        }
        Ok(())
    };
    let ended = tokio::select! {
        result = end => result,
        () = signals.next() => {
            tracing::warn!("told to stop a second time: stopping at once");
            Ok(())
        }
    };
    ended.and(reason.map_or(Ok(()), Err))
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
