//! The part of a text that is shown with a hit.

use unicode_segmentation::UnicodeSegmentation;

use super::highlight::Span;

/// A window of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text of the window.
    pub text: String,
    /// Where it begins in the whole text, in characters (code points).
    pub start: usize,
    /// The places in the window, counted from its beginning.
    pub highlights: Vec<Span>,
    /// Whether the text has more behind it.
    pub has_more: bool,
}

/// The window of at most `max` characters (code points) around the first place, which begins and ends between characters as
/// people see them. One that has more than `max` code points is cut.
pub fn excerpt(text: &str, places: &[Span], max: usize) -> Excerpt {
    let first = places.first().copied().unwrap_or(Span { start: 0, end: 0 });
    // A quarter of the window shows what was before; all of it when the text ends soon.
    let length = text.chars().count();
    let wanted = first.start.saturating_sub(max / 4).min(length.saturating_sub(max));
    let (mut start, mut end, mut at) = (None, 0, 0);
    let mut previous = ' ';
    for cluster in text.graphemes(true) {
        let next = at + cluster.chars().count();
        // A word that would begin in its middle is left out, when it is not the one that was found.
        let begins =
            at >= wanted && (at == 0 || previous.is_whitespace() || at >= first.start || at >= wanted + max / 8);
        if start.is_none() && begins {
            start = Some(at);
        }
        previous = cluster.chars().next_back().unwrap_or(' ');
        if let Some(from) = start {
            if next > from + max {
                break;
            }
            end = next;
        }
        at = next;
    }
    let start = start.unwrap_or(wanted);
    let end = if end > start { end } else { (start + max).min(length) };
    let highlights = places
        .iter()
        .map(|place| Span { start: place.start.clamp(start, end) - start, end: place.end.clamp(start, end) - start })
        .filter(|place| place.start < place.end)
        .collect();
    let text = text.chars().skip(start).take(end - start).collect();
    Excerpt { text, start, highlights, has_more: end < length }
}
