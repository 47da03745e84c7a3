//! What the index keeps of a message so that it is found.

use super::{VERSION, analyse};
use crate::matrix::{Described, describe};
use crate::preview::links;
use serde::Serialize;
use serde_json::Value;

/// What the index keeps of a message's text: `p_search` of the functions that record one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    analysis: i16,
    has_link: bool,
    lexemes: String,
    /// The links that may show what they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<String>,
}

impl Entry {
    /// Of a text, whatever it is of.
    pub fn of_text(text: &str) -> Self {
        let analysis = analyse(text);
        Self { analysis: VERSION, has_link: analysis.has_link(), lexemes: analysis.vector(), links: links(text) }
    }

    /// Of what a message says.
    pub fn of(described: &Described<'_>) -> Self {
        // The name of a file is no link, whatever it is.
        Self { links: links(&described.text), ..Self::of_text(&described.searched()) }
    }

    /// Of an event's content; of one that says nothing, an entry without words.
    pub fn of_content(event_type: &str, content: &Value) -> Self {
        describe(event_type, content).map_or_else(|| Self::of_text(""), |described| Self::of(&described))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_is_found_by_its_caption_and_its_name() {
        let content = json!({"msgtype": "m.file", "body": "Звіт за рік", "filename": "report-2026.pdf"});
        let entry = Entry::of_content("m.room.message", &content);
        for lexeme in ["'звіт'", "'=report-2026.pdf'", "'pdf'"] {
            assert!(entry.lexemes.contains(lexeme), "{lexeme}: {}", entry.lexemes);
        }
        assert_eq!((entry.analysis, entry.has_link), (VERSION, false));
    }

    #[test]
    fn formatting_and_mentions_add_nothing() {
        let content = json!({"msgtype": "m.text", "body": "Hello", "format": "org.matrix.custom.html",
            "formatted_body": "<a href=\"https://example.com\">Hello</a>", "filename": "hidden.txt",
            "m.mentions": {"user_ids": ["@alice:x"]}});
        assert_eq!(Entry::of_content("m.room.message", &content), Entry::of_text("Hello"));
    }

    #[test]
    fn links_are_those_of_the_text() {
        let content =
            json!({"msgtype": "m.file", "body": "see https://example.org/a", "filename": "https://example.com/x"});
        assert_eq!(Entry::of_content("m.room.message", &content).links, ["https://example.org/a"]);
        let none = serde_json::to_value(Entry::of_text("example.org")).unwrap();
        assert!(none.get("links").is_none());
    }

    #[test]
    fn what_says_nothing_has_no_words() {
        for (kind, content) in [
            ("m.room.message", json!({})),
            ("m.room.message", json!({"msgtype": "m.image", "body": ""})),
            ("m.room.encrypted", json!({"algorithm": "a", "body": "secret"})),
        ] {
            assert_eq!(Entry::of_content(kind, &content), Entry::of_text(""), "{kind}");
        }
        assert_eq!(Entry::of_text("").lexemes, "");
    }

    #[test]
    fn a_text_with_nul_can_be_stored() {
        let entry = serde_json::to_string(&Entry::of_text("a\0b \0 https://x.org/\0")).unwrap();
        assert!(!entry.contains("\\u0000"), "{entry}");
    }
}
