//! Profiles: `migrations/functions/profiles/`.

use super::call::Call;
use super::{Changes, Document, Error};
use messaging_core::auth::Caller;
use messaging_core::ids::EntityId;
use messaging_core::profile::ToldProfile;
use messaging_core::rate_limit::Class;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Somebody's profile.
pub async fn get_profile(caller: &Caller, member_id: &EntityId) -> Result<Document, Error> {
    Call::of("get_profile").caller(caller).arg("p_member_id", member_id).document().await
}

/// A change of their own profile that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedProfileChange {
    /// What the homeserver has to be told, by column; empty when there is nothing to do.
    pub changes: Changes,
    /// The profile before.
    pub profile: Box<RawValue>,
}

/// Before a profile changes in Matrix. `wanted` holds the new values by column. `is_own`: the caller chooses for themselves, and
/// no service of the platform for its agent.
pub async fn prepare_profile_change(
    caller: &Caller,
    wanted: &Changes,
    is_own: bool,
) -> Result<PreparedProfileChange, Error> {
    let call = Call::of("prepare_profile_change").caller(caller).jsonb("p_changes", wanted).arg("p_is_own", is_own);
    call.limited(Class::Manage, caller).await.json().await
}

/// After the homeserver has `done` of what was `wanted`; gives the profile.
pub async fn record_profile_change(
    caller: &Caller,
    wanted: &Changes,
    done: &Changes,
    is_whole: bool,
) -> Result<Document, Error> {
    Call::of("record_profile_change")
        .arg("p_caller", caller.id())
        .jsonb("p_wanted", wanted)
        .jsonb("p_changes", done)
        .arg("p_is_whole", is_whole)
        .document()
        .await
}

/// What a room's list of members says of one who is in.
#[derive(Debug, Serialize)]
pub struct ListedProfile {
    /// Who.
    pub member_id: EntityId,
    /// Their name and picture.
    #[serde(flatten)]
    pub profile: ToldProfile,
    /// Since when, RFC 3339.
    pub changed_at: String,
}

/// What a room's list of members says of those who are in; at most 1,000 at once.
pub async fn follow_profiles(room_id: &str, members: &[ListedProfile]) -> Result<(), Error> {
    Call::of("follow_profiles").arg("p_room_id", room_id).jsonb("p_members", &members).done().await
}
