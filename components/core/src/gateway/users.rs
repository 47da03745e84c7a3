//! Users, files and webhooks.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// In: `register-user`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisterUser {
    /// The entity or its Matrix id.
    pub user_id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Its picture, `mxc://…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// In: `PUT users/{id}/display-name`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DisplayName {
    /// What somebody is called.
    pub display_name: String,
}

/// In: `PUT users/{id}/avatar`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Avatar {
    /// `mxc://…`; an empty text removes it.
    pub avatar_url: String,
}

/// Out: `register-user`, and what changes a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserId {
    /// The Matrix id.
    pub user_id: String,
}

/// In: `users/token`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenFor {
    /// The entity or its Matrix id.
    pub user_id: String,
    /// The device of the Matrix client; a new one when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// What the device is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_display_name: Option<String>,
}

/// Out: `users/token`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserToken {
    /// The Matrix id.
    pub matrix_user_id: String,
    /// For the Matrix client.
    pub access_token: String,
    /// The device of the Matrix client.
    pub device_id: String,
    /// The homeserver's name.
    pub home_server: String,
}

/// Out: `upload`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Uploaded {
    /// `mxc://…`
    pub content_uri: String,
    /// The media type that the form named.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
}

/// Out: `media/config`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct MediaConfig {
    /// The largest file, in bytes; absent where nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_size: Option<u64>,
}

/// In: `webhook/subscribe`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscribe {
    /// The room.
    pub room_id: String,
    /// Where its events go.
    pub webhook_url: String,
    /// The types of event; none: every type.
    #[serde(default)]
    pub events: Vec<String>,
}

/// Out: `webhook/subscribe`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscribed {
    /// The subscription.
    pub subscription_id: Uuid,
}

/// Out: `health`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The homeserver's name.
    pub homeserver: String,
}
