//! The room's state as it is now, compared with what was followed last: what lies further back than the history that was
//! read, and what the homeserver has taken back without a word.

use super::history::is_young;
use crate::event::{Event, Here, rfc3339};
use crate::room_state;
use crate::state::{self, Compared as Part};
use messaging_core::gateway::RoomMember;
use messaging_core::profile::ToldProfile;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::profiles::{ListedProfile, follow_profiles};
use messaging_edge::index::reconcile::{Begun, find_other_memberships, find_unindexed};
use messaging_edge::index::rooms::{Order, list_followed_state};
use serde_json::{Value, json};

/// What is compared each time, beside the encryption: first what decides who may read.
const TYPES: [&str; 7] = [
    "m.room.history_visibility",
    "m.room.join_rules",
    "m.room.name",
    "m.room.topic",
    "m.room.avatar",
    "m.room.power_levels",
    "m.room.pinned_events",
];

/// How many memberships are set right at once.
const MAX_MEMBERS: i32 = 25;

/// How many names are compared at once.
const MAX_NAMES: usize = 1_000;

/// What came of it.
pub struct Compared {
    /// How many parts of the state were set right.
    pub state: u64,
    /// How many memberships were.
    pub memberships: u64,
    /// Nothing is left to the homeserver or to the next time.
    pub is_whole: bool,
}

/// Compares name, topic, picture, power levels, join rule, history visibility, pinned events and encryption, and all members where it is their turn.
pub async fn compare(begun: &Begun, gateway: &Gateway, here: &Here) -> Result<Compared, Error> {
    let mut compared = Compared { state: 0, memberships: 0, is_whole: true };
    let followed = list_followed_state(&begun.room_id, None).await?;
    let mut numbers = Numbers::read(begun).await?;
    let encryption = (!begun.is_encrypted).then_some("m.room.encryption");
    for event_type in TYPES.into_iter().chain(encryption) {
        let known = followed.iter().find(|part| part.event_type == event_type && part.state_key.is_empty());
        let known = known.map(|part| part.event_id.as_str());
        let nothing = nobodys(begun, here, event_type, "", Value::Null);
        match state::compare(&nothing, known, |event| is_young(event, begun, here), here).await? {
            Part::Same => continue,
            Part::Left => {
                compared.is_whole = false;
                continue;
            }
            Part::Unknown => {
                follow_summary(begun, gateway, here).await?;
                compared.state += numbers.have_moved(begun).await?;
                break;
            }
            Part::Followed(event) if event_type == "m.room.encryption" => {
                if let Some(sender) = here.sender(&event) {
                    room_state::encryption(&event, &sender).await?;
                }
            }
            Part::Followed(_) => {}
        }
        compared.state += numbers.have_moved(begun).await?;
    }
    if begun.with_members {
        compare_members(begun, gateway, here, &mut compared).await?;
    }
    Ok(compared)
}

/// Whose membership is another one in the room is asked for one by one, and followed.
async fn compare_members(begun: &Begun, gateway: &Gateway, here: &Here, compared: &mut Compared) -> Result<(), Error> {
    let Some(mut members) = gateway.members(&begun.room_id).await? else { return Ok(()) };
    members.retain(|member| here.entity(&member.user_id).is_some() && !here.is_bot(&member.user_id));
    follow_names(begun, &members, here).await?;
    let others = find_other_memberships(&begun.room_id, &members, MAX_MEMBERS).await?;
    compared.is_whole &= others.len() < usize::try_from(MAX_MEMBERS).unwrap_or_default();
    let mut numbers = Numbers::read(begun).await?;
    for user_id in others {
        let nothing = nobodys(begun, here, "m.room.member", &user_id, Value::Null);
        // Who has never been in the room is a member here alone, and stays one.
        match state::compare(&nothing, None, |event| is_young(event, begun, here), here).await? {
            Part::Left => compared.is_whole = false,
            Part::Followed(_) => compared.memberships += numbers.have_moved(begun).await?,
            Part::Same | Part::Unknown => {}
        }
    }
    Ok(())
}

/// What those who are in are called, and their pictures: in one statement for many, as nothing else has to be asked.
async fn follow_names(begun: &Begun, members: &[RoomMember], here: &Here) -> Result<(), Error> {
    let listed = members.iter().filter(|member| member.membership == "join").filter_map(|member| {
        let profile = ToldProfile::new(member.display_name.as_deref(), member.avatar_url.as_deref());
        Some(ListedProfile {
            member_id: here.entity(&member.user_id)?,
            profile,
            changed_at: rfc3339(&member.changed_at_ms?.into())?,
        })
    });
    let listed: Vec<_> = listed.collect();
    for some in listed.chunks(MAX_NAMES) {
        follow_profiles(&begun.room_id, some).await?;
    }
    Ok(())
}

/// The channel's numbers tell whether something has changed.
struct Numbers(i64);

impl Numbers {
    async fn read(begun: &Begun) -> Result<Self, Error> {
        Ok(Self(find_unindexed(&begun.room_id, &[]).await?.last_seq))
    }

    async fn have_moved(&mut self, begun: &Begun) -> Result<u64, Error> {
        let before = std::mem::replace(self, Self::read(begun).await?);
        Ok(u64::from(before.0 != self.0))
    }
}

/// The poorer way, with a gateway that does not tell of state events: what the room is like, and nobody knows by whom.
async fn follow_summary(begun: &Begun, gateway: &Gateway, here: &Here) -> Result<(), Error> {
    let room = gateway.room(&begun.room_id).await?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let parts = [
        ("m.room.name", "name", Some(begun.name.clone()), given(room.name)),
        ("m.room.topic", "topic", begun.topic.clone(), given(room.topic)),
        ("m.room.avatar", "url", begun.avatar_url.clone(), given(room.avatar_url)),
    ];
    for (event_type, field, ours, theirs) in parts {
        if ours != theirs {
            let event = nobodys(begun, here, event_type, "", json!({field: theirs}));
            let Some(sender) = here.sender(&event) else { continue };
            room_state::record(&event, &sender, Order::Clock).await?;
        }
    }
    if room.encryption.is_some() && !begun.is_encrypted {
        let event = nobodys(begun, here, "m.room.encryption", "", json!({"algorithm": room.encryption}));
        if let Some(sender) = here.sender(&event) {
            room_state::encryption(&event, &sender).await?;
        }
    }
    Ok(())
}

/// A part of the state as if the bot had set it at this moment.
fn nobodys(begun: &Begun, here: &Here, event_type: &str, state_key: &str, content: Value) -> Event {
    Event {
        event_id: "$nobody".to_owned(),
        room_id: begun.room_id.clone(),
        sender: here.bot.clone(),
        event_type: event_type.to_owned(),
        state_key: Some(state_key.to_owned()),
        redacts: None,
        origin_server_ts: begun.settled_ms.into(),
        content,
        is_absence: true,
    }
}
