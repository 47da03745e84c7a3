//! What makes a channel.

use super::Visibility;
use crate::idempotency::digest;
use crate::ids::{EntityId, MicrodaoId, is_slug};
use crate::problem::{FieldError, Problem};
use crate::text::TextKind::{Line, Lines};
#[cfg(feature = "openapi")]
use crate::text::patterns;
use crate::text::{check_mxc, check_text, clean_line};
use serde::{Deserialize, Serialize};

/// The body of `POST /api/messaging/channels`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "if" = {"properties": {"is_direct": {"const": true}}, "required": ["is_direct"]},
    "then" = {"required": ["members"], "properties": {"members": {"minItems": 1, "maxItems": 1}}},
    "else" = {"required": ["slug", "name"], "properties": {"members": {"maxItems": 0}}}
)))]
pub struct CreateChannel {
    /// 1 to 100 of `[a-z0-9-]`, not only `-`, unique in the microDAO. A direct channel's slug comes from its pair.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schemars(
            skip_serializing_if = "String::is_empty",
            regex(pattern = "^(?!direct-)(?=-*[a-z0-9])[a-z0-9-]{1,100}$")
        )
    )]
    pub slug: String,
    /// 1 to 255 characters in one line that one can see. A direct channel may do without.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "String::is_empty", length(min = 1, max = 255), regex(pattern = patterns::LINE)))]
    pub name: String,
    /// At most 2,000 characters, some of which one can see; line breaks and tabs are allowed.
    #[cfg_attr(feature = "openapi", schemars(length(max = 2_000), regex(pattern = patterns::LINES_OR_NOTHING)))]
    pub description: Option<String>,
    /// The microDAO that the channel belongs to.
    #[cfg_attr(feature = "openapi", schemars(with = "MicrodaoId"))]
    pub microdao_id: String,
    /// Who may see it; `microdao` when it is left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub visibility: Visibility,
    /// Whether its messages are end-to-end encrypted; not when it is left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub is_encrypted: bool,
    /// At most 500 characters in one line that one can see.
    #[cfg_attr(feature = "openapi", schemars(length(max = 500), regex(pattern = patterns::LINE_OR_NOTHING)))]
    pub topic: Option<String>,
    /// An `mxc://` address.
    #[cfg_attr(feature = "openapi", schemars(length(max = 255), regex(pattern = patterns::MXC)))]
    pub avatar_url: Option<String>,
    /// Whether it is a conversation of two, private and one per pair; not when it is left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub is_direct: bool,
    /// For a direct channel: the other one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "Vec::is_empty", with = "Vec<EntityId>"))]
    pub members: Vec<String>,
}

/// How many characters a topic may have.
const MAX_TOPIC: usize = 500;

/// The slugs that are kept for direct channels start so.
const DIRECT_SLUG: &str = "direct-";

/// The columns of a new channel, all of them checked.
#[derive(Debug, Clone, Serialize)]
pub struct NewChannel {
    /// Unique in the microDAO.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The microDAO that it belongs to.
    pub microdao_id: MicrodaoId,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether its messages are end-to-end encrypted.
    pub is_encrypted: bool,
    /// What it is about at the moment.
    pub topic: Option<String>,
    /// An `mxc://` address.
    pub avatar_url: Option<String>,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// The other one of a direct channel.
    #[serde(skip)]
    pub other: Option<EntityId>,
}

impl NewChannel {
    /// The local part of the room's alias, `#<this>:<server>`. Private and direct channels have none: an alias tells
    /// everybody that there is such a channel.
    pub fn alias_name(&self) -> Option<String> {
        (self.visibility != Visibility::Private).then(|| format!("{}-{}", self.slug, self.microdao_id.slug()))
    }
}

impl NewChannel {
    /// With the description as topic where it has none of its own, in one line as topics are.
    pub fn with_topic(mut self) -> Self {
        self.topic = self.topic.or_else(|| clean_line(self.description.as_deref()?, MAX_TOPIC));
        self
    }
}

