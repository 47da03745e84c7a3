//! Bodies about channels.

use super::{check_mxc, check_text};
use crate::ids::{EntityId, MicrodaoId, is_slug};
use crate::keys::fingerprint;
use crate::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};

/// The body of `POST /api/messaging/channels`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "if" = {"properties": {"is_direct": {"const": true}}, "required": ["is_direct"]},
    "then" = {"required": ["members"]},
    "else" = {"required": ["slug", "name"]}
)))]
pub struct CreateChannel {
    /// 1 to 100 of `[a-z0-9-]`, unique in the microDAO. A direct channel's slug comes from its pair.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schemars(skip_serializing_if = "String::is_empty", regex(pattern = "^[a-z0-9-]{1,100}$"))
    )]
    pub slug: String,
    /// 1 to 255 characters. A direct channel may do without.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "String::is_empty", length(min = 1, max = 255)))]
    pub name: String,
    /// At most 2,000 characters.
    #[cfg_attr(feature = "openapi", schemars(length(max = 2_000)))]
    pub description: Option<String>,
    /// The microDAO that the channel belongs to.
    #[cfg_attr(feature = "openapi", schemars(with = "MicrodaoId"))]
    pub microdao_id: String,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Whether its messages are end-to-end encrypted.
    #[serde(default)]
    pub is_encrypted: bool,
    /// At most 500 characters.
    #[cfg_attr(feature = "openapi", schemars(length(max = 500)))]
    pub topic: Option<String>,
    /// An `mxc://` address.
    #[cfg_attr(feature = "openapi", schemars(length(max = 255), regex(pattern = "^mxc://[^/]+/.+$")))]
    pub avatar_url: Option<String>,
    /// Whether it is a conversation of two, private and one per pair.
    #[serde(default)]
    pub is_direct: bool,
    /// For a direct channel: the other one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "Vec::is_empty", with = "Vec<EntityId>"))]
    pub members: Vec<String>,
}

/// The body of `PATCH …/channels/:channel_id`: what is absent stays as it is, `null` takes it away.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ChangeChannel {
    /// 1 to 255 characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 255)))]
    pub name: Option<String>,
    /// At most 2,000 characters.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 2_000)))]
    pub description: Option<Option<String>>,
    /// At most 500 characters.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 500)))]
    pub topic: Option<Option<String>>,
    /// An `mxc://` address.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 255), regex(pattern = "^mxc://[^/]+/.+$")))]
    pub avatar_url: Option<Option<String>>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
}

/// Tells `null` (`Some(None)`) from absent (`None`).
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ChangeChannel {
    /// Checks every field; returns the new value of each column that the caller names.
    pub fn validate(&self) -> Result<serde_json::Map<String, serde_json::Value>, Problem> {
        let mut errors = Vec::new();
        check_text("name", self.name.as_deref(), 1, 255, &mut errors);
        let text = |value: &Option<Option<String>>| value.clone().flatten();
        check_text("description", text(&self.description).as_deref(), 0, 2_000, &mut errors);
        check_text("topic", text(&self.topic).as_deref(), 0, 500, &mut errors);
        check_mxc("avatar_url", text(&self.avatar_url).as_deref(), &mut errors);
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let mut changes = serde_json::Map::new();
        let mut set = |column: &str, value: serde_json::Value| changes.insert(column.to_owned(), value);
        if let Some(name) = &self.name {
            set("name", name.as_str().into());
        }
        for (column, value) in
            [("description", &self.description), ("topic", &self.topic), ("avatar_url", &self.avatar_url)]
        {
            if let Some(value) = value {
                // Matrix knows no empty topic, only none.
                set(column, value.clone().filter(|text| !text.is_empty()).map_or(serde_json::Value::Null, Into::into));
            }
        }
        if let Some(visibility) = self.visibility {
            set("visibility", visibility.as_str().into());
        }
        Ok(changes)
    }
}

/// Who may see a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Any authenticated caller.
    Public,
    /// Members of the channel.
    Private,
    /// Members of the microDAO and of the channel.
    #[default]
    Microdao,
}

impl Visibility {
    /// As in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Microdao => "microdao",
        }
    }
}

/// The slugs that are kept for direct channels start so.
const DIRECT_SLUG: &str = "direct-";

