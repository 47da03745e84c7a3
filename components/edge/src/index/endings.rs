//! The end of all of somebody's memberships in a microDAO: `migrations/functions/members/end.sql`.

use super::Error;
use super::call::Call;
use messaging_core::ids::{ChannelId, EntityId, MicrodaoId};
use serde::Deserialize;

/// A membership that is to end.
#[derive(Debug, Deserialize)]
pub struct EndingMembership {
    /// The channel.
    pub channel_id: ChannelId,
    /// Its room.
    pub room_id: String,
    /// Whose it is, as a Matrix id.
    pub matrix_user_id: String,
    /// Their level in the room.
    pub power_level: i32,
    /// Who becomes the owner in their place.
    pub successor: Option<Successor>,
}

/// Who becomes an owner.
#[derive(Debug, Deserialize)]
pub struct Successor {
    /// The member.
    pub member_id: EntityId,
    /// Their Matrix id.
    pub matrix_user_id: String,
}

/// Memberships that are to end.
#[derive(Debug, Deserialize)]
pub struct EndingMemberships {
    /// The first ones.
    pub memberships: Vec<EndingMembership>,
    /// How many there are behind these.
    pub remaining: u32,
    /// Somebody is giving them another level in one of the rooms at this moment.
    #[serde(default)]
    pub must_wait: bool,
}

/// Before the first `limit` memberships of somebody in a microDAO end, by `actor_id`.
pub async fn list_ending_memberships(
    microdao_id: &MicrodaoId,
    member_id: &EntityId,
    limit: i32,
    actor_id: &EntityId,
) -> Result<EndingMemberships, Error> {
    Call::of("list_ending_memberships")
        .arg("p_microdao_id", microdao_id.as_str())
        .arg("p_member_id", member_id)
        .arg("p_limit", limit)
        .arg("p_actor_id", actor_id)
        .json()
        .await
}

/// After it has ended in Matrix; `false`: the channel has no owner any more.
pub async fn record_ended_membership(
    membership: &EndingMembership,
    member_id: &EntityId,
    actor_id: &EntityId,
) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Ended {
        has_owner: bool,
    }
    let ended: Ended = Call::of("record_ended_membership")
        .arg("p_channel_id", membership.channel_id)
        .arg("p_member_id", member_id)
        .arg("p_actor_id", actor_id)
        .arg("p_successor_id", membership.successor.as_ref().map(|successor| &successor.member_id))
        .json()
        .await?;
    Ok(ended.has_owner)
}