impl CreateChannel {
    /// Checks every field, and fills in what follows from the pair of a direct channel.
    pub fn check(mut self, caller: &EntityId, server_name: &str) -> Result<NewChannel, Problem> {
        let other = self.complete_direct(caller, server_name)?;
        let mut errors = Vec::new();
        if !is_slug(&self.slug) {
            errors.push(FieldError::body("slug", "must be 1 to 100 of a-z, 0-9 and '-', not only '-'"));
        } else if self.slug.starts_with(DIRECT_SLUG) && !self.is_direct {
            errors.push(FieldError::body("slug", "must not start with direct-, which is kept for direct channels"));
        }
        check_text("name", Line, Some(&self.name), (1, 255), &mut errors);
        check_text("description", Lines, self.description.as_deref(), (0, 2_000), &mut errors);
        check_text("topic", Line, self.topic.as_deref(), (0, MAX_TOPIC), &mut errors);
        check_mxc("avatar_url", self.avatar_url.as_deref(), &mut errors);
        let microdao_id = MicrodaoId::parse(&self.microdao_id);
        match microdao_id {
            Err(ref e) => errors.push(FieldError::body("microdao_id", e.0)),
            // The alias is #<slug>-<microdao slug>:<server>, and Matrix limits an alias to 255 bytes.
            Ok(ref id) if errors.is_empty() && self.slug.len() + id.slug().len() > 180 => {
                errors.push(FieldError::body("slug", "and the microDAO's slug are too long together for a room alias"));
            }
            Ok(_) => {}
        }
        match microdao_id {
            Ok(microdao_id) if errors.is_empty() => Ok(NewChannel {
                slug: self.slug,
                name: self.name,
                description: self.description,
                microdao_id,
                visibility: self.visibility,
                is_encrypted: self.is_encrypted,
                // Matrix knows no empty topic, only none.
                topic: self.topic.filter(|topic| !topic.is_empty()),
                avatar_url: self.avatar_url,
                is_direct: self.is_direct,
                other,
            }),
            _ => Err(Problem::invalid(errors)),
        }
    }

