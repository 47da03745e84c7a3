//! The HTTP server: from a connection to the component's handler and back.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode, uri::Scheme};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use wasmtime_wasi_http::{Error, WasiBody, handler::ProxyHandler};

use crate::{
    app::App,
    cli::InstanceLimits,
    client::Client,
    engine::Linked,
    headers,
    instances::Instances,
    outgoing::Outgoing,
    routes::{Found, RESERVED, Router},
};

/// What a chained call names as its client.
const CHAINED: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// How long requests in flight may go on once the host is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// An application that is served.
pub struct Server {
    router: Router,
    handlers: HashMap<String, ProxyHandler<Instances>>,
}

impl Server {
    /// Puts an application together that will be served at `own_address`.
    ///
    /// # Errors
    /// A route that cannot be understood.
    pub fn new(app: &App, linked: Vec<Linked>, limits: &InstanceLimits, own_address: SocketAddr) -> Result<Arc<Self>> {
        let client = Client::default();
        let itself = Arc::new(OnceLock::new());
        let handlers = linked
            .into_iter()
            .map(|(component, pre)| {
                let outgoing = Outgoing {
                    component: Arc::clone(&component),
                    client: client.clone(),
                    server: Arc::clone(&itself),
                    own_address,
                };
                let instances = Instances { component: Arc::clone(&component), pre, limits: limits.clone(), outgoing };
                (component.id.clone(), ProxyHandler::new(instances))
            })
            .collect();
        let server = Arc::new(Self { router: Router::new(&app.triggers)?, handlers });
        // Weak, because the server holds the components that hold it.
        itself.get_or_init(|| Arc::downgrade(&server));
        Ok(server)
    }

    /// Serves connections until `stop` comes, and then lets requests in flight end.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
        let connections = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            // As in Spin, TCP_NODELAY stays off.
            let (stream, client) = tokio::select! {
                accepted = listener.accept() => accepted.context("cannot accept connections")?,
                () = &mut stop => break,
            };
            Arc::clone(&self).serve_connection(stream, client, &connections);
        }
        drop(listener);
        if timeout(GRACE, connections.shutdown()).await.is_err() {
            eprintln!("stopped with requests in flight");
        }
        Ok(())
    }

    fn serve_connection(self: Arc<Self>, stream: TcpStream, client: SocketAddr, connections: &GracefulShutdown) {
        let service = service_fn(move |request: Request<Incoming>| {
            let server = Arc::clone(&self);
            async move {
                let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
                server.handle(request, client).await
            }
        });
        let connection =
            Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("error serving {client}: {error}");
            }
        });
    }

    /// Answers a request from outside. An error ends the connection without an answer.
    async fn handle(&self, mut request: Request<WasiBody>, client: SocketAddr) -> Result<Response<WasiBody>> {
        headers::strip(&mut request);
        let path = request.uri().path();
        if let Some(name) = path.strip_prefix(RESERVED) {
            return Ok(match name {
                "health" => Response::new(full("OK")),
                // Spin tells what it runs at `info`, which no application needs.
                _ => empty(StatusCode::NOT_FOUND),
            });
        }
        match self.router.find(path) {
            Some(found) => self.run(request, &found, client).await,
            None => Ok(empty(StatusCode::NOT_FOUND)),
        }
    }

    /// Passes a request from one component on to another.
    ///
    /// # Errors
    /// There is no such component.
    pub async fn chain(&self, component: &str, request: Request<WasiBody>) -> Result<Response<WasiBody>> {
        let found = Found::chained(component, request.uri().path());
        self.run(request, &found, CHAINED).await
    }

    async fn run(
        &self,
        mut request: Request<WasiBody>,
        found: &Found,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>> {
        headers::make_absolute(&mut request, Scheme::HTTP)?;
        let handler =
            self.handlers.get(&found.component).with_context(|| format!("unknown component {:?}", found.component))?;
        if let Err(error) = headers::append(&mut request, found, client) {
            eprintln!("error processing a request to {}: {error:#}", found.component);
            return Ok(empty(StatusCode::INTERNAL_SERVER_ERROR));
        }
        // A trap, a timeout, an error instead of a response, too many instances: all the same to the client.
        Ok(handler.handle((), request).await.unwrap_or_else(|error| {
            eprintln!("error processing a request to {}: {error:?}", found.component);
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }))
    }
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn full(text: &'static str) -> WasiBody {
    Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {}).boxed_unsync()
}
