//! Reactions: `migrations/functions/reactions/`.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::ids::EntityId;
use messaging_core::paths::{MessagePath, ReactionPath};
use messaging_core::rate_limit::Class;
use messaging_core::refusal::Refusal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The reactions to a message, a JSON array.
pub async fn list_reactions(caller: &Caller, at: MessagePath) -> Result<Box<RawValue>, Error> {
    #[derive(Deserialize)]
    struct Listed {
        reactions: Box<RawValue>,
    }
    let call = Call::of("list_reactions").caller(caller);
    let call = call.arg("p_channel_id", at.channel_id).arg("p_message_id", at.message_id);
    Ok(call.json::<Listed>().await?.reactions)
}

/// A reaction that the caller may add.
#[derive(Debug, Deserialize)]
pub struct PreparedReaction {
    /// The room that holds the event.
    pub room_id: String,
    /// The event that is reacted to.
    pub event_id: String,
    /// The caller is not in the room yet and joins by reacting.
    pub must_join: bool,
    /// The caller has reacted so already.
    pub has_reacted: bool,
    /// The event of the last time that the caller reacted so, since taken back.
    pub last_event_id: Option<String>,
}

/// Before somebody reacts in Matrix.
pub async fn prepare_reaction(caller: &Caller, at: &ReactionPath) -> Result<PreparedReaction, Error> {
    at_reaction("prepare_reaction", caller, at).limited(Class::Edit, caller).await.json().await
}

fn at_reaction(function: &'static str, caller: &Caller, at: &ReactionPath) -> Call {
    Call::of(function)
        .caller(caller)
        .arg("p_channel_id", at.channel_id)
        .arg("p_message_id", at.message_id)
        .arg("p_emoji", &at.emoji)
}

/// A reaction that is in Matrix.
#[derive(Clone, Copy)]
pub struct RecordReaction<'a> {
    /// The room that holds the events.
    pub room_id: &'a str,
    /// The event that is reacted to.
    pub target_event_id: &'a str,
    /// The reaction.
    pub event_id: &'a str,
    /// Who reacted.
    pub reactor_id: &'a EntityId,
    /// The reactor's Matrix id.
    pub reactor_matrix_id: &'a str,
    /// With what.
    pub emoji: &'a str,
    /// The homeserver tells of it.
    pub is_pushed: bool,
    /// When it was sent, as the homeserver says it (RFC 3339); `None` for what is sent just now.
    pub sent_at: Option<&'a str>,
}

/// After a reaction is in Matrix. One that the index leaves out gives the refusal for it.
pub async fn record_reaction(record: RecordReaction<'_>) -> Result<Option<Refusal>, Error> {
    #[derive(Deserialize)]
    struct Recorded {
        left_out: String,
    }
    let recorded: Option<Recorded> = Call::of("record_reaction")
        .arg("p_room_id", record.room_id)
        .arg("p_target_event_id", record.target_event_id)
        .arg("p_event_id", record.event_id)
        .arg("p_reactor_id", record.reactor_id)
        .arg("p_reactor_type", record.reactor_id.member_type())
        .arg("p_reactor_matrix_id", record.reactor_matrix_id)
        .arg("p_emoji", record.emoji)
        // Who had to join has done so before they reacted.
        .arg("p_joined_at", None::<&str>)
        .arg("p_is_pushed", record.is_pushed)
        .arg("p_sent_at", record.sent_at)
        .json_if_any()
        .await?;
    Ok(recorded.and_then(|recorded| Refusal::from_code(&recorded.left_out)))
}

/// A reaction that the caller may take back.
#[derive(Debug, Deserialize)]
pub struct PreparedReactionRemoval {
    /// The room that holds the events.
    pub room_id: String,
    /// The reaction; `None` when the caller has none.
    pub event_id: Option<String>,
}

/// Before a reaction is redacted in Matrix.
pub async fn prepare_reaction_removal(caller: &Caller, at: &ReactionPath) -> Result<PreparedReactionRemoval, Error> {
    at_reaction("prepare_reaction_removal", caller, at).limited(Class::Edit, caller).await.json().await
}