    /// For a direct channel: checks who the pair is, and fills in slug, name and visibility. Returns the other one.
    fn complete_direct(&mut self, caller: &EntityId, server_name: &str) -> Result<Option<EntityId>, Problem> {
        if !self.is_direct {
            if self.members.is_empty() {
                return Ok(None);
            }
            return Err(Problem::invalid_field("members", "belongs to a direct channel; invite to any other one"));
        }
        // Parsed first: one's own Matrix id is oneself.
        let members = self.members.iter().map(|member| EntityId::parse_on(member, server_name));
        let members: Result<Vec<_>, _> = members.collect();
        let mut others =
            members.map_err(|e| Problem::invalid_field("members", e.0))?.into_iter().filter(|member| member != caller);
        let other = match (others.next(), others.next()) {
            (Some(other), None) => other,
            _ => return Err(Problem::invalid_field("members", "must name exactly one other")),
        };
        let mut pair = [caller.as_str(), other.as_str()];
        pair.sort_unstable();
        let name = digest(&pair);
        self.slug = format!("{DIRECT_SLUG}{}", name.get(..32).unwrap_or(&name));
        if self.name.is_empty() {
            self.name = pair.join(", ").chars().take(255).collect();
        }
        self.visibility = Visibility::Private;
        Ok(Some(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(value: serde_json::Value) -> CreateChannel {
        serde_json::from_value(value).unwrap()
    }

    fn alice() -> EntityId {
        EntityId::parse("user:alice").unwrap()
    }

    #[test]
    fn every_bad_field_of_a_channel_is_named() {
        let bad = create(
            json!({"slug": "Bad Slug", "name": "", "microdao_id": "x", "topic": "a\0b", "avatar_url": "http://x"}),
        );
        let problem = bad.check(&alice(), "server").unwrap_err();
        let fields: Vec<_> = problem.errors.iter().filter_map(|e| e.pointer.as_deref()).collect();
        assert_eq!(fields, ["/slug", "/name", "/topic", "/avatar_url", "/microdao_id"]);
        for slug in ["", "-", "--", "a b", "ä"] {
            let problem = create(json!({"slug": slug, "name": "x", "microdao_id": "microdao:x"}));
            assert_eq!(problem.check(&alice(), "server").unwrap_err().errors[0].pointer.as_deref(), Some("/slug"));
        }
        for name in [" ", "\u{200b}", "a\nb", "a\u{1b}[31m", "a\u{202e}b"] {
            let bad = create(json!({"slug": "x", "name": name, "topic": name, "microdao_id": "microdao:x"}));
            let problem = bad.check(&alice(), "server").unwrap_err();
            let fields: Vec<_> = problem.errors.iter().filter_map(|e| e.pointer.as_deref()).collect();
            assert_eq!(fields, ["/name", "/topic"], "{name:?}");
        }
        let good = create(json!({"slug": "test", "name": "Test", "microdao_id": "microdao:daarion"}));
        assert_eq!(good.check(&alice(), "server").unwrap().visibility, Visibility::Microdao);
    }

    #[test]
    fn a_description_alone_is_the_topic_too() {
        let topic = |fields: serde_json::Value| {
            let mut new = json!({"slug": "a", "name": "A", "microdao_id": "microdao:b"});
            new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            create(new).check(&alice(), "server").unwrap().with_topic().topic
        };
        assert_eq!(topic(json!({"description": "All\nof us"})).as_deref(), Some("All of us"));
        assert_eq!(topic(json!({"description": "All", "topic": "Now"})).as_deref(), Some("Now"));
        assert_eq!(topic(json!({"description": "é".repeat(2_000)})), Some("é".repeat(500)));
        for nothing in [json!({}), json!({"description": ""}), json!({"description": null})] {
            assert_eq!(topic(nothing), None);
        }
    }

    #[test]
    fn private_and_direct_channels_have_no_alias() {
        let alias = |visibility: &str| {
            let new = json!({"slug": "a", "name": "A", "microdao_id": "microdao:b", "visibility": visibility});
            create(new).check(&alice(), "server").unwrap().alias_name()
        };
        assert_eq!(["public", "microdao", "private"].map(alias), [Some("a-b".into()), Some("a-b".into()), None]);
        let direct =
            json!({"is_direct": true, "microdao_id": "microdao:b", "members": ["user:bob"], "visibility": "public"});
        assert_eq!(create(direct).check(&alice(), "server").unwrap().alias_name(), None);
    }

    #[test]
    fn a_pair_has_one_direct_channel_whoever_asks() {
        let direct = |caller: &str, other: &str| {
            let new = create(json!({"is_direct": true, "microdao_id": "microdao:x", "members": [caller, other]}));
            new.check(&EntityId::parse(caller).unwrap(), "server").unwrap().slug
        };
        assert_eq!(direct("user:alice", "user:bob"), direct("user:bob", "user:alice"));
        assert_ne!(direct("user:alice", "user:bob"), direct("user:alice", "user:carol"));
        // One's own Matrix id is oneself.
        let of_alice = |members: &[&str]| {
            create(json!({"is_direct": true, "microdao_id": "microdao:x", "members": members}))
                .check(&alice(), "server")
        };
        assert!(of_alice(&["@user-alice:server"]).is_err());
        let named = of_alice(&["@user-alice:server", "user:bob"]).unwrap();
        assert_eq!(named.slug, direct("user:alice", "user:bob"));
        assert_eq!(direct("user:alice", "user:bob"), direct("user:alice", "@user-bob:server"));
        let taken = create(json!({"slug": direct("user:alice", "user:bob"), "name": "x", "microdao_id": "microdao:x"}));
        assert!(taken.check(&alice(), "server").is_err());
    }
}
