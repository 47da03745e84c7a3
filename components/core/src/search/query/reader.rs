//! The pieces of a query as they are written.

/// A piece of a query.
pub(super) enum Item<'a> {
    /// What stands between spaces.
    Words { is_negated: bool, text: &'a str },
    /// What stands in quotes, without them.
    Phrase { is_negated: bool, text: &'a str, is_closed: bool },
    /// `operator:value`. `written` is all of it.
    Operator { is_negated: bool, operator: &'a str, value: &'a str, written: &'a str },
}

const OPENING: [char; 5] = ['"', '“', '„', '«', '‟'];
const CLOSING: [char; 4] = ['"', '”', '“', '»'];
/// No operator has a longer name.
const MAX_OPERATOR: usize = 16;

/// The pieces of a query, in their order. Every piece takes at least a character, so there are no more than those.
pub(super) fn items(text: &str) -> Vec<Item<'_>> {
    let (mut items, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let (item, after) = item(rest);
        items.extend(item);
        rest = after.trim_start();
    }
    items
}

fn item(text: &str) -> (Option<Item<'_>>, &str) {
    // `--verbose` is something that people look for.
    let (is_negated, text) = match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with(|c: char| c == '-' || c.is_whitespace()) => (true, rest),
        _ => (false, text),
    };
    if let Some(quoted) = text.strip_prefix(OPENING) {
        let (text, is_closed, after) = phrase(quoted);
        return (Some(Item::Phrase { is_negated, text, is_closed }), after);
    }
    let (chunk, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    let operator = chunk.split_once(':').filter(|(operator, _)| is_operator(operator));
    if let Some((operator, value)) = operator {
        if let Some(quoted) = value.strip_prefix(OPENING) {
            let start = quoted.as_ptr() as usize - text.as_ptr() as usize;
            let (value, _, after) = phrase(text.get(start..).unwrap_or_default());
            let written = text.get(..text.len() - after.len()).unwrap_or(chunk);
            return (Some(Item::Operator { is_negated, operator, value, written }), after);
        }
        return (Some(Item::Operator { is_negated, operator, value, written: chunk }), after);
    }
    ((!chunk.is_empty()).then_some(Item::Words { is_negated, text: chunk }), after)
}

/// What is quoted, whether the quote ends, and what follows.
fn phrase(quoted: &str) -> (&str, bool, &str) {
    match quoted.split_once(CLOSING) {
        Some((text, after)) => (text, true, after),
        None => (quoted, false, ""),
    }
}

fn is_operator(name: &str) -> bool {
    (1..=MAX_OPERATOR).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic())
}
