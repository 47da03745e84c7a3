//! The client of matrix-gateway: ours over service chaining, or the platform's own at `matrix_gateway_url`.

use crate::outgoing::{self, Failure};
use crate::settings;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a call may take. The gateway itself waits less for each of its calls to the homeserver.
const DEADLINE: Duration = Duration::from_secs(25);

/// A gateway and the secret it asks for.
pub struct Gateway {
    url: String,
    secret: String,
    /// The homeserver's name, the part behind `:` in the ids that we own.
    pub server_name: String,
}

/// The gateway's `error` member is a Matrix error code (Matrix client-server API, "Standard error response").
#[derive(Deserialize)]
struct GatewayError {
    #[serde(default)]
    error: String,
    #[serde(default)]
    message: String,
}

/// In: `create-room`.
#[derive(Debug, Serialize)]
pub struct CreateRoom<'a> {
    /// The room's name.
    pub name: &'a str,
    /// The room's topic.
    pub topic: &'a str,
    /// `public` lists the room, `private` does not.
    pub visibility: &'a str,
    /// The alias without `#` and server.
    pub room_alias_name: &'a str,
    /// `public_chat` or `private_chat`.
    pub preset: &'a str,
    /// State events that the room starts with.
    pub initial_state: Vec<serde_json::Value>,
    /// Names the channel that the room is for.
    pub creation_content: serde_json::Value,
    /// Who gets power level 100.
    pub creator_matrix_id: &'a str,
}

/// Out: `create-room`.
#[derive(Debug, Deserialize)]
pub struct Room {
    /// The room.
    pub room_id: String,
}

/// In: `send`.
#[derive(Debug, Serialize)]
pub struct Send<'a> {
    /// The room.
    pub room_id: &'a str,
    /// The entity that sends.
    pub sender: &'a str,
    /// Its Matrix id.
    pub sender_matrix_id: &'a str,
    /// `m.room.message` or `m.room.encrypted`.
    pub event_type: &'a str,
    /// `m.text` and the like; not of an encrypted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgtype: Option<&'a str>,
    /// The text; not of an encrypted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<&'a str>,
    /// `org.matrix.custom.html` when there is a formatted body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'a str>,
    /// The text as HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted_body: Option<&'a str>,
    /// `m.in_reply_to` or `m.replace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relates_to: Option<serde_json::Value>,
    /// The transaction id: the same one sends once.
    pub txn_id: &'a str,
    /// Further fields of the event's content.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra_content: serde_json::Map<String, serde_json::Value>,
    /// The whole content of an event that the client has encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a serde_json::Value>,
}

/// Out: `send`.
#[derive(Debug, Deserialize)]
pub struct Sent {
    /// The event.
    pub event_id: String,
    /// RFC 3339; when the gateway does not say, the index takes its own time.
    pub sent_at: Option<String>,
}

