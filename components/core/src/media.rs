//! Content of the homeserver's repository, as callers bring and get it. What a message carries is a file, in `file`.

mod disposition;
mod hash;
mod kind;
mod markup;
#[cfg(feature = "openapi")]
mod operations;
mod path;
mod range;
mod signed;

pub use disposition::{clean_filename, disposition};
pub use hash::ContentHash;
pub use kind::{HEAD_BYTES, Served, content_type, picture_type, served};
#[cfg(feature = "openapi")]
pub use operations::operations;
pub use path::{MediaPath, Method, ThumbnailQuery};
pub use range::{Asked, asked, matches_etag, may_be_range};
pub use signed::{check_url, sign_url};

use crate::problem::{FieldError, Problem};
use crate::text::is_mxc;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest file that is taken where nobody says what the homeserver takes, in bytes.
pub const DEFAULT_MAX_BYTES: u64 = 50 * 1024 * 1024;
/// How many addresses are signed at once.
pub const MAX_SIGNED: usize = 100;
/// What the host of the content's page may do (Matrix specification, "Content repository", "Security considerations").
pub const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; \
     style-src 'unsafe-inline'; object-src 'self'";

/// Out: an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct UploadedFile {
    /// `mxc://…`: what a message names it by.
    pub content_uri: String,
    /// As it was sent, without what cannot be seen and without folders.
    pub filename: String,
    /// As its first bytes say.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// In 64 hexadecimal digits.
    pub sha256: String,
}

/// In: addresses to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SignUrls {
    /// 1 to 100 `mxc://` addresses.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 100), inner(length(max = 255))))]
    pub content_uris: Vec<String>,
}

impl SignUrls {
    /// Whether it may be asked so.
    pub fn check(&self) -> Result<(), Problem> {
        if !(1..=MAX_SIGNED).contains(&self.content_uris.len()) {
            return Err(Problem::invalid_field("content_uris", "must be 1 to 100 addresses"));
        }
        let wrong = self.content_uris.iter().enumerate().filter(|(_, uri)| !is_mxc(uri));
        let errors: Vec<_> = wrong
            .map(|(n, _)| FieldError::body(&format!("content_uris/{n}"), "must be an mxc://server/id address"))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

/// Out: where content is for a short time without a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct SignedUrl {
    /// `mxc://…`
    pub content_uri: String,
    /// Relative to this service's address.
    pub url: String,
    /// The same of its picture: add `width`, `height` and `method` to it.
    pub thumbnail_url: String,
    /// Until when they work.
    pub expires_at: Timestamp,
}

/// Out: the signed addresses of what the caller may read of what was asked for, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct SignedUrls {
    /// One each.
    pub urls: Vec<SignedUrl>,
}

/// Query of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadQuery {
    /// What the file is called.
    pub filename: Option<String>,
}

impl crate::page::FromQuery for UploadQuery {
    fn from_query(parameter: crate::page::Parameter<'_>) -> Result<Self, Problem> {
        Ok(Self { filename: parameter("filename").map(str::to_owned) })
    }

    /// There are no pages of it.
    fn shared_query(&self) -> String {
        String::new()
    }
}

impl Problem {
    /// 411: nobody can say how large the body is.
    pub fn length_required() -> Self {
        let detail = "Send the file with a Content-Length: the homeserver asks for its size first.";
        Self::new(http::StatusCode::LENGTH_REQUIRED, "length_required", detail)
    }

    /// 413: the homeserver takes no file of this size.
    pub fn file_too_large(limit: u64) -> Self {
        Self::too_large(format!("A file may have at most {limit} bytes."))
    }

    /// 416: the content, of so many bytes, does not have the part.
    pub fn range_not_satisfiable(length: u64) -> Self {
        let detail = format!("The content has {length} bytes.");
        Self::new(http::StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail)
    }

    /// 400: the form has no file, or goes on behind it.
    pub fn invalid_form(reason: impl std::fmt::Display) -> Self {
        Self::bad_request("invalid_form", format!("The form cannot be read: {reason}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_address_is_named() {
        let check = |uris: &[&str]| {
            SignUrls { content_uris: uris.iter().map(|uri| (*uri).to_owned()).collect() }.check().map_err(|p| p.errors)
        };
        assert!(check(&["mxc://a/b"]).is_ok());
        let errors = check(&["mxc://a/b", "https://a/b", "mxc://a/../b"]).unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_deref().unwrap()).collect();
        assert_eq!(pointers, ["/content_uris/1", "/content_uris/2"]);
        assert!(check(&[]).is_err() && check(&["mxc://a/b"; 101]).is_err());
    }
}
