//! What a search answers.

use super::analysis::analyse;
use super::highlight::Span;
use super::query::{Hint, parse};
use crate::channel::Visibility;
use crate::ids::{ChannelId, MicrodaoId};
use crate::message::Message;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most characters (code points) of an excerpt.
pub const MAX_EXCERPT: usize = 200;
/// How many words of a query get suggestions at most.
pub const MAX_MISSPELT: usize = 4;
/// How many suggestions a word gets at most.
pub const MAX_SUGGESTIONS: usize = 3;

/// A page of what was found, newest first.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Found", deny_unknown_fields))]
pub struct Found<M = Message, C = ChannelOfHit> {
    /// The messages. There may be none although there is a next page: a page looks at so many messages and no more.
    pub hits: Vec<Hit<M, C>>,
    /// The `cursor` of the next page; `null` when there is nothing more.
    pub next: Option<String>,
    /// What was not done as it may have been meant.
    pub hints: Vec<Hint>,
    /// Of words that hardly anything was found for: which others may have been meant. Only on the first page.
    pub did_you_mean: Vec<DidYouMean>,
}

/// A message that was found.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Hit", deny_unknown_fields))]
pub struct Hit<M = Message, C = ChannelOfHit> {
    /// The message, as on a page of its channel.
    pub message: M,
    /// The channel that it is in.
    pub channel: C,
    /// The part of its text around the first place that was found, not HTML; the beginning where only operators were asked for.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_EXCERPT)))]
    pub excerpt: String,
    /// Where the excerpt begins in the text, in characters (code points).
    pub excerpt_start: usize,
    /// Whether the text goes on behind the excerpt.
    pub has_more: bool,
    /// The places in the excerpt that were found, in their order.
    #[cfg_attr(feature = "openapi", schemars(length(max = super::highlight::MAX_HIGHLIGHTS)))]
    pub highlights: Vec<Span>,
    /// The excerpt is of `content_preview`, and what was found may lie behind it: Matrix has not given the whole text in time.
    pub partial: bool,
}

/// The channel of a message that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChannelOfHit {
    /// The channel.
    pub id: ChannelId,
    /// Unique in the microDAO.
    pub slug: String,
    /// For people.
    pub name: String,
    /// The microDAO that it belongs to.
    pub microdao_id: MicrodaoId,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// An `mxc://` address.
    pub avatar_url: Option<String>,
    /// Since when it takes no more writes and is in no list.
    pub archived_at: Option<Timestamp>,
}

/// What may have been meant by a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct DidYouMean {
    /// The word of the query, in lower case.
    pub word: String,
    /// Words that the caller would find something for, the likeliest first.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_SUGGESTIONS)))]
    pub suggestions: Vec<String>,
}

impl DidYouMean {
    /// Without the words that are found already, as forms of the word itself or of another suggestion; `None` when none is
    /// left. At most [`MAX_SUGGESTIONS`] stay.
    pub fn distinct(self) -> Option<Self> {
        let mut known = vec![self.word.clone()];
        let is_new = |word: &String| {
            let is_new = !known.iter().any(|other| finds(other, word) || finds(word, other));
            known.push(word.clone());
            is_new
        };
        let suggestions: Vec<_> = self.suggestions.into_iter().filter(is_new).take(MAX_SUGGESTIONS).collect();
        (!suggestions.is_empty()).then_some(Self { suggestions, ..self })
    }
}

fn finds(word: &str, text: &str) -> bool {
    parse(word).matches(&analyse(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(word: &str, suggestions: &[&str]) -> Option<Vec<String>> {
        let suggestions = suggestions.iter().map(|word| (*word).to_owned()).collect();
        DidYouMean { word: word.to_owned(), suggestions }.distinct().map(|meant| meant.suggestions)
    }

    #[test]
    fn forms_of_one_word_are_one_suggestion() {
        let meant = distinct("квратира", &["квартира", "квартирою", "картина", "квартири", "картини"]);
        assert_eq!(meant.unwrap(), ["квартира", "картина"]);
        assert_eq!(distinct("квартиру", &["квартира", "квартири"]), None);
        assert_eq!(distinct("meting", &["meeting", "meetings", "mating", "melting", "metric"]).unwrap().len(), 3);
    }
}
