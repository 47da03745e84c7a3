//! A response of which nothing is needed.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Any JSON object. Every success is one; what else answers 200 (a captive portal, a proxy) says nothing of what was
/// carried out.
#[derive(Debug)]
pub struct AnyObject;

impl<'de> Deserialize<'de> for AnyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = AnyObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AnyObject, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(AnyObject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_is_a_success() {
        for object in ["{}", r#"{"a": [1, {"b": null}]}"#] {
            assert!(serde_json::from_str::<AnyObject>(object).is_ok(), "{object}");
        }
        for other in ["", "null", "[]", "[1]", "1", "\"{}\"", "true", "{", "{} {}", "<html>", "{'a': 1}"] {
            assert!(serde_json::from_str::<AnyObject>(other).is_err(), "{other}");
        }
        assert!(serde_json::from_str::<AnyObject>(&format!("{{\"a\":{}", "[".repeat(1_000_000))).is_err());
    }
}
