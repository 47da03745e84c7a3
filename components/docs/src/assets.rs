//! What is served. `build.rs` packs the files.

use flate2::read::GzDecoder;
use std::io::{self, Read};

/// A file.
pub struct Asset {
    path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content, packed.
    pub gzip: &'static [u8],
    digest: &'static str,
}

macro_rules! asset {
    ($path:literal, $file:literal, $content_type:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".gz")),
            digest: include_str!(concat!(env!("OUT_DIR"), "/", $file, ".digest")),
        }
    };
}

static ASSETS: [Asset; 15] = [
    asset!("/openapi.json", "openapi.json", "application/json"),
    asset!("/asyncapi.json", "asyncapi.json", "application/json"),
    asset!("/docs", "index.html", "text/html; charset=utf-8"),
    asset!("/docs/init.js", "init.js", "text/javascript; charset=utf-8"),
    asset!("/docs/nav.css", "nav.css", "text/css; charset=utf-8"),
    asset!("/docs/events", "events.html", "text/html; charset=utf-8"),
    asset!("/docs/events.css", "events.css", "text/css; charset=utf-8"),
    asset!("/docs/events.js", "events.js", "text/javascript; charset=utf-8"),
    asset!("/docs/fields.js", "fields.js", "text/javascript; charset=utf-8"),
    asset!("/docs/text.js", "text.js", "text/javascript; charset=utf-8"),
    asset!("/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    asset!("/docs/swagger-ui.css", "swagger-ui.css", "text/css; charset=utf-8"),
    asset!("/docs/favicon-32x32.png", "favicon-32x32.png", "image/png"),
    asset!("/docs/LICENSE", "LICENSE", "text/plain; charset=utf-8"),
    asset!("/docs/NOTICE", "NOTICE", "text/plain; charset=utf-8"),
];

/// The path of every file.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.path)
}

/// The file at a path of the URI.
pub fn find(path: &str) -> Option<&'static Asset> {
    let path = path.strip_suffix('/').unwrap_or(path);
    ASSETS.iter().find(|asset| asset.path == path)
}

impl Asset {
    /// The entity tag. Packed or not, these are different bytes, so the tags differ (RFC 9110, section 8.8.3.3).
    pub fn etag(&self, gzip: bool) -> String {
        format!("\"{}{}\"", self.digest, if gzip { "-gzip" } else { "" })
    }

    /// The content itself.
    pub fn unpacked(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut content)?;
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> String {
        String::from_utf8(find(path).unwrap().unpacked().unwrap()).unwrap()
    }

    /// What stands between a start and the next quotation mark.
    fn quoted<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
        text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn the_committed_documents_are_served() {
        assert_eq!(text("/openapi.json"), include_str!("../openapi.json"));
        assert_eq!(text("/asyncapi.json"), include_str!("../asyncapi.json"));
    }

    #[test]
    fn the_page_names_only_files_that_are_here() {
        for (page, count) in [("/docs/", 8), ("/docs/events", 7)] {
            let page = text(page);
            let names: Vec<_> = ["href=\"", "src=\""].iter().flat_map(|start| quoted(&page, start)).collect();
            assert_eq!(names.len(), count, "{names:?}");
            for name in names {
                assert!(find(name).is_some(), "{name}");
            }
        }
        assert!(find("/docs/swagger-ui.css.map").is_none());
    }

    #[test]
    fn the_pages_lead_to_each_other_and_scripts_only_to_files_that_are_here() {
        assert!(text("/docs").contains("href=\"/docs/events\""));
        assert!(text("/docs/events").contains("href=\"/docs\""));
        for script in ["/docs/events.js", "/docs/fields.js", "/docs/text.js"] {
            let script = text(script);
            for name in quoted(&script, " from \"").chain(quoted(&script, "fetch(\"")) {
                assert!(find(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn pages_have_no_script_and_no_style_inside_and_make_no_html_from_data() {
        for page in ["/docs", "/docs/events"] {
            let page = text(page);
            assert!(!page.contains("<style") && !page.contains("style=") && !page.contains(" on"), "{page}");
            assert!(page.split("<script").skip(1).all(|rest| rest.contains(" src=") && rest.contains("></script>")));
        }
        for script in ["/docs/events.js", "/docs/fields.js", "/docs/text.js"] {
            for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style"] {
                assert!(!text(script).contains(way), "{script} has {way}");
            }
        }
    }

    #[test]
    fn every_content_has_its_own_tags() {
        let mut tags: Vec<_> = ASSETS.iter().flat_map(|asset| [asset.etag(true), asset.etag(false)]).collect();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 2 * ASSETS.len());
    }
}
