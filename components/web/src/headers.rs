//! What every response says to browsers.

use http::HeaderName;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use messaging_edge::Response;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For every file, `/config.json` too.
pub fn common(response: Response) -> Response {
    response
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(REFERRER_POLICY, "no-referrer")
        .header(RESOURCE_POLICY, "same-origin")
}

/// For the document itself. `relay` is the origin of the WebSockets where it is another one.
pub fn document(response: Response, relay: &str) -> Response {
    common(response)
        .header(CONTENT_SECURITY_POLICY, &policy(relay))
        .header(OPENER_POLICY, "same-origin")
        .header(PERMISSIONS_POLICY, "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
}

/// The page runs its own files and calls its own address and the relay. What is not yet uploaded is shown as `blob:`.
/// HTML goes into the page through the one policy that parses what the service has cleaned.
fn policy(relay: &str) -> String {
    let relay = if relay.is_empty() { String::new() } else { format!(" {relay}") };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; \
         connect-src 'self'{relay}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types cleaned"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_is_the_only_other_address() {
        assert!(policy("").contains("connect-src 'self';"));
        assert!(policy("ws://127.0.0.1:3001").contains("connect-src 'self' ws://127.0.0.1:3001;"));
        assert!(!policy("wss://a").contains("unsafe"));
    }
}
