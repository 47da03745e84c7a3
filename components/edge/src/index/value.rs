//! Values of arguments, as a Spin host takes them.

use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{ChannelId, ChannelMemberId, EntityId, MessageId};
use spin_sdk::pg::ParameterValue;

/// An argument's value.
pub struct Value(pub ParameterValue);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(ParameterValue::Str(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&EntityId> for Value {
    fn from(id: &EntityId) -> Self {
        id.as_str().into()
    }
}

impl From<&ClientKey> for Value {
    fn from(key: &ClientKey) -> Self {
        key.as_str().into()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self(ParameterValue::Boolean(value))
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self(ParameterValue::Int32(number))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(ParameterValue::Int64(number))
    }
}

impl From<uuid::Uuid> for Value {
    fn from(id: uuid::Uuid) -> Self {
        Self(ParameterValue::Uuid(id.to_string()))
    }
}

impl From<ChannelId> for Value {
    fn from(id: ChannelId) -> Self {
        id.0.into()
    }
}

impl From<MessageId> for Value {
    fn from(id: MessageId) -> Self {
        id.0.into()
    }
}

impl From<ChannelMemberId> for Value {
    fn from(id: ChannelMemberId) -> Self {
        id.0.into()
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self(ParameterValue::ArrayStr(texts.into_iter().map(Some).collect()))
    }
}

impl From<Vec<Option<String>>> for Value {
    fn from(texts: Vec<Option<String>>) -> Self {
        Self(ParameterValue::ArrayStr(texts))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self(ParameterValue::DbNull), Into::into)
    }
}
