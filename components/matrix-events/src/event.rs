//! What every kind of event has.

use messaging_core::ids::EntityId;
pub use messaging_core::matrix::is_id;
use messaging_core::matrix::read_content;
use messaging_edge::index::rooms::{Order, Sender, StateEvent};
use messaging_edge::{Problem, settings};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The parts of an event that the index reads (Matrix client-server API, "Room event format").
#[derive(Clone, Deserialize)]
pub struct Event {
    pub event_id: String,
    pub room_id: String,
    pub sender: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub state_key: Option<String>,
    pub redacts: Option<String>,
    /// Milliseconds since 1970, as the sender's server says.
    #[serde(default)]
    pub origin_server_ts: Value,
    #[serde(default, deserialize_with = "content")]
    pub content: Value,
    /// It stands for a state that the room does not have: the index knows no event for that.
    #[serde(skip)]
    pub is_absence: bool,
}

/// Reads the content as it is read when somebody asks for the message, so that what is indexed can be read.
fn content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let content = Box::<RawValue>::deserialize(deserializer)?;
    read_content(&content).map_err(serde::de::Error::custom)
}

impl Event {
    /// When it was sent, RFC 3339, as the sender's server says; `None` when PostgreSQL cannot hold that time.
    pub fn sent_at(&self) -> Option<String> {
        rfc3339(&self.origin_server_ts)
    }

    /// When it was sent, milliseconds since 1970, as the sender's server says. What is no time is the beginning of all.
    pub fn milliseconds(&self) -> i64 {
        let time = &self.origin_server_ts;
        // A cast from a fraction truncates, and one that does not fit becomes the nearest that does.
        time.as_i64().or_else(|| time.as_f64().map(|fraction| fraction as i64)).unwrap_or(0)
    }

    /// When it was sent, RFC 3339, or the nearest time that PostgreSQL can hold.
    pub fn changed_at(&self) -> String {
        rfc3339(&self.milliseconds().clamp(0, LATEST).into()).unwrap_or_default()
    }

    /// As a state event of its room.
    pub fn state<'a>(&'a self, sender: &'a Sender, changed_at: &'a str, order: Order<'a>) -> StateEvent<'a> {
        let event_id = (!self.is_absence).then_some(self.event_id.as_str());
        StateEvent { room_id: &self.room_id, event_id, sender, changed_at, order }
    }
}

/// Where events come in: whose homeserver it is, and by which request.
pub struct Here {
    /// The part of Matrix ids behind the colon.
    pub server_name: String,
    /// The bot's Matrix id.
    pub bot: String,
    /// Names the request in the log.
    pub request_id: String,
}

impl Here {
    /// Reads `matrix_server_name` and `matrix_bot_localpart`.
    pub async fn of_request(request_id: &str) -> Result<Self, Problem> {
        let server_name = settings::required("matrix_server_name").await?;
        let bot = format!("@{}:{server_name}", settings::required("matrix_bot_localpart").await?);
        Ok(Self { server_name, bot, request_id: request_id.to_owned() })
    }

    /// Who stands behind a Matrix id; `None` when it is none.
    pub fn entity(&self, matrix_user_id: &str) -> Option<EntityId> {
        EntityId::from_matrix_user_id(matrix_user_id, &self.server_name).ok()
    }

    /// Whether this is our bot.
    pub fn is_bot(&self, matrix_user_id: &str) -> bool {
        matrix_user_id == self.bot
    }

    /// Whether a Matrix id is of this homeserver, whose clock tells the times of its own events.
    pub fn is_own(&self, matrix_user_id: &str) -> bool {
        matrix_user_id.split_once(':').is_some_and(|(_, server)| server == self.server_name)
    }

    /// Who brought an event about; `None` when its ids can be no homeserver's.
    pub fn sender(&self, event: &Event) -> Option<Sender> {
        let ids = [&event.event_id, &event.room_id, &event.sender];
        let id = self.entity(&event.sender).filter(|_| ids.iter().all(|id| is_id(id)))?;
        Some(Sender { id, is_bot: self.is_bot(&event.sender) })
    }
}

/// The last millisecond of the year 9999.
const LATEST: i64 = 253_402_300_799_999;

/// A server's time as RFC 3339; `None` when it is no time that PostgreSQL can hold.
pub fn rfc3339(origin_server_ts: &Value) -> Option<String> {
    let milliseconds = origin_server_ts.as_i64().filter(|ms| (0..=LATEST).contains(ms))?;
    let time = chrono::DateTime::from_timestamp_millis(milliseconds)?;
    Some(time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}
