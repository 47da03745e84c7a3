//! The built files. The build lists them in `files.json`; what is not in the list is not served, however it is spelled.

use messaging_edge::{Problem, negotiation};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;

/// Where spin.toml mounts the list.
const LIST: &str = "/files.json";

/// A file of the list.
#[derive(Debug, Clone, Deserialize)]
pub struct File {
    /// Its media type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// Names its content.
    digest: String,
    /// The codings in which it lies there too, the smallest first.
    codings: Vec<String>,
}

/// Every file by its path.
#[derive(Debug, Deserialize)]
pub struct Files(BTreeMap<String, File>);

impl Files {
    /// The list; `None` when the page has not been built.
    pub fn list() -> Result<Option<Self>, Problem> {
        match std::fs::read(LIST) {
            Ok(list) => serde_json::from_slice(&list).map(Some).map_err(Problem::internal),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::internal(error)),
        }
    }

    /// The file at a path.
    pub fn find(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }
}

impl File {
    /// The coding to send it in; `None`: as it is.
    pub fn coding(&self, accept_encoding: Option<&str>) -> Option<&str> {
        self.codings.iter().map(String::as_str).find(|coding| negotiation::takes(coding, accept_encoding))
    }

    /// The entity tag. In another coding these are other bytes, so the tags differ (RFC 9110, section 8.8.3.3).
    pub fn etag(&self, coding: Option<&str>) -> String {
        format!("\"{}{}{}\"", self.digest, if coding.is_some() { "-" } else { "" }, coding.unwrap_or(""))
    }
}

/// The bytes of a file of the list, in a coding.
pub fn read(path: &str, coding: Option<&str>) -> Result<Vec<u8>, Problem> {
    let suffix = match coding {
        None => "",
        Some("gzip") => ".gz",
        Some("br") => ".br",
        Some(other) => return Err(Problem::internal(format!("files.json names the coding {other}"))),
    };
    std::fs::read(format!("{path}{suffix}")).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let list = r#"{"/assets/a-1.js": {"type": "text/javascript", "digest": "d", "codings": ["br", "gzip"]}}"#;
        serde_json::from_str(list).unwrap()
    }

    #[test]
    fn without_a_build_there_is_no_list() {
        assert!(Files::list().unwrap().is_none());
    }

    #[test]
    fn only_what_is_listed_is_found() {
        for path in ["/assets/a-1.js.br", "/assets/../assets/a-1.js", "/files.json", "/assets/A-1.js", ""] {
            assert!(files().find(path).is_none(), "{path}");
        }
        assert!(files().find("/assets/a-1.js").is_some());
    }

    #[test]
    fn the_smallest_coding_that_is_taken_is_sent_under_a_tag_of_its_own() {
        let files = files();
        let file = files.find("/assets/a-1.js").unwrap();
        assert_eq!(file.coding(Some("gzip, br")), Some("br"));
        assert_eq!(file.coding(Some("gzip")), Some("gzip"));
        assert_eq!(file.coding(Some("br;q=0, gzip")), Some("gzip"));
        assert_eq!(file.coding(None), None);
        assert_eq!((file.etag(None), file.etag(Some("br"))), ("\"d\"".to_owned(), "\"d-br\"".to_owned()));
    }
}