impl CreateChannel {
    /// For a direct channel: checks who the pair is, and fills in what follows from it. Returns the other one.
    pub fn complete_direct(&mut self, caller: &EntityId, server_name: &str) -> Result<Option<EntityId>, Problem> {
        if !self.is_direct {
            if self.members.is_empty() {
                return Ok(None);
            }
            return Err(Problem::invalid_field("members", "belongs to a direct channel; invite to any other one"));
        }
        let mut others = self.members.iter().filter(|member| *member != caller.as_str());
        let other = match (others.next(), others.next()) {
            (Some(other), None) => EntityId::parse_on(other, server_name),
            _ => return Err(Problem::invalid_field("members", "must name exactly one other")),
        };
        let other = other.map_err(|e| Problem::invalid_field("members", e.0))?;
        let mut pair = [caller.as_str(), other.as_str()];
        pair.sort_unstable();
        let name = fingerprint(&pair);
        self.slug = format!("{DIRECT_SLUG}{}", name.get(..32).unwrap_or(&name));
        if self.name.is_empty() {
            self.name = pair.join(", ").chars().take(255).collect();
        }
        self.visibility = Visibility::Private;
        Ok(Some(other))
    }

    /// Checks every field; returns the microDAO.
    pub fn validate(&self) -> Result<MicrodaoId, Problem> {
        let mut errors = Vec::new();
        if !is_slug(&self.slug) {
            errors.push(FieldError::body("slug", "must be 1 to 100 of a-z, 0-9 and '-'"));
        } else if self.slug.starts_with(DIRECT_SLUG) && !self.is_direct {
            errors.push(FieldError::body("slug", "must not start with direct-, which is kept for direct channels"));
        }
        check_text("name", Some(&self.name), 1, 255, &mut errors);
        check_text("description", self.description.as_deref(), 0, 2_000, &mut errors);
        check_text("topic", self.topic.as_deref(), 0, 500, &mut errors);
        check_mxc("avatar_url", self.avatar_url.as_deref(), &mut errors);
        let microdao = MicrodaoId::parse(&self.microdao_id);
        if let Err(e) = &microdao {
            errors.push(FieldError::body("microdao_id", e.0));
        }
        // The alias is #<slug>-<microdao slug>:<server>, and Matrix limits an alias to 255 bytes.
        if let Ok(microdao) = &microdao
            && errors.is_empty()
            && self.slug.len() + microdao.slug().len() > 180
        {
            errors.push(FieldError::body("slug", "and the microDAO's slug are too long together for a room alias"));
        }
        match microdao {
            Ok(microdao) if errors.is_empty() => Ok(microdao),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(value: serde_json::Value) -> CreateChannel {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_bad_field_of_a_channel_is_named() {
        let bad = create(
            json!({"slug": "Bad Slug", "name": "", "microdao_id": "x", "topic": "a\0b", "avatar_url": "http://x"}),
        );
        let problem = bad.validate().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().filter_map(|e| e.pointer.as_deref()).collect();
        assert_eq!(fields, ["/slug", "/name", "/topic", "/avatar_url", "/microdao_id"]);
        let good = create(json!({"slug": "test", "name": "Test", "microdao_id": "microdao:daarion"}));
        assert_eq!(good.visibility, Visibility::Microdao);
        assert!(good.validate().is_ok());
    }

    #[test]
    fn a_pair_has_one_direct_channel_whoever_asks() {
        let direct = |caller: &str, other: &str| {
            let mut new = create(json!({"is_direct": true, "microdao_id": "microdao:x", "members": [caller, other]}));
            new.complete_direct(&EntityId::parse(caller).unwrap(), "server").unwrap();
            assert!(new.validate().is_ok());
            new.slug
        };
        assert_eq!(direct("user:alice", "user:bob"), direct("user:bob", "user:alice"));
        assert_ne!(direct("user:alice", "user:bob"), direct("user:alice", "user:carol"));
        let taken = create(json!({"slug": direct("user:alice", "user:bob"), "name": "x", "microdao_id": "microdao:x"}));
        assert!(taken.validate().is_err());
    }

    #[test]
    fn null_takes_away_and_absent_leaves() {
        let change: ChangeChannel = serde_json::from_value(json!({"topic": null, "name": "New"})).unwrap();
        let changes = change.validate().unwrap();
        assert_eq!(serde_json::Value::Object(changes), json!({"topic": null, "name": "New"}));
    }
}
