//! The content of the events that the gateway makes.

use crate::error::GatewayError;
use messaging_core::matrix::is_ours;
use messaging_core::mention::MENTIONS_FIELD;
use serde_json::{Map, Value, json};

/// The field of an edit that has the message's new content (client-server API, "Event replacements").
const NEW_CONTENT: &str = "m.new_content";

/// A message as the contract describes it.
#[derive(Debug)]
pub struct Message {
    /// `m.text` and the like.
    pub msgtype: String,
    /// The text.
    pub body: String,
    /// The format of `formatted_body`.
    pub format: Option<String>,
    /// The text as HTML.
    pub formatted_body: Option<String>,
}

impl Message {
    fn fields(&self, prefix: &str) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("msgtype".to_owned(), json!(self.msgtype));
        fields.insert("body".to_owned(), json!(format!("{prefix}{}", self.body)));
        if let Some(formatted) = &self.formatted_body {
            let format = self.format.as_deref().unwrap_or("org.matrix.custom.html");
            fields.insert("format".to_owned(), json!(format));
            fields.insert("formatted_body".to_owned(), json!(format!("{prefix}{formatted}")));
        }
        fields
    }

    /// The content of `m.room.message`. An edit gets its `m.new_content`, and the fallback text for clients that do not
    /// know edits, unless the caller gives the `m.new_content`.
    pub fn content(
        &self,
        relates_to: Option<&Map<String, Value>>,
        extra: &Map<String, Value>,
    ) -> Result<Value, GatewayError> {
        let edit = relates_to.is_some_and(|relation| relation.get("rel_type") == Some(&json!("m.replace")));
        let given = extra.get(NEW_CONTENT);
        if given.is_some_and(|new| !edit || !new.is_object()) {
            return Err(GatewayError::invalid("extra_content may have m.new_content only in an edit, as an object"));
        }
        let mut content = self.fields(if edit { "* " } else { "" });
        if edit {
            content.insert(NEW_CONTENT.to_owned(), given.cloned().unwrap_or_else(|| Value::Object(self.fields(""))));
        }
        add_fields(&mut content, relates_to, extra)?;
        Ok(Value::Object(content))
    }
}

/// The content of an event that a client has encrypted, with the relation and the further fields, which stay readable.
pub fn encrypted(
    content: Map<String, Value>,
    relates_to: Option<&Map<String, Value>>,
    extra: &Map<String, Value>,
) -> Result<Value, GatewayError> {
    if extra.contains_key(NEW_CONTENT) {
        return Err(GatewayError::invalid("the m.new_content of an encrypted edit is inside the ciphertext"));
    }
    whole(content, relates_to, extra)
}

/// The content of an `m.room.message` that comes as a whole, as one with a file does. No edit does.
pub fn whole_message(
    content: Map<String, Value>,
    relates_to: Option<&Map<String, Value>>,
    extra: &Map<String, Value>,
) -> Result<Value, GatewayError> {
    for field in ["msgtype", "body"] {
        if !content.get(field).is_some_and(Value::is_string) {
            return Err(GatewayError::missing(&format!("content.{field}")));
        }
    }
    let is_edit = relates_to.is_some_and(|relation| relation.get("rel_type") == Some(&json!("m.replace")));
    if is_edit || extra.contains_key(NEW_CONTENT) || content.contains_key(NEW_CONTENT) {
        return Err(GatewayError::invalid("an edit has msgtype, body and extra_content, and no content"));
    }
    whole(content, relates_to, extra)
}

fn whole(
    mut content: Map<String, Value>,
    relates_to: Option<&Map<String, Value>>,
    extra: &Map<String, Value>,
) -> Result<Value, GatewayError> {
    if let Some(field) = content.keys().find(|field| is_ours(field)) {
        return Err(GatewayError::invalid(format!("content must not have fields city.daarion.…, and has {field:?}")));
    }
    if relates_to.is_some() && content.contains_key("m.relates_to") {
        return Err(GatewayError::invalid("content must not have m.relates_to beside relates_to"));
    }
    add_fields(&mut content, relates_to, extra)?;
    Ok(Value::Object(content))
}

fn add_fields(
    content: &mut Map<String, Value>,
    relates_to: Option<&Map<String, Value>>,
    extra: &Map<String, Value>,
) -> Result<(), GatewayError> {
    if let Some(relates_to) = relates_to {
        content.insert("m.relates_to".to_owned(), Value::Object(relates_to.clone()));
    }
    for (field, value) in extra {
        if field == NEW_CONTENT {
            continue;
        }
        let is_allowed = is_ours(field) || field == MENTIONS_FIELD && value.is_object();
        if !is_allowed {
            return Err(GatewayError::invalid(format!(
                "extra_content may have fields city.daarion.… and an object m.mentions only, not {field:?}"
            )));
        }
        content.insert(field.clone(), value.clone());
    }
    Ok(())
}

