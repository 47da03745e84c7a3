//! The client of matrix-gateway: ours over service chaining, or the platform's own at `matrix_gateway_url`.

mod bans;
mod content;
mod edits;
mod history;
mod invite;
mod join_named;
mod media;
mod pinned;
mod profiles;
mod receipts;
mod response;
mod shows;
mod state;
mod typing;

pub use history::{Direction, HistoryPage};
pub use media::Upload;
pub use state::StateNow;

use crate::outgoing::{self, Failure};
use crate::settings;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use messaging_core::gateway::{
    AnyObject, CreateRoom, CreatedRoom, MembershipChange, PowerLevel, ReadOnly, Redact, RoomChange, SendEvent,
    SendReaction, Sent, TOKEN_HEADER, VisibilityChanged, paths,
};
use messaging_core::ids::EntityId;
use messaging_core::matrix::RoomEvent;
use messaging_core::problem::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use response::{busy, if_offered, read, reason, refused};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::time::Duration;

/// How long a call may take: whoever asks has an answer within 10 seconds. The gateway itself waits less for all its calls to
/// the homeserver together.
const DEADLINE: Duration = Duration::from_secs(9);

/// A gateway and the secret it asks for.
pub struct Gateway {
    url: String,
    secret: String,
    server_name: String,
}

