//! GET `/config.json`: what the page cannot know by itself.

use crate::headers;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use messaging_edge::{Problem, Response, settings};
use serde::Serialize;

#[derive(Serialize)]
struct Config {
    /// Where the relay's WebSockets are, without a path; empty: where the page comes from.
    ws_url: String,
    /// `development`: people sign in by naming themselves. `token`: with a token.
    auth_mode: &'static str,
}

pub async fn config() -> Result<Response, Problem> {
    let development = settings::optional("auth_mode").await?.as_deref() == Some("development");
    let auth_mode = if development { "development" } else { "token" };
    let response = Response::json(StatusCode::OK, &Config { ws_url: relay().await?, auth_mode })?;
    Ok(headers::common(response).header(CACHE_CONTROL, "no-cache"))
}

/// The relay's address; empty when it is the page's own.
pub async fn relay() -> Result<String, Problem> {
    let Some(setting) = settings::optional("web_ws_url").await? else { return Ok(String::new()) };
    let address = setting.trim_end_matches('/');
    if is_origin(address) {
        return Ok(address.to_owned());
    }
    Err(Problem::unavailable("the setting web_ws_url is no ws:// or wss:// with a host and a port"))
}

/// Whether this is a WebSocket's scheme, a host and perhaps a port, and nothing that could say more in a policy.
fn is_origin(address: &str) -> bool {
    let host = address.strip_prefix("wss://").or_else(|| address.strip_prefix("ws://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_nothing_but_where_the_relay_is() {
        for right in ["ws://127.0.0.1:3001", "wss://ws.example.org", "ws://[::1]:3001", "ws://localhost:1"] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in [
            "",
            "ws://",
            "http://a",
            "wss://a/ws",
            "wss://a; script-src *",
            "wss://a b",
            "wss://a\r\nX: y",
            "wss://*",
            "wss://a?b",
            "WSS://a",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
