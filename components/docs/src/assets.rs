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

static ASSETS: [Asset; 8] = [
    asset!("/openapi.json", "openapi.json", "application/json"),
    asset!("/docs", "index.html", "text/html; charset=utf-8"),
    asset!("/docs/init.js", "init.js", "text/javascript; charset=utf-8"),
    asset!("/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    asset!("/docs/swagger-ui.css", "swagger-ui.css", "text/css; charset=utf-8"),
    asset!("/docs/favicon-32x32.png", "favicon-32x32.png", "image/png"),
    asset!("/docs/LICENSE", "LICENSE", "text/plain; charset=utf-8"),
    asset!("/docs/NOTICE", "NOTICE", "text/plain; charset=utf-8"),
];

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

    #[test]
    fn the_committed_document_is_served() {
        let served = find("/openapi.json").unwrap().unpacked().unwrap();
        assert_eq!(served, include_bytes!("../openapi.json"));
    }

    #[test]
    fn the_page_names_only_files_that_are_here() {
        let page = String::from_utf8(find("/docs/").unwrap().unpacked().unwrap()).unwrap();
        let names: Vec<_> = ["href=\"", "src=\""]
            .iter()
            .flat_map(|start| page.split(start).skip(1).filter_map(|rest| rest.split('"').next()))
            .collect();
        assert_eq!(names.len(), 5, "{names:?}");
        for name in names {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("/docs/swagger-ui.css.map").is_none());
    }

    #[test]
    fn every_content_has_its_own_tags() {
        let mut tags: Vec<_> = ASSETS.iter().flat_map(|asset| [asset.etag(true), asset.etag(false)]).collect();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 2 * ASSETS.len());
    }
}