impl Gateway {
    /// Reads `matrix_gateway_url`, `matrix_gateway_secret` and `matrix_server_name`.
    pub async fn from_settings() -> Result<Self, Problem> {
        let url = settings::required("matrix_gateway_url").await?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            secret: settings::required("matrix_gateway_secret").await?,
            server_name: settings::required("matrix_server_name").await?,
        })
    }

    /// The homeserver's name, the part behind `:` in the ids that we own.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// The Matrix id under which an entity acts.
    pub fn matrix_id(&self, entity: &EntityId) -> String {
        entity.matrix_user_id(&self.server_name)
    }

    /// Makes a room, or finishes the one that an earlier try for the same channel left behind.
    pub async fn create_room(&self, room: &CreateRoom) -> Result<CreatedRoom, Problem> {
        self.call(Method::POST, paths::CREATE_ROOM, &[], Some(room)).await
    }

    /// Sends a message as `sender`.
    pub async fn send(&self, sender: &EntityId, event: SendEvent) -> Result<Sent, Problem> {
        let event =
            SendEvent { sender: Some(sender.to_string()), sender_matrix_id: Some(self.matrix_id(sender)), ..event };
        let (status, body) = self.exchange(Method::POST, paths::SEND, &[], Some(&event)).await?;
        // One that knows no `content` misses msgtype and body, and has no Matrix error code for that.
        let is_misread = status.is_client_error() && reason(&body).is_none_or(|error| !error.starts_with("M_"));
        if event.content.is_some() && is_misread {
            return Err(Problem::gateway_lacks(format!("{status} to an event with content")));
        }
        read(paths::SEND, status, &body)
    }

    /// Joins one of our users to a room, a closed one included.
    pub async fn join(&self, room_id: &str, user_id: &str) -> Result<(), Problem> {
        self.act(Method::POST, paths::JOIN, &[], &membership(room_id, user_id)).await
    }

    /// The room that a room says it replaces (client-server API, "Room upgrades"): the first event of a room's history
    /// is its creation. `None` when it names none, or when the bot cannot see it.
    pub async fn predecessor(&self, room_id: &str) -> Result<Option<String>, Problem> {
        let path = "/internal/matrix/rooms/:room_id/messages?dir=f&limit=1";
        let page: Value = self.call(Method::GET, path, &[room_id], None::<&()>).await?;
        let text = |pointer: &str| page.pointer(pointer).and_then(Value::as_str);
        let is_creation = text("/chunk/0/type") == Some("m.room.create");
        Ok(text("/chunk/0/content/predecessor/room_id").filter(|_| is_creation).map(str::to_owned))
    }

    /// Takes one of our users out of a room.
    pub async fn leave(&self, room_id: &str, user_id: &str) -> Result<(), Problem> {
        self.act(Method::POST, paths::LEAVE, &[], &membership(room_id, user_id)).await
    }

    /// Removes somebody from a room on behalf of `kicker`.
    pub async fn kick(&self, room_id: &str, user_id: &str, kicker: &EntityId) -> Result<(), Problem> {
        let change = MembershipChange {
            kicker: Some(kicker.to_string()),
            kicker_matrix_id: Some(self.matrix_id(kicker)),
            ..membership(room_id, user_id)
        };
        self.act(Method::POST, paths::KICK, &[], &change).await
    }

    /// Reacts to an event; reacting so again is no error.
    pub async fn send_reaction(
        &self,
        room_id: &str,
        event_id: &str,
        reactor: &EntityId,
        emoji: &str,
        txn_id: &str,
    ) -> Result<Sent, Problem> {
        let reaction = SendReaction {
            room_id: room_id.to_owned(),
            event_id: event_id.to_owned(),
            reactor: Some(reactor.to_string()),
            reactor_matrix_id: Some(self.matrix_id(reactor)),
            emoji: emoji.to_owned(),
            txn_id: Some(txn_id.to_owned()),
        };
        self.call(Method::POST, paths::SEND_REACTION, &[], Some(&reaction)).await
    }

    /// Redacts an event on behalf of `actor`. One that Matrix does not have any more has nothing left to redact.
    pub async fn redact(&self, room_id: &str, event_id: &str, actor: &EntityId) -> Result<(), Problem> {
        let redact = Redact {
            room_id: room_id.to_owned(),
            event_id: event_id.to_owned(),
            reason: None,
            sender: None,
            sender_matrix_id: Some(self.matrix_id(actor)),
            as_bot_if_needed: None,
        };
        match self.act(Method::POST, paths::REDACT, &[], &redact).await {
            Err(problem) if problem.is_not_in_matrix() => Ok(()),
            other => other,
        }
    }

    /// One event with what the homeserver knows of its edits.
    pub async fn event(&self, room_id: &str, event_id: &str) -> Result<RoomEvent, Problem> {
        self.call(Method::GET, paths::EVENT, &[room_id, event_id], None::<&()>).await
    }

    /// Sets a room's name, topic or picture on behalf of `actor`; `path` is that part's path.
    pub async fn change_room(
        &self,
        path: &'static str,
        room_id: &str,
        actor: &EntityId,
        change: RoomChange,
    ) -> Result<(), Problem> {
        let change = RoomChange { sender_matrix_id: Some(self.matrix_id(actor)), ..change };
        self.act(Method::PUT, path, &[room_id], &change).await
    }

    /// Opens a room to everybody (`public`) or closes it, on behalf of `actor`, and gives it the alias, or none. Returns
    /// whether it has the alias.
    pub async fn set_visibility(
        &self,
        room_id: &str,
        actor: &EntityId,
        public: bool,
        alias_name: Option<String>,
    ) -> Result<bool, Problem> {
        let change = RoomChange {
            visibility: Some(if public { "public" } else { "private" }.to_owned()),
            room_alias_name: Some(alias_name.unwrap_or_default()),
            sender_matrix_id: Some(self.matrix_id(actor)),
            ..RoomChange::default()
        };
        let changed: VisibilityChanged = self.call(Method::PUT, paths::VISIBILITY, &[room_id], Some(&change)).await?;
        Ok(changed.room_alias.is_some())
    }

    /// Lets nobody send to a room any more, or everybody again, on behalf of `actor`.
    pub async fn set_read_only(&self, room_id: &str, actor: &EntityId, read_only: bool) -> Result<(), Problem> {
        let change = ReadOnly { read_only, sender_matrix_id: Some(self.matrix_id(actor)) };
        self.act(Method::PUT, paths::READ_ONLY, &[room_id], &change).await
    }

    /// Gives somebody a power level in a room on behalf of `actor`, or as the bot when it is nobody's act.
    pub async fn set_power_level(
        &self,
        room_id: &str,
        user_id: &str,
        power_level: i32,
        actor: Option<&EntityId>,
    ) -> Result<(), Problem> {
        let sender_matrix_id = actor.map(|actor| self.matrix_id(actor));
        let change = PowerLevel { user_id: user_id.to_owned(), power_level, sender_matrix_id };
        self.act(Method::PUT, paths::POWER_LEVEL, &[room_id], &change).await
    }

    /// As [`set_power_level`](Self::set_power_level) where it is not worth failing for: a gateway that cannot give levels
    /// cannot take one away either, and what else is to be done is done.
    pub async fn set_power_level_if_offered(
        &self,
        room_id: &str,
        user_id: &str,
        power_level: i32,
        actor: Option<&EntityId>,
    ) -> Result<(), Problem> {
        if_offered(self.set_power_level(room_id, user_id, power_level, actor).await).map(|_| ())
    }

    /// Whether the gateway responds, and if so, whether it says that its homeserver does. One that does not say it at
    /// all is [`Problem::gateway_lacks`].
    pub async fn health(&self) -> Result<Result<(), Problem>, Problem> {
        let (status, body) = self.exchange(Method::GET, paths::HEALTH, &[], None::<&()>).await?;
        if status.is_success() {
            return Ok(Ok(()));
        }
        Ok(Err(refused(paths::HEALTH, status, &body)))
    }

    /// A call whose response tells nothing new.
    async fn act(
        &self,
        method: Method,
        path: &'static str,
        values: &[&str],
        body: &impl Serialize,
    ) -> Result<(), Problem> {
        self.call::<AnyObject>(method, path, values, Some(body)).await.map(|_| ())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &'static str,
        values: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let (status, body) = self.exchange(method, path, values, body).await?;
        read(path, status, &body)
    }

    /// The gateway's response, whatever it is.
    async fn exchange(
        &self,
        method: Method,
        path: &'static str,
        values: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<(StatusCode, Bytes), Problem> {
        self.exchange_with(method, path, values, "", body).await
    }

    /// With a query, which begins with `?`.
    async fn exchange_with(
        &self,
        method: Method,
        path: &'static str,
        values: &[&str],
        query: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(StatusCode, Bytes), Problem> {
        let body = body.map(serde_json::to_vec).transpose().map_err(Problem::internal)?.unwrap_or_default();
        let encoded: Vec<_> = values.iter().map(|value| utf8_percent_encode(value, NON_ALPHANUMERIC)).collect();
        let encoded: Vec<&dyn std::fmt::Display> = encoded.iter().map(|value| value as _).collect();
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{}{query}", self.url, messaging_core::paths::fill(path, &encoded)))
            .header(header::CONTENT_TYPE, "application/json")
            .header(TOKEN_HEADER, &self.secret)
            .body(body.into())
            .map_err(Problem::internal)?;
        let response = outgoing::send(request, DEADLINE).await.map_err(|failure| match failure {
            Failure::Timeout => Problem::homeserver_timeout(format!("matrix-gateway {path}: {failure}")),
            _ => Problem::homeserver_failed(format!("matrix-gateway {path}: {failure}")),
        })?;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            return Err(busy(path, &response));
        }
        Ok((response.status(), response.into_body()))
    }
}

fn membership(room_id: &str, user_id: &str) -> MembershipChange {
    MembershipChange { room_id: room_id.to_owned(), user_id: user_id.to_owned(), ..MembershipChange::default() }
}