/// In: `join`, and with an inviter `invite`.
#[derive(Debug, Serialize)]
pub struct Membership<'a> {
    /// The room.
    pub room_id: &'a str,
    /// Whose membership changes, as a Matrix id.
    pub user_id: &'a str,
    /// The entity that invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<&'a str>,
    /// Its Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter_matrix_id: Option<&'a str>,
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

    /// Makes a room, or finishes the one that an earlier try for the same channel left behind.
    pub async fn create_room(&self, room: &CreateRoom<'_>) -> Result<Room, Problem> {
        self.call(Method::POST, "create-room", Some(room)).await
    }

    /// Sends a message.
    pub async fn send(&self, message: &Send<'_>) -> Result<Sent, Problem> {
        self.call(Method::POST, "send", Some(message)).await
    }

    /// Invites somebody; inviting a member again is no error.
    pub async fn invite(&self, membership: &Membership<'_>) -> Result<(), Problem> {
        self.act(Method::POST, "invite", membership).await
    }

    /// Joins one of our users to a room, a closed one included.
    pub async fn join(&self, room_id: &str, user_id: &str) -> Result<(), Problem> {
        let membership = Membership { room_id, user_id, inviter: None, inviter_matrix_id: None };
        self.act(Method::POST, "join", &membership).await
    }

    /// Takes one of our users out of a room.
    pub async fn leave(&self, room_id: &str, user_id: &str) -> Result<(), Problem> {
        self.act(Method::POST, "leave", &json!({"room_id": room_id, "user_id": user_id})).await
    }

    /// Removes somebody from a room on behalf of `kicker`.
    pub async fn kick(&self, room_id: &str, user_id: &str, kicker: &EntityId) -> Result<(), Problem> {
        let kicker_matrix_id = kicker.matrix_user_id(&self.server_name);
        let body =
            json!({"room_id": room_id, "user_id": user_id, "kicker": kicker, "kicker_matrix_id": kicker_matrix_id});
        self.act(Method::POST, "kick", &body).await
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
        let reactor_matrix_id = reactor.matrix_user_id(&self.server_name);
        let body = json!({"room_id": room_id, "event_id": event_id, "reactor": reactor,
                          "reactor_matrix_id": reactor_matrix_id, "emoji": emoji, "txn_id": txn_id});
        self.call(Method::POST, "send-reaction", Some(&body)).await
    }

    /// Redacts an event on behalf of `actor`.
    pub async fn redact(&self, room_id: &str, event_id: &str, actor: &EntityId) -> Result<(), Problem> {
        let sender_matrix_id = actor.matrix_user_id(&self.server_name);
        let body = json!({"room_id": room_id, "event_id": event_id, "sender_matrix_id": sender_matrix_id});
        self.act(Method::POST, "redact", &body).await
    }

    /// One event with what the homeserver knows of its edits.
    pub async fn event(&self, room_id: &str, event_id: &str) -> Result<serde_json::Value, Problem> {
        let path = format!("{}/event/{}", room_path(room_id), utf8_percent_encode(event_id, NON_ALPHANUMERIC));
        self.call(Method::GET, &path, None::<&()>).await
    }

    /// Sets the room's `name`, `topic` or `avatar`.
    pub async fn set_room_state(&self, room_id: &str, part: &str, body: &serde_json::Value) -> Result<(), Problem> {
        self.act(Method::PUT, &format!("{}/{part}", room_path(room_id)), body).await
    }

    /// Gives somebody a power level in the room on behalf of `actor`, or as the bot when it is nobody's act.
    pub async fn set_power_level(
        &self,
        room_id: &str,
        user_id: &str,
        power_level: i32,
        actor: Option<&EntityId>,
    ) -> Result<(), Problem> {
        let sender_matrix_id = actor.map(|actor| actor.matrix_user_id(&self.server_name));
        let body = json!({"user_id": user_id, "power_level": power_level, "sender_matrix_id": sender_matrix_id});
        self.act(Method::PUT, &format!("{}/power-level", room_path(room_id)), &body).await
    }

    /// Whether the gateway and its homeserver answer: the gateway's own report.
    pub async fn health(&self) -> Result<serde_json::Value, Problem> {
        self.call(Method::GET, "health", None::<&()>).await
    }

    /// A call whose answer tells nothing new.
    async fn act(&self, method: Method, path: &str, body: &impl Serialize) -> Result<(), Problem> {
        self.call::<serde::de::IgnoredAny>(method, path, Some(body)).await.map(|_| ())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let body = match body {
            Some(body) => Bytes::from(serde_json::to_vec(body).map_err(Problem::internal)?),
            None => Bytes::new(),
        };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/internal/matrix/{path}", self.url))
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-internal-service-token", &self.secret)
            .body(body)
            .map_err(Problem::internal)?;
        let response = outgoing::send(request, DEADLINE).await.map_err(|failure| match failure {
            Failure::Timeout => Problem::homeserver_timeout(format!("matrix-gateway {path}: {failure}")),
            _ => Problem::homeserver_failed(format!("matrix-gateway {path}: {failure}")),
        })?;
        let (status, body) = (response.status(), response.into_body());
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|e| Problem::homeserver_failed(format!("matrix-gateway {path} answered {e}")));
        }
        let error =
            serde_json::from_slice(&body).unwrap_or(GatewayError { error: String::new(), message: String::new() });
        Err(refused(path, status, &error))
    }
}

fn room_path(room_id: &str) -> String {
    format!("rooms/{}", utf8_percent_encode(room_id, NON_ALPHANUMERIC))
}

/// A refusal by the homeserver, in the caller's terms.
fn refused(path: &str, status: StatusCode, error: &GatewayError) -> Problem {
    let inside = format!("matrix-gateway {path}: {status} {} {}", error.error, error.message);
    match (status, error.error.as_str()) {
        (_, "M_TOO_LARGE") => Problem::too_large("The message is larger than a Matrix event may be (64 KiB)."),
        (StatusCode::GATEWAY_TIMEOUT, _) => Problem::homeserver_timeout(inside),
        (_, "M_FORBIDDEN" | "M_BAD_STATE") => {
            Problem::forbidden("refused_by_homeserver", "The Matrix room does not let you do this.").with_inside(inside)
        }
        (_, "M_ROOM_IN_USE") => Problem::conflict(
            "alias_taken",
            "Another Matrix room has the alias that this slug would get. Choose another slug.",
        ),
        _ => Problem::homeserver_failed(inside),
    }
}
