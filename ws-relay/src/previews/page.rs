//! The head of a page, and what it says of the page.

use super::fetch::{Fetched, Wanted};
use encoding_rs::{Encoding, UTF_8};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use messaging_core::preview::{MAX_DESCRIPTION, MAX_SITE_NAME, MAX_TITLE, PageSummary};
use messaging_core::text::clean_name;
use url::Url;

/// How far into a page its encoding is looked for (HTML Standard, "Determining the character encoding").
const ENCODING_BYTES: usize = 1024;
/// How many tags of a head are looked at.
const MAX_TAGS: usize = 5_000;
/// The longest value that is kept of the page before it is cleaned, in bytes.
const MAX_VALUE_BYTES: usize = 8 * 1024;
/// What ends a head: its end, or the beginning of what is behind it.
const ENDS: [&[u8]; 2] = [b"</head", b"<body"];

/// A page, up to the end of its head.
pub struct Head;

impl Wanted for Head {
    fn accept(&self) -> &'static str {
        "text/html, application/xhtml+xml"
    }

    fn takes(&self, content_type: &str) -> bool {
        matches!(media_type(content_type).as_str(), "text/html" | "application/xhtml+xml")
    }

    fn is_enough(&self, body: &[u8], seen: usize) -> bool {
        let from = seen.saturating_sub(ENDS.iter().map(|end| end.len()).max().unwrap_or(0));
        ENDS.iter().any(|end| {
            let fresh = body.get(from..).unwrap_or_default();
            fresh.windows(end.len()).any(|part| part.eq_ignore_ascii_case(end))
        })
    }
}

/// What a page says of itself, and where its picture is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What it says.
    pub summary: PageSummary,
    /// The address of its picture.
    pub image: Option<Url>,
}

/// The media type of a `Content-Type`, lower case, without parameters.
pub fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads what a page says of itself; `None` when that is nothing.
pub fn read(fetched: &Fetched) -> Option<Page> {
    let (text, _, _) = encoding(&fetched.content_type, &fetched.body).decode(&fetched.body);
    let said = Said::of(&text);
    let clean = |values: &[&Option<String>], max: usize| {
        values.iter().find_map(|value| value.as_deref().and_then(|value| clean_name(&spaced(value), max)))
    };
    let summary = PageSummary {
        title: clean(&[&said.og_title, &said.twitter_title, &said.title], MAX_TITLE),
        description: clean(&[&said.og_description, &said.twitter_description, &said.description], MAX_DESCRIPTION),
        site_name: clean(&[&said.og_site_name], MAX_SITE_NAME),
        image: None,
    };
    // A name of the site alone says nothing that the address does not.
    if summary.title.is_none() && summary.description.is_none() {
        return None;
    }
    let image = said.og_image.or(said.twitter_image).and_then(|image| picture_at(&fetched.url, &image));
    Some(Page { summary, image })
}

/// Where the picture of a page is. What an encrypted page shows is not fetched in the clear: it is asked for at the encrypted
/// address instead, as browsers do (Mixed Content, "Upgrade a mixed content request").
fn picture_at(page: &Url, said: &str) -> Option<Url> {
    let mut at = page.join(said.trim()).ok()?;
    if page.scheme() == "https" && at.scheme() == "http" {
        at.set_scheme("https").ok()?;
    }
    Some(at)
}

/// White space as it is shown: one space.
fn spaced(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the bytes are in: the byte order mark counts most, then the response, then the page, else UTF-8.
fn encoding(content_type: &str, body: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return encoding;
    }
    let of_response = charset(content_type).and_then(|label| Encoding::for_label(label.as_bytes()));
    of_response.or_else(|| of_page(body.get(..ENCODING_BYTES.min(body.len()))?)).unwrap_or(UTF_8)
}

/// The `charset` of a `Content-Type`.
fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(label.trim().trim_matches(['"', '\'']))
}

fn of_page(beginning: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(beginning);
    for token in Tokenizer::new(&*text).flatten() {
        let Token::StartTag(tag) = token else { continue };
        if &**tag.name != b"meta" {
            continue;
        }
        let label = attribute(&tag, "charset").or_else(|| {
            let is_type = attribute(&tag, "http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("content-type"));
            let content = attribute(&tag, "content").filter(|_| is_type)?;
            charset(&content).map(str::to_owned)
        });
        if let Some(encoding) = label.and_then(|label| Encoding::for_label(label.as_bytes())) {
            // A page that could be read so far is not in UTF-16, whatever it says.
            return Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 });
        }
    }
    None
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    let end = value.len().min(MAX_VALUE_BYTES);
    Some(String::from_utf8_lossy(value.get(..end)?).into_owned())
}

/// The values of a head, as the page has them; of each the first one.
#[derive(Default)]
struct Said {
    title: Option<String>,
    description: Option<String>,
    og_title: Option<String>,
    og_description: Option<String>,
    og_site_name: Option<String>,
    og_image: Option<String>,
    twitter_title: Option<String>,
    twitter_description: Option<String>,
    twitter_image: Option<String>,
}

impl Said {
    /// Reads the tags up to the end of the head.
    fn of(text: &str) -> Self {
        let mut said = Self::default();
        let mut emitter = DefaultEmitter::default();
        // What stands in <script>, <style> and <title> is no tags.
        emitter.naively_switch_states(true);
        let mut in_title = false;
        let mut tags = 0;
        for token in Tokenizer::new_with_emitter(text, emitter).flatten() {
            match token {
                Token::StartTag(tag) => {
                    tags += 1;
                    in_title = &**tag.name == b"title" && said.title.is_none();
                    match &**tag.name {
                        b"body" => break,
                        b"meta" => said.meta(&tag),
                        b"title" if in_title => said.title = Some(String::new()),
                        _ => {}
                    }
                }
                Token::EndTag(tag) if &**tag.name == b"head" => break,
                Token::EndTag(_) => in_title = false,
                Token::String(part) if in_title => {
                    let title = said.title.get_or_insert_default();
                    let room = MAX_VALUE_BYTES.saturating_sub(title.len()).min(part.len());
                    title.push_str(&String::from_utf8_lossy(part.get(..room).unwrap_or_default()));
                }
                _ => {}
            }
            if tags > MAX_TAGS {
                break;
            }
        }
        said
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        // Open Graph names its properties in `property`; many pages have them in `name`.
        let Some(name) = attribute(tag, "property").or_else(|| attribute(tag, "name")) else { return };
        let place = match name.trim().to_ascii_lowercase().as_str() {
            "description" => &mut self.description,
            "og:title" => &mut self.og_title,
            "og:description" => &mut self.og_description,
            "og:site_name" => &mut self.og_site_name,
            "og:image" | "og:image:url" | "og:image:secure_url" => &mut self.og_image,
            "twitter:title" => &mut self.twitter_title,
            "twitter:description" => &mut self.twitter_description,
            "twitter:image" | "twitter:image:src" => &mut self.twitter_image,
            _ => return,
        };
        if place.is_none() {
            *place = attribute(tag, "content").filter(|content| !content.trim().is_empty());
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
