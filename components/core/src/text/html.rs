//! The HTML of messages, cleaned to the subset that the Matrix specification recommends (Client-Server API, section
//! "m.room.message msgtypes").
//!
//! A tokenizer and no tree: repairing misnested formatting, as browsers do, turns 16 KiB into gigabytes of nodes. What
//! comes out is made of nothing but escaped text and tags of the subset, properly nested, and ends what a browser would
//! end by itself, so that this finds nothing to repair.

use super::is_mxc;
use html5gum::{DefaultEmitter, EndTag, StartTag, Token, Tokenizer};
use serde::{Deserialize, Serialize};

/// How deep elements may nest; the specification's limit. Tags beyond it are left out, their text stays.
const MAX_DEPTH: usize = 100;

/// The elements of the subset, without those that have no end tag.
const ELEMENTS: [&str; 38] = [
    "a",
    "b",
    "blockquote",
    "caption",
    "code",
    "del",
    "details",
    "div",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "tt",
];

/// Elements that a browser ends where another of their name begins, however deep in them. What is open in them would be
/// opened anew behind it, each time, so it is ended as well.
const ENDED_BY_THE_NEXT: [&str; 5] = ["a", "li", "td", "th", "tr"];
/// What is looked for an open element of that kind only up to.
const BOUNDARIES: [&str; 10] = ["blockquote", "caption", "details", "div", "ol", "summary", "table", "td", "th", "ul"];
/// The parts of a table that hold no text. A browser would move it, and what is open around it, out of the table.
const TABLE_PARTS: [&str; 5] = ["table", "tbody", "tfoot", "thead", "tr"];
/// What may be in such a part.
const IN_TABLE_PARTS: [&str; 7] = ["caption", "tbody", "td", "tfoot", "th", "thead", "tr"];
const BLOCKS: [&str; 16] = [
    "blockquote",
    "details",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ol",
    "p",
    "pre",
    "summary",
    "table",
    "ul",
];

/// Those that have none.
const VOID_ELEMENTS: [&str; 3] = ["br", "hr", "img"];

/// Elements whose content is no text to read, or that browsers read by rules of their own. They go with what is in
/// them. `mx-reply` is the copy of the message that is replied to.
const LEFT_OUT: [&str; 17] = [
    "applet", "audio", "canvas", "head", "iframe", "math", "mx-reply", "noembed", "noframes", "noscript", "object",
    "script", "style", "svg", "template", "textarea", "title",
];

/// Where a link may lead.
const LINK_SCHEMES: [&str; 5] = ["ftp", "http", "https", "magnet", "mailto"];

/// HTML of messages, on its way to the component that cleans it and back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Html {
    /// The HTML of each.
    pub html: Vec<String>,
}

/// Cleans HTML. Empty when nothing is left that can be seen.
pub fn clean(html: &str) -> String {
    let mut cleaner = Cleaner::default();
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Ok(Token::StartTag(tag)) => cleaner.start(&tag),
            Ok(Token::EndTag(tag)) => cleaner.end(&tag),
            Ok(Token::String(text)) => cleaner.text(&String::from_utf8_lossy(&text)),
            Ok(Token::Comment(_) | Token::Doctype(_) | Token::Error(_)) => {}
        }
    }
    cleaner.finish()
}

