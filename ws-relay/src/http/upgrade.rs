//! `/ws/messaging` and `/ws/messaging/{channel_id}`, by GET over HTTP/1.1 and by CONNECT over HTTP/2: everything is decided before the upgrade. Who is refused
//! and asked for a WebSocket gets one that is closed at once with a code, because browsers show nothing else.

use crate::access::Access;
use crate::app::App;
use crate::http::auth::{Query, SUBPROTOCOL, identify};
use crate::http::handshake::{Handshake, NoUpgrade};
use crate::http::meter::Meter;
use crate::http::places::Place;
use crate::http::problem::{ProblemResponse, log};
use crate::metrics::CloseLabel;
use crate::socket::connection::refuse;
use crate::socket::life::serve;
use crate::socket::session::{Identity, Purpose};
use crate::socket::websocket::WebSocket;
use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use hyper_util::rt::TokioIo;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use messaging_core::problem::Problem;
use messaging_core::socket::{MAX_CLIENT_MESSAGE_BYTES, RefusalCode};
use std::convert::Infallible;
use std::sync::Arc;

/// What is read at a time, in bytes: each socket has it for itself, and most of what clients say is a pong.
const READ_BUFFER: usize = 512;
/// What a client that is refused may say, in bytes.
const REFUSED: usize = 4 * 1024;

/// A request for a socket.
pub struct Knock {
    headers: HeaderMap,
    query: Result<axum::extract::Query<Query>, QueryRejection>,
    handshake: Result<Handshake, NoUpgrade>,
    meter: Meter,
}

impl FromRequestParts<Arc<App>> for Knock {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let query = axum::extract::Query::<Query>::from_request_parts(parts, app).await;
        let meter = Extension::<Meter>::from_request_parts(parts, app).await;
        let meter = meter.map_or_else(|_| Meter::default(), |Extension(meter)| meter);
        let handshake = Handshake::of(parts, SUBPROTOCOL);
        Ok(Self { headers: parts.headers.clone(), query, handshake, meter })
    }
}

/// A socket for one channel.
pub async fn one(State(app): State<Arc<App>>, path: Result<Path<String>, PathRejection>, knock: Knock) -> Response {
    let opened = async {
        let (identity, query) = knock.identify(&app).await?;
        // What is not UTF-8 is the id of no channel either.
        let channel = path.ok().and_then(|Path(text)| ChannelId::parse(&text));
        let channel = channel.ok_or_else(|| Problem::not_found("channel"))?;
        let since = query.since_seq.as_deref().map(since_seq).transpose()?;
        match app.access.check(identity.caller.as_ref(), channel).await {
            Ok(Access::Granted { head, openness }) => Ok((identity, Purpose::One { channel, head, openness, since })),
            Ok(Access::Denied) => Err(Problem::forbidden("cannot_read", "You may not read this channel.")),
            Ok(Access::Unknown | Access::Gone) => Err(Problem::not_found("channel")),
            Err(e) => Err(unavailable(e)),
        }
    };
    let opened = opened.await;
    knock.respond(app, opened)
}

/// A socket for many channels.
pub async fn many(State(app): State<Arc<App>>, knock: Knock) -> Response {
    let opened = knock.identify(&app).await.map(|(identity, _)| (identity, Purpose::Many));
    knock.respond(app, opened)
}

fn since_seq(text: &str) -> Result<Seq, Problem> {
    text.parse().ok().filter(|seq| *seq >= 0).ok_or_else(|| {
        Problem::invalid_parameter("since_seq", "must be the number of the last event that you have, 0 for none")
    })
}

fn unavailable(internal_message: impl std::fmt::Display) -> Problem {
    let detail = "The service is not available at the moment. Connect again.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).with_internal_message(internal_message)
}

impl Knock {
    async fn identify(&self, app: &App) -> Result<(Identity, &Query), Problem> {
        app.origins.check(&self.headers)?;
        let query = self.query.as_ref().map_err(|e| Problem::bad_request("invalid_query", e.body_text()))?;
        Ok((identify(&app.verifier, &app.http_client, &self.headers, query).await?, query))
    }

    fn respond(self, app: Arc<App>, opened: Result<(Identity, Purpose), Problem>) -> Response {
        let opened = opened.and_then(|(identity, purpose)| {
            if app.shutdown.is_cancelled() {
                return Err(unavailable("shutting down"));
            }
            let place = app.places.take(identity.caller.as_ref())?;
            Ok((identity, purpose, place))
        });
        let Self { headers, handshake, meter, .. } = self;
        let handshake = match (handshake, &opened) {
            (Ok(handshake), _) => handshake,
            (Err(why), Ok(_)) => return plain(&headers, no_upgrade(why)),
            (Err(_), Err(problem)) => return plain(&headers, problem.clone()),
        };
        match opened {
            Ok((identity, purpose, place)) => accept(app, handshake, meter, identity, purpose, place),
            Err(problem) => turn_away(&app, handshake, meter, &headers, problem),
        }
    }
}

fn no_upgrade(why: NoUpgrade) -> Problem {
    match why {
        NoUpgrade::OtherVersion => Problem::bad_request("invalid_upgrade", "The WebSocket version must be 13."),
        NoUpgrade::NotAsked => {
            let detail = "This is a WebSocket; connect with ws:// or wss://.";
            Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
        }
    }
}

fn accept(
    app: Arc<App>,
    handshake: Handshake,
    meter: Meter,
    identity: Identity,
    purpose: Purpose,
    place: Place,
) -> Response {
    // As long as the token lives, the end of the relay waits for this socket.
    let held = (app.sockets.token(), place);
    handshake.complete(move |connection| {
        let socket = WebSocket::new(TokioIo::new(connection), MAX_CLIENT_MESSAGE_BYTES, READ_BUFFER);
        serve(app, socket, meter, identity, purpose, held)
    })
}

/// Completes the handshake and closes. There are few places for that: beyond them the response is the problem alone.
fn turn_away(app: &App, handshake: Handshake, meter: Meter, headers: &HeaderMap, problem: Problem) -> Response {
    let Some(place) = app.places.take_for_refusal() else { return plain(headers, problem) };
    log(&problem, headers);
    let refusal = RefusalCode::of(&problem);
    app.metrics.refusals.get_or_create(&CloseLabel { code: refusal.code() }).inc();
    let held = (app.sockets.token(), place);
    handshake.complete(async move |connection| {
        refuse(WebSocket::new(TokioIo::new(connection), REFUSED, READ_BUFFER), meter, refusal).await;
        drop(held);
    })
}

fn plain(headers: &HeaderMap, problem: Problem) -> Response {
    ProblemResponse::new(headers, problem).into_response()
}
