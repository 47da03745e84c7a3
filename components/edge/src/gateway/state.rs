//! A room's state: what it is at this moment, and what the bot sets right.

use super::response::{if_offered, read};
use super::{Gateway, membership};
use http::{Method, StatusCode};
use messaging_core::gateway::{CurrentState, RoomChange, VisibilityChanged, paths};
use messaging_core::matrix;
use messaging_core::problem::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What a gateway says of a part of a room's state.
#[derive(Debug)]
pub enum StateNow {
    /// This event.
    Event(Box<RawValue>),
    /// The room has none.
    Nothing,
    /// It cannot say: it has no such call, or its bot is not in the room.
    Unknown,
}

impl Gateway {
    /// The state event of this type and key that the homeserver says the room has now.
    pub async fn state_now(&self, room_id: &str, event_type: &str, state_key: &str) -> Result<StateNow, Problem> {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let query = format!("?type={}&state_key={}", encoded(event_type), encoded(state_key));
        let (status, body) = self.exchange_with(Method::GET, paths::STATE, &[room_id], &query, None::<&()>).await?;
        if status == StatusCode::FORBIDDEN {
            return Ok(StateNow::Unknown);
        }
        Ok(match if_offered(read::<CurrentState>(paths::STATE, status, &body))? {
            None => StateNow::Unknown,
            Some(state) => state.event.map_or(StateNow::Nothing, StateNow::Event),
        })
    }

    /// Closes a room as the bot: only who is invited joins, and neither a list nor, unless it `keeps_alias`, an alias leads to it.
    pub async fn close_to_strangers(&self, room_id: &str, keeps_alias: bool) -> Result<(), Problem> {
        let change = RoomChange {
            visibility: Some("private".to_owned()),
            room_alias_name: (!keeps_alias).then(String::new),
            ..RoomChange::default()
        };
        self.call::<VisibilityChanged>(Method::PUT, paths::VISIBILITY, &[room_id], Some(&change)).await.map(|_| ())
    }

    /// As [`close_to_strangers`](Self::close_to_strangers) for a room that is closed already, and may still be listed. One that is
    /// open by now stays so: the homeserver tells it.
    pub async fn hide_closed_room(&self, room_id: &str, keeps_alias: bool) -> Result<(), Problem> {
        #[derive(Deserialize)]
        struct JoinRules {
            content: Value,
        }

        if let StateNow::Event(event) = self.state_now(room_id, "m.room.join_rules", "").await? {
            let rules: JoinRules = serde_json::from_str(event.get()).map_err(Problem::internal)?;
            if matrix::text(&rules.content, "join_rule") == Some("public") {
                return Ok(());
            }
        }
        self.close_to_strangers(room_id, keeps_alias).await
    }

    /// Removes somebody from a room as the bot, whoever it is.
    pub async fn remove(&self, room_id: &str, user_id: &str) -> Result<(), Problem> {
        self.act(Method::POST, paths::KICK, &[], &membership(room_id, user_id)).await
    }
}