/// The content of `m.reaction` (client-server API, "Annotating events").
pub fn reaction(event_id: &str, key: &str) -> Value {
    json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message { msgtype: "m.text".into(), body: "hi".into(), format: None, formatted_body: Some("<b>hi</b>".into()) }
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_reply_names_the_message_that_it_replies_to() {
        let relates_to = object(json!({"m.in_reply_to": {"event_id": "$x"}}));
        let content = message().content(Some(&relates_to), &object(json!({"city.daarion.key": "k"}))).unwrap();
        assert_eq!(
            content,
            json!({"msgtype": "m.text", "body": "hi", "format": "org.matrix.custom.html", "formatted_body": "<b>hi</b>",
                   "m.relates_to": {"m.in_reply_to": {"event_id": "$x"}}, "city.daarion.key": "k"})
        );
    }

    #[test]
    fn an_edit_has_a_fallback_and_the_new_content() {
        let relates_to = object(json!({"rel_type": "m.replace", "event_id": "$x"}));
        let content = message().content(Some(&relates_to), &Map::new()).unwrap();
        assert_eq!((&content["body"], &content["formatted_body"]), (&json!("* hi"), &json!("* <b>hi</b>")));
        assert_eq!(content["m.new_content"]["body"], "hi");
        assert_eq!(content["m.relates_to"]["event_id"], "$x");
        let own = object(json!({"m.new_content": {"body": "given"}}));
        let content = message().content(Some(&relates_to), &own).unwrap();
        assert_eq!((&content["body"], &content["m.new_content"]["body"]), (&json!("* hi"), &json!("given")));
    }

    #[test]
    fn extra_content_cannot_pass_for_the_message() {
        for bad in
            [json!({"body": "x"}), json!({"m.relates_to": {}}), json!({"m.new_content": {}}), json!({"city.other": 1})]
        {
            assert!(message().content(None, &object(bad.clone())).is_err(), "{bad}");
        }
        let mentions = object(json!({"m.mentions": {"user_ids": ["@bob:x"]}}));
        assert_eq!(message().content(None, &mentions).unwrap()["m.mentions"]["user_ids"][0], "@bob:x");
        assert!(message().content(None, &object(json!({"m.mentions": []}))).is_err());
        let relates_to = object(json!({"rel_type": "m.replace", "event_id": "$x"}));
        assert!(message().content(Some(&relates_to), &object(json!({"m.new_content": 1}))).is_err());
        assert!(encrypted(Map::new(), None, &object(json!({"ciphertext": "x"}))).is_err());
    }

    #[test]
    fn a_message_that_comes_as_a_whole_is_a_message() {
        let extra = object(json!({"city.daarion.key": "k", "m.mentions": {}}));
        let content = |value: Value| whole_message(object(value), None, &extra);
        let image = json!({"msgtype": "m.image", "body": "x", "url": "mxc://x/y"});
        let made = content(image.clone()).unwrap();
        assert_eq!((&made["url"], &made["city.daarion.key"]), (&json!("mxc://x/y"), &json!("k")));
        for (field, value) in [
            ("body", Value::Null),
            ("msgtype", json!(7)),
            ("city.daarion.key", json!("mine")),
            ("m.new_content", json!({})),
        ] {
            let mut bad = image.clone();
            bad[field] = value;
            assert!(content(bad).is_err(), "{field}");
        }
        let edit = object(json!({"rel_type": "m.replace", "event_id": "$x"}));
        assert!(whole_message(object(image.clone()), Some(&edit), &extra).is_err());
        assert!(whole_message(object(image), None, &object(json!({"m.new_content": {}}))).is_err());
    }

    #[test]
    fn a_clients_ciphertext_cannot_pass_for_the_service() {
        let extra = object(json!({"city.daarion.key": "k"}));
        let relates_to = object(json!({"m.in_reply_to": {"event_id": "$x"}}));
        let content = |value: Value| encrypted(object(value), Some(&relates_to), &extra);
        assert_eq!(content(json!({"ciphertext": "c"})).unwrap()["city.daarion.key"], "k");
        assert!(content(json!({"ciphertext": "c", "city.daarion.key": "mine"})).is_err());
        assert!(content(json!({"ciphertext": "c", "m.relates_to": {}})).is_err());
    }
}
