//! The listener. Not axum's own, which waits for a request's head for ever.

use super::certificate::Certificate;
use super::meter::Metered;
use super::problem::{REQUEST_ID, request_id};
use crate::sparingly::Sparingly;
use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A TLS handshake, and then a request's head, has to be there within this time.
const HEAD: Duration = Duration::from_secs(10);

static REFUSED: Sparingly = Sparingly::new();

/// Accepts connections until `shutdown`.
pub async fn run(
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    router: Router,
    shutdown: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let acceptor = certificate.as_ref().map(|certificate| certificate.acceptor());
                tokio::spawn(accept(stream, acceptor, router.clone(), shutdown.clone()));
            }
            Err(e) => {
                // Mostly the limit of open files; the pause leaves the processor to the sockets that are open.
                if let Some(left_out) = REFUSED.permit() {
                    tracing::warn!(left_out, "cannot accept a connection: {e}");
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn accept(stream: TcpStream, acceptor: Option<TlsAcceptor>, router: Router, shutdown: CancellationToken) {
    // Frames are small; a wait for more to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => connection(stream, router, shutdown).await,
        Some(acceptor) => match timeout(HEAD, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => connection(stream, router, shutdown).await,
            Ok(Err(e)) => tracing::debug!("a TLS handshake failed: {e}"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn connection<S>(stream: S, router: Router, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, meter) = Metered::new(stream);
    let routes = TowerToHyperService::new(router);
    // Every request has an id and every response says it, whoever makes the response.
    let service = service_fn(move |mut request: Request<Incoming>| {
        let id = request_id(request.headers());
        request.headers_mut().insert(REQUEST_ID, id.clone());
        request.extensions_mut().insert(meter.clone());
        let response = routes.call(request);
        async move {
            let mut response = response.await?;
            response.headers_mut().insert(REQUEST_ID, id);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(served);
    tokio::select! {
        result = served.as_mut() => return log(result),
        () = shutdown.cancelled() => served.as_mut().graceful_shutdown(),
    }
    log(served.await);
}

fn log(result: hyper::Result<()>) {
    if let Err(e) = result {
        tracing::debug!("a connection ended: {e}");
    }
}
