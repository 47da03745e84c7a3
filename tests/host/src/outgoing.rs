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
    Request, Response, Uri,
    header::HOST,
    uri::{Authority, Scheme},
};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::{sync::oneshot, time::Sleep};
use wasmtime::component::{Accessor, HasData, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpView as _,
    p3::{
        self,
        bindings::http::{client::HostWithStore, types::ErrorCode},
    },
};

use crate::{
    app::Component,
    client::{Client, Timeouts},
    hosts,
    server::Server,
    state::State,
};

/// The deadlines of a call, unless the guest sets its own.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// `wasi:http/client`, as the linker wants it named.
///
/// wasmtime's own would do, but for taking `transfer-encoding` and the like out of responses, which the one in Spin
/// leaves in: a guest that copies all headers of a response into its own would get away with it.
pub struct Calls;

impl HasData for Calls {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl HostWithStore<State> for Calls {
    async fn send(
        accessor: &Accessor<State, Self>,
        request: Resource<p3::Request>,
    ) -> Result<Resource<p3::Response>, TrappableError<ErrorCode>> {
        // Dropped at the end of the call, which tells the guest that its request has gone out.
        let (_sending, sent) = oneshot::channel::<()>();
        let sent = async {
            let _ = sent.await;
            Ok(())
        };
        let (outgoing, request, options) = accessor.with(|mut access| {
            let outgoing = access.data_mut().outgoing();
            let request = access.get().table.delete(request).map_err(trap)?;
            let (request, options) = request.into_http_with_getter(&mut access, sent, State::http)?;
            Ok::<_, TrappableError<ErrorCode>>((outgoing, request, options))
        })?;
        let options = options.as_deref().copied().unwrap_or_default();
        let response = outgoing.send(request, options).await?;
        accessor.with(|mut access| {
            let view = access.data_mut().unfiltered();
            // How the guest fares with the response does not matter to anybody.
            let (response, _fared) = p3::Response::from_http(view.hooks, response);
            view.table.push(response).map_err(trap)
        })
    }
}

fn trap(error: impl Into<wasmtime::Error>) -> TrappableError<ErrorCode> {
    TrappableError::trap(error.into())
}

/// The way out of one component.
#[derive(Clone)]
pub struct Outgoing {
    /// The component that calls.
    pub component: Arc<Component>,
    /// What makes the connections, for the whole application.
    pub client: Client,
    /// The server, known once it is there, for service chaining.
    pub server: Arc<OnceLock<Weak<Server>>>,
    /// Where the server listens, for requests to `self`.
    pub own_address: SocketAddr,
}

impl Outgoing {
    async fn send(
        self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, TrappableError<ErrorCode>> {
        self.address(&mut request)?;
        // The client sets it from the URI; a chained component sees none.
        request.headers_mut().remove(HOST);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);

        let response = match hosts::chained_component(request.uri()).map(ToOwned::to_owned) {
            Some(component) => {
                let server = self.server.get().and_then(Weak::upgrade);
                let server = server.ok_or(ErrorCode::DestinationUnavailable)?;
                // As in Spin, no deadline holds here, and a component that is not there is the end of this one.
                let chained = server.chain(&component, request).await;
                chained.map_err(|error| trap(wasmtime::Error::from_anyhow(error)))?
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
    fn address(&self, request: &mut Request<WasiBody>) -> Result<(), ErrorCode> {
        let authority = request.uri().authority();
        let host = authority.map_or("", Authority::host);
        let own = host.is_empty() || host == "self.alt";
        let allowed_hosts = &self.component.allowed_hosts;
        let allowed =
            if own { allowed_hosts.allow_own() } else { allowed_hosts.allow(&request.uri().to_string(), "https") };
        if !allowed {
            eprintln!(
                "{} tried to call {}, which its allowed_outbound_hosts do not allow",
                self.component.id,
                authority.map_or("its own application", Authority::as_str)
            );
            return Err(ErrorCode::HttpRequestDenied);
        }
        if own {
            let mut parts = request.uri().clone().into_parts();
            parts.scheme = Some(Scheme::HTTP);
            let authority = Authority::try_from(self.own_address.to_string());
            parts.authority = Some(authority.map_err(|_| ErrorCode::HttpRequestUriInvalid)?);
            *request.uri_mut() = Uri::from_parts(parts).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
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
