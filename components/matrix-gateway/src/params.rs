//! The parameters of the gateway's paths, as types.

use crate::ids;
use http::StatusCode;
use messaging_core::paths::{FromParams, Params};
use messaging_edge::Problem;
use uuid::Uuid;

/// `…/rooms/:room_id…`
#[derive(Debug)]
pub struct RoomPath {
    /// A room id.
    pub room_id: String,
}

impl FromParams for RoomPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        Ok(Self { room_id: ids::room_id(params.get("room_id"))?.to_owned() })
    }
}

/// `…/rooms/:room_id/event/:event_id`
#[derive(Debug)]
pub struct EventPath {
    /// A room id.
    pub room_id: String,
    /// An event id.
    pub event_id: String,
}

impl FromParams for EventPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let RoomPath { room_id } = RoomPath::from_params(params)?;
        Ok(Self { room_id, event_id: ids::event_id(params.get("event_id"))?.to_owned() })
    }
}

/// `…/users/:user_id/…`
#[derive(Debug)]
pub struct UserPath {
    /// The user as the path names it, not checked: that takes the homeserver's name.
    pub user_id: String,
}

impl FromParams for UserPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        Ok(Self { user_id: params.get("user_id").to_owned() })
    }
}

/// `…/webhook/subscribe/:subscription_id`
#[derive(Debug)]
pub struct SubscriptionPath {
    /// The subscription.
    pub subscription_id: Uuid,
}

impl SubscriptionPath {
    /// 404: there is no such subscription.
    pub fn unknown() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "M_NOT_FOUND", "There is no such subscription.")
    }
}

impl FromParams for SubscriptionPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let subscription_id = Uuid::try_parse(params.get("subscription_id")).map_err(|_| Self::unknown())?;
        Ok(Self { subscription_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::gateway::paths;

    fn read<T: FromParams>(pattern: &'static str, path: &str) -> Result<T, Problem> {
        T::from_params(&messaging_core::paths::parse(pattern, path, str::to_owned).unwrap())
    }

    #[test]
    fn the_ids_of_a_path_are_checked() {
        let event: EventPath = read(paths::EVENT, "/internal/matrix/rooms/!a:x/event/$b").unwrap();
        assert_eq!((event.room_id.as_str(), event.event_id.as_str()), ("!a:x", "$b"));
        for bad in ["/internal/matrix/rooms/a/event/$b", "/internal/matrix/rooms/!a/event/b"] {
            assert_eq!(read::<EventPath>(paths::EVENT, bad).unwrap_err().code, "M_INVALID_PARAM", "{bad}");
        }
        assert_eq!(read::<RoomPath>(paths::ROOM, "/internal/matrix/rooms/a").unwrap_err().code, "M_INVALID_PARAM");
    }

    #[test]
    fn a_malformed_subscription_is_an_unknown_one() {
        let problem =
            read::<SubscriptionPath>(paths::SUBSCRIPTION, "/internal/matrix/webhook/subscribe/x").unwrap_err();
        assert_eq!((problem.status, problem.code), (StatusCode::NOT_FOUND, "M_NOT_FOUND"));
    }
}
