//! The guest's outgoing HTTP: checked, then chained to a component of the application or sent over the network.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Uri,
    header::HOST,
    uri::{Authority, Scheme},
};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::Sleep;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::{
    app::Component,
    client::{Client, Timeouts},
    hosts,
    server::Server,
};

/// The deadlines of a call, unless the guest sets its own.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

type Progress = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// A call under way.
pub type Sent = Box<dyn Future<Output = Result<(Response<WasiBody>, Progress), Error>> + Send>;

/// The way out of one component.
#[derive(Clone)]
pub struct Outgoing {
    /// The component that calls.
    pub component: Arc<Component>,
    /// The connections, shared by the whole application.
    pub client: Client,
    /// The server, known once it is there, for service chaining.
    pub server: Arc<OnceLock<Weak<Server>>>,
    /// Where the server listens, for requests to `self`.
    pub own_address: SocketAddr,
}

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        // How the guest fared with the response. There is nothing to be done about it.
        _: Progress,
    ) -> Sent {
        let outgoing = self.clone();
        Box::new(async move {
            let response = outgoing.send(request, options.unwrap_or_default()).await?;
            // The pool drives the connection, so no work is left behind.
            Ok((response, Box::new(async { Ok(()) }) as Progress))
        })
    }
}

impl Outgoing {
    async fn send(self, mut request: Request<WasiBody>, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
        self.address(&mut request)?;
        // The client sets it from the URI; a chained component sees none.
        request.headers_mut().remove(HOST);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);

        let response = match hosts::chained_component(request.uri()).map(ToOwned::to_owned) {
            Some(component) => {
                let server = self.server.get().and_then(Weak::upgrade);
                let server = server.ok_or(Error::DestinationUnavailable)?;
                server.chain(&component, request).await?
            }
            None => {
                let timeouts = Timeouts {
                    connect: options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT),
                    first_byte: options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT),
                };
                self.client.send(request, timeouts).await?
            }
        };
        Ok(response.map(|body| PatientBody { body: Some(body), timeout: between_bytes, sleep: None }.boxed_unsync()))
    }

    /// Checks where the request goes, and gives one to `self` its address.
    fn address(&self, request: &mut Request<WasiBody>) -> Result<(), Error> {
        let host = request.uri().authority().map_or("", Authority::host);
        let own = host.is_empty() || host == "self.alt";
        let allowed_hosts = &self.component.allowed_hosts;
        let allowed =
            if own { allowed_hosts.allow_own() } else { allowed_hosts.allow(&request.uri().to_string(), "https") };
        if !allowed {
            eprintln!(
                "{} tried to call {}, which its allowed_outbound_hosts do not allow",
                self.component.id,
                request.uri().authority().map_or("its own application", Authority::as_str)
            );
            return Err(Error::HttpRequestDenied);
        }
        if own {
            let mut parts = request.uri().clone().into_parts();
            parts.scheme = Some(Scheme::HTTP);
            let authority = Authority::try_from(self.own_address.to_string());
            parts.authority = Some(authority.map_err(|_| Error::HttpRequestUriInvalid)?);
            *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Error::HttpRequestUriInvalid)?;
            let host = HeaderValue::try_from(self.own_address.to_string());
            request.headers_mut().insert(HOST, host.map_err(|_| Error::HttpRequestUriInvalid)?);
        }
        Ok(())
    }
}

/// A response's body that may not pause for longer than the guest is willing to wait.
struct PatientBody {
    /// Gone once it has paused for too long, and the connection with it.
    body: Option<WasiBody>,
    timeout: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Body for PatientBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            self.sleep = None;
            return Poll::Ready(frame);
        }
        let timeout = self.timeout;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(sleep.as_mut().poll(context));
        self.body = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