#[derive(Default)]
struct Cleaner {
    out: String,
    open: Vec<&'static str>,
    /// The element that is being left out, and how many of its name are open.
    left_out: Option<(&'static str, usize)>,
    has_content: bool,
}

fn known(list: &[&'static str], name: &[u8]) -> Option<&'static str> {
    list.iter().find(|known| known.as_bytes() == name).copied()
}

impl Cleaner {
    fn start(&mut self, tag: &StartTag<()>) {
        if let Some((name, depth)) = &mut self.left_out {
            *depth += usize::from(name.as_bytes() == &**tag.name && !tag.self_closing);
            return;
        }
        if let Some(name) = known(&LEFT_OUT, &tag.name) {
            // Only foreign elements can be closed in their start tag.
            if !(tag.self_closing && matches!(name, "svg" | "math")) {
                self.left_out = Some((name, 1));
            }
        } else if let Some(name) = known(&VOID_ELEMENTS, &tag.name) {
            self.void(name, tag);
        } else if let Some(name) = known(&ELEMENTS, &tag.name).filter(|_| self.open.len() < MAX_DEPTH) {
            self.end_the_one_before(name);
            self.tag(name, tag);
            self.open.push(name);
        }
    }

    fn void(&mut self, name: &'static str, tag: &StartTag<()>) {
        // A picture from anywhere else would tell its server who reads the message.
        let is_ours = |source: &str| is_mxc(source) && source.matches('/').count() == 3;
        if name != "img" || attribute(tag, "src").is_some_and(|source| is_ours(&source)) {
            self.has_content |= name != "br";
            self.end_the_one_before(name);
            self.tag(name, tag);
        }
    }

    /// Ends what a browser ends by itself where `name` begins, with what is open in it.
    fn end_the_one_before(&mut self, name: &str) {
        if !IN_TABLE_PARTS.contains(&name) {
            self.leave_table();
        }
        let ended =
            |open: &str| open == name && ENDED_BY_THE_NEXT.contains(&name) || open == "p" && BLOCKS.contains(&name);
        let is_link = name == "a";
        let at = self.open.iter().rposition(|open| ended(open) || !is_link && BOUNDARIES.contains(open));
        if let Some(at) = at.filter(|at| self.open.get(*at).is_some_and(|open| ended(open))) {
            self.close_down_to(at);
        }
    }

    fn leave_table(&mut self) {
        while self.open.last().is_some_and(|last| TABLE_PARTS.contains(last)) {
            self.close_down_to(self.open.len().saturating_sub(1));
        }
    }

    fn end(&mut self, tag: &EndTag<()>) {
        if let Some((name, depth)) = &mut self.left_out {
            if name.as_bytes() == &**tag.name {
                *depth -= 1;
                if *depth == 0 {
                    self.left_out = None;
                }
            }
            return;
        }
        // An end tag ends what was opened inside as well; one of nothing that is open ends nothing.
        if let Some(at) = self.open.iter().rposition(|open| open.as_bytes() == &**tag.name) {
            self.close_down_to(at);
        }
    }

    fn text(&mut self, text: &str) {
        if self.left_out.is_none() {
            if !text.trim().is_empty() {
                self.has_content = true;
                self.leave_table();
            }
            escape(text, &mut self.out);
        }
    }

    fn tag(&mut self, name: &'static str, tag: &StartTag<()>) {
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in &tag.attributes {
            let value = String::from_utf8_lossy(value);
            if let Some((attribute, value)) = allowed(name, attribute, &value) {
                self.out.push(' ');
                self.out.push_str(attribute);
                self.out.push_str("=\"");
                escape(&value, &mut self.out);
                self.out.push('"');
            }
        }
        self.out.push('>');
    }

    fn close_down_to(&mut self, depth: usize) {
        for name in self.open.drain(depth..).rev() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn finish(mut self) -> String {
        self.close_down_to(0);
        if self.has_content { self.out } else { String::new() }
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// An attribute as it may stay, under its name.
fn allowed(element: &str, attribute: &[u8], value: &str) -> Option<(&'static str, String)> {
    let is_number = |value: &&str| !value.is_empty() && value.len() <= 6 && value.bytes().all(|b| b.is_ascii_digit());
    let number = || Some(value.trim()).filter(is_number).map(str::to_owned);
    let color = || Some(value.trim()).filter(|value| is_color(value)).map(str::to_owned);
    let text = || Some(value.to_owned());
    let (name, value) = match (element, attribute) {
        ("a", b"href") => ("href", Some(value.trim()).filter(|value| is_link(value)).map(str::to_owned)),
        ("img", b"src") => ("src", text()),
        ("img", b"alt") => ("alt", text()),
        ("img", b"title") => ("title", text()),
        ("img", b"width") => ("width", number()),
        ("img", b"height") => ("height", number()),
        ("img", b"data-mx-emoticon") => ("data-mx-emoticon", text()),
        ("ol", b"start") => ("start", number()),
        ("code", b"class") => ("class", language(value)),
        ("font", b"color") => ("color", color()),
        ("font" | "span", b"data-mx-color") => ("data-mx-color", color()),
        ("font" | "span", b"data-mx-bg-color") => ("data-mx-bg-color", color()),
        ("span", b"data-mx-spoiler") => ("data-mx-spoiler", text()),
        ("span" | "div", b"data-mx-maths") => ("data-mx-maths", text()),
        _ => return None,
    };
    Some((name, value?))
}

fn is_link(value: &str) -> bool {
    let scheme = value.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| LINK_SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

fn is_color(value: &str) -> bool {
    let digits = value.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The classes that name the language of a piece of code.
fn language(value: &str) -> Option<String> {
    let classes: Vec<_> = value.split_ascii_whitespace().filter(|class| class.starts_with("language-")).collect();
    Some(classes.join(" ")).filter(|classes| !classes.is_empty())
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
