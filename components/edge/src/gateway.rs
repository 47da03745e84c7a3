//! The client of matrix-gateway: ours over service chaining, or the platform's own at `matrix_gateway_url`.

use crate::outgoing::{self, Failure};
use crate::settings;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use messaging_core::problem::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
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
    /// `m.text` and the like.
    pub msgtype: &'a str,
    /// The text.
    pub body: &'a str,
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
        self.call::<serde::de::IgnoredAny>(Method::POST, "invite", Some(membership)).await.map(|_| ())
    }

    /// Joins one of our users to a room, a closed one included.
    pub async fn join(&self, room_id: &str, user_id: &str) -> Result<(), Problem> {
        let membership = Membership { room_id, user_id, inviter: None, inviter_matrix_id: None };
        self.call::<serde::de::IgnoredAny>(Method::POST, "join", Some(&membership)).await.map(|_| ())
    }

    /// Gives a member a power level in the room.
    pub async fn set_power_level(&self, room_id: &str, user_id: &str, power_level: i32) -> Result<(), Problem> {
        let path = format!("rooms/{}/power-level", utf8_percent_encode(room_id, NON_ALPHANUMERIC));
        let body = serde_json::json!({"user_id": user_id, "power_level": power_level});
        self.call::<serde::de::IgnoredAny>(Method::PUT, &path, Some(&body)).await.map(|_| ())
    }

    /// Whether the gateway and its homeserver answer: the gateway's own report.
    pub async fn health(&self) -> Result<serde_json::Value, Problem> {
        self.call(Method::GET, "health", None::<&()>).await
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
