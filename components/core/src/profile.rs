//! Profiles: what people and agents are called, and their pictures.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::EntityId;
use crate::member::MemberType;
use crate::problem::Problem;
use crate::text::TextKind::Line;
#[cfg(feature = "openapi")]
use crate::text::patterns;
use crate::text::{check_mxc, check_text, clean_name, is_mxc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// How many characters a name may have.
pub const MAX_NAME: usize = 255;

/// What somebody is called, and their picture: one for all channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Profile {
    /// Who it is.
    pub member_id: EntityId,
    /// What they are.
    pub member_type: MemberType,
    /// What they are called; `null` when they have chosen no name.
    pub display_name: Option<String>,
    /// Their picture, an `mxc://` address.
    pub avatar_url: Option<String>,
}

/// The body of `PUT /api/messaging/profiles/:member_id`: what is absent stays as it is, `null` takes it away.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ChangeProfile {
    /// 1 to 255 characters in one line that one can see. White space at its ends goes.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(min = 1, max = 255), regex(pattern = patterns::LINE)))]
    pub display_name: Option<Option<String>>,
    /// An `mxc://` address.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 255), regex(pattern = patterns::MXC)))]
    pub avatar_url: Option<Option<String>>,
}

/// Tells `null` (`Some(None)`) from absent (`None`).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ChangeProfile {
    /// Checks both fields; returns the new value of each column that the caller names.
    pub fn check(&self) -> Result<Map<String, Value>, Problem> {
        let mut errors = Vec::new();
        // Homeservers trim names, and what is kept here is what they have.
        let name = self.display_name.as_ref().map(|name| name.as_deref().map(str::trim));
        let avatar_url = self.avatar_url.as_ref().map(Option::as_deref);
        check_text(
            "display_name",
            Line,
            self.display_name.as_ref().and_then(Option::as_deref),
            (1, MAX_NAME),
            &mut errors,
        );
        check_mxc("avatar_url", avatar_url.flatten(), &mut errors);
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let fields = [("display_name", name), ("avatar_url", avatar_url)];
        Ok(fields.into_iter().filter_map(|(column, value)| Some((column.to_owned(), value?.into()))).collect())
    }
}

/// What a room says of one of its members (Matrix client-server API, `m.room.member`), bounded and made safe to show: anybody
/// may call themselves anything there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldProfile {
    /// The name.
    pub display_name: Option<String>,
    /// The picture.
    pub avatar_url: Option<String>,
}

impl ToldProfile {
    /// Makes a profile of what was told; what cannot be a name or a picture is none.
    pub fn new(display_name: Option<&str>, avatar_url: Option<&str>) -> Self {
        Self {
            display_name: display_name.and_then(|name| clean_name(name, MAX_NAME)),
            avatar_url: avatar_url.filter(|url| is_mxc(url)).map(str::to_owned),
        }
    }
}

/// 403: the profile is another one's.
pub fn not_yours() -> Problem {
    Problem::forbidden("not_your_profile", "You can change only your own profile, which is `me`.")
}

/// What a homeserver calls somebody who has chosen no name: the part of their id that people know.
pub fn fallback_name(member_id: &EntityId) -> &str {
    member_id.as_str().split_once(':').map_or("", |(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(body: Value) -> Result<Value, Vec<String>> {
        let change: ChangeProfile = serde_json::from_value(body).unwrap();
        let pointers = |problem: Problem| problem.errors.into_iter().filter_map(|error| error.pointer).collect();
        change.check().map(Value::Object).map_err(pointers)
    }

    #[test]
    fn null_takes_away_and_absent_leaves() {
        for same in
            [json!({}), json!({"display_name": null}), json!({"avatar_url": "mxc://a/b", "display_name": "Ann"})]
        {
            assert_eq!(check(same.clone()), Ok(same));
        }
        assert_eq!(check(json!({"display_name": " Ann "})), Ok(json!({"display_name": "Ann"})));
    }

    #[test]
    fn a_name_is_a_line_that_one_can_see_and_a_picture_is_in_matrix() {
        for name in ["", " ", "a\nb", "a\0b", "\u{202e}nnA", "\u{200b}", &"x".repeat(256)] {
            assert_eq!(check(json!({"display_name": name})), Err(vec!["/display_name".to_owned()]), "{name:?}");
        }
        for url in ["", "https://x/y", "mxc://x", &format!("mxc://x/{}", "y".repeat(255))] {
            assert_eq!(check(json!({"avatar_url": url})), Err(vec!["/avatar_url".to_owned()]), "{url}");
        }
        assert!(check(json!({"display_name": "x".repeat(255)})).is_ok());
    }

    #[test]
    fn what_a_room_tells_is_made_safe_to_show() {
        let name = |text: &str| ToldProfile::new(Some(text), None).display_name;
        assert_eq!(name("  Bob\n\u{202e}B\u{7}. ").as_deref(), Some("Bob B."));
        assert_eq!([name(""), name(" \u{200b}"), name("\n")], [None, None, None]);
        assert_eq!(name("a\0b").as_deref(), Some("a\u{fffd}b"));
        // A family is one character to people, and stays whole or goes.
        let family = "👨‍👩‍👧";
        let told = name(&(("x").repeat(252) + family)).unwrap();
        assert_eq!(told, "x".repeat(252));
        assert_eq!(name(&("x".repeat(250) + family)).unwrap(), "x".repeat(250) + family);
        for url in ["", "https://x/y", "mxc://x/a b", &format!("mxc://x/{}", "y".repeat(255))] {
            assert_eq!(ToldProfile::new(None, Some(url)).avatar_url, None, "{url}");
        }
        assert!(ToldProfile::new(None, Some("mxc://x/y")).avatar_url.is_some());
    }

    #[test]
    fn who_has_chosen_no_name_is_called_by_their_id() {
        assert_eq!(fallback_name(&EntityId::parse("agent:sofia").unwrap()), "sofia");
    }

    proptest! {
        #[test]
        fn whatever_is_told_could_have_been_set_here(text in "(.|\\PC|\u{200d}|\u{301}|[👨👩🏽🏴]|\u{e0067}){0,400}") {
            let Some(name) = ToldProfile::new(Some(&text), None).display_name else { return Ok(()) };
            let change = ChangeProfile { display_name: Some(Some(name.clone())), avatar_url: None };
            prop_assert_eq!(Value::Object(change.check().unwrap()), json!({"display_name": name}));
        }
    }
}
