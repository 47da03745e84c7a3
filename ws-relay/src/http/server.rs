//! The listener. Not axum's own, which waits for a request's head for ever.

use super::certificate::{Certificate, HTTP_2};
use super::meter::{Meter, Metered};
use super::problem::{REQUEST_ID, request_id};
use crate::sparingly::Sparingly;
use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A TLS handshake, and then a request's head, has to be there within this time.
const HEAD: Duration = Duration::from_secs(10);

/// Requests and sockets that may be under way on a connection that speaks HTTP/2.
const STREAMS: u32 = 100;
/// And what of them waits there, in bytes: sent and not yet acknowledged, and unread.
const STREAM_BUFFER: u32 = 64 * 1024;
const CONNECTION_BUFFER: u32 = 1 << 20;
/// The most that the names and values of a request's headers may have, in bytes.
const HEADERS: u32 = 16 * 1024;
/// How often a client of such a connection is asked whether it is still there, and how long it may take.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

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
        None => speak(stream, false, router, shutdown).await,
        Some(acceptor) => match timeout(HEAD, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
                speak(stream, is_http_2, router, shutdown).await;
            }
            Ok(Err(e)) => tracing::debug!("a TLS handshake failed: {e}"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn speak<S>(stream: S, is_http_2: bool, router: Router, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, meter) = Metered::new(stream, if is_http_2 { STREAMS as usize } else { 1 });
    let routes = TowerToHyperService::new(router);
    let of_requests = meter.clone();
    // Every request has an id and every response says it, whoever makes the response.
    let service = service_fn(move |mut request: Request<Incoming>| {
        let id = request_id(request.headers());
        request.headers_mut().insert(REQUEST_ID, id.clone());
        request.extensions_mut().insert(of_requests.clone());
        let response = routes.call(request);
        async move {
            let mut response = response.await?;
            response.headers_mut().insert(REQUEST_ID, id);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let stream = TokioIo::new(stream);
    if is_http_2 {
        let served = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .enable_connect_protocol()
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEADERS)
            .max_send_buf_size(STREAM_BUFFER as usize)
            .initial_stream_window_size(STREAM_BUFFER)
            .initial_connection_window_size(CONNECTION_BUFFER)
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .serve_connection(stream, service);
        tokio::pin!(served);
        tokio::select! {
            result = served.as_mut() => return log(result),
            () = shutdown.cancelled() => {}
            () = idle(&meter) => {}
        }
        served.as_mut().graceful_shutdown();
        // Sockets say good-bye themselves, each in its time; who then does not go is left.
        tokio::select! {
            result = served.as_mut() => log(result),
            () = idle(&meter) => {}
        }
    } else {
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(stream, service)
            .with_upgrades();
        tokio::pin!(served);
        tokio::select! {
            result = served.as_mut() => return log(result),
            () = shutdown.cancelled() => served.as_mut().graceful_shutdown(),
        }
        log(served.await);
    }
}

/// Returns when nothing was under way on a connection for the time in which a request's head has to be there.
async fn idle(meter: &Meter) {
    let mut since = Instant::now();
    while since.elapsed() < HEAD {
        sleep(HEAD / 10).await;
        if meter.under_way() > 0 {
            since = Instant::now();
        }
    }
}

fn log(result: hyper::Result<()>) {
    if let Err(e) = result {
        tracing::debug!("a connection ended: {e}");
    }
}
