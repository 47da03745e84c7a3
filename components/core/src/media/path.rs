//! What a download names.

use crate::page::{FromQuery, Parameter};
use crate::paths::{FromParams, Params};
use crate::problem::{FieldError, Problem};
use crate::text::is_mxc;
use strum::{EnumString, IntoStaticStr};

/// The longest side of a thumbnail that may be asked for, in pixels.
const MAX_SIDE: u16 = 2048;

/// `/api/messaging/media/:server_name/:media_id…`. What is no content's address is unknown content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPath {
    /// The server that has it.
    pub server_name: String,
    /// Its id there.
    pub media_id: String,
}

impl MediaPath {
    /// Splits an `mxc://` address; `None` when it is none.
    pub fn of_uri(uri: &str) -> Option<Self> {
        let (server_name, media_id) = uri.strip_prefix("mxc://").filter(|_| is_mxc(uri))?.split_once('/')?;
        Some(Self { server_name: server_name.to_owned(), media_id: media_id.to_owned() })
    }

    /// `mxc://…`
    pub fn uri(&self) -> String {
        format!("mxc://{}/{}", self.server_name, self.media_id)
    }
}

impl FromParams for MediaPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let uri = format!("mxc://{}/{}", params.get("server_name"), params.get("media_id"));
        Self::of_uri(&uri).ok_or_else(|| Problem::not_found("file"))
    }
}

/// How a thumbnail fits its size (client-server API, "Thumbnails").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// As a whole.
    #[default]
    Scale,
    /// Filled, with what is beside it cut off.
    Crop,
}

/// `?width=&height=&method=`. The homeserver gives the size that is nearest of those that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThumbnailQuery {
    /// In pixels.
    pub width: u16,
    /// In pixels.
    pub height: u16,
    /// How it fits.
    pub method: Method,
}

impl FromQuery for ThumbnailQuery {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let mut side = |name: &'static str, usual: u16| match parameter(name) {
            None => usual,
            Some(text) => text.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side)).unwrap_or_else(|| {
                errors.push(FieldError::parameter(name, format!("must be a number from 1 to {MAX_SIDE}")));
                usual
            }),
        };
        let (width, height) = (side("width", 320), side("height", 240));
        let method = parameter("method").map_or(Ok(Method::default()), str::parse).unwrap_or_else(|_| {
            errors.push(FieldError::parameter("method", "must be scale or crop"));
            Method::default()
        });
        if errors.is_empty() { Ok(Self { width, height, method }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        let method: &str = self.method.into();
        format!("width={}&height={}&method={method}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::{MEDIA, parse};

    #[test]
    fn only_an_address_is_content() {
        let read = |path: &str| parse(MEDIA, path, str::to_owned).map(|params| MediaPath::from_params(&params).is_ok());
        assert_eq!(read("/api/messaging/media/a.example:8448/A_b-9"), Some(true));
        for unknown in ["/api/messaging/media/-/x", "/api/messaging/media/../x", "/api/messaging/media/a/b.c"] {
            assert_eq!(read(unknown), Some(false), "{unknown}");
        }
        assert_eq!(MediaPath::of_uri("mxc://a/b").unwrap().uri(), "mxc://a/b");
        assert!(MediaPath::of_uri("mxc://a/b/c").is_none() && MediaPath::of_uri("https://a/b").is_none());
    }

    #[test]
    fn a_thumbnail_has_a_size() {
        let read = |query: [Option<&'static str>; 3]| {
            let [width, height, method] = query;
            ThumbnailQuery::from_query(&|name| match name {
                "width" => width,
                "height" => height,
                _ => method,
            })
        };
        let usual = ThumbnailQuery { width: 320, height: 240, method: Method::Scale };
        assert_eq!(read([None; 3]).unwrap(), usual);
        assert_eq!(read([Some("96"), Some("96"), Some("crop")]).unwrap().method, Method::Crop);
        for wrong in ["0", "-1", "4294967296", "2049", "x", ""] {
            assert!(read([Some(wrong), None, None]).is_err(), "{wrong}");
        }
        assert!(read([None, None, Some("stretch")]).is_err());
    }
}
