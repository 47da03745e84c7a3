//! The wait that the relay asks for when it closes a socket.

use std::time::Duration;

/// Stands between the reason of a close frame and the number of seconds after which the client may connect again, as
/// in `relay going away; retry_after=2.4`. The relay gives every socket another number, so that those that it closes
/// together do not come back together.
pub const RETRY_AFTER: &str = "; retry_after=";

/// The reason of a close frame that asks for a wait.
pub fn with_retry_after(reason: &str, wait: Duration) -> String {
    format!("{reason}{RETRY_AFTER}{:.1}", wait.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::CloseCode;
    use strum::VariantArray;

    #[test]
    fn the_wait_stands_behind_the_reason_in_seconds() {
        let text = with_retry_after(CloseCode::GoingAway.reason(), Duration::from_millis(2_440));
        assert_eq!(text, "relay going away; retry_after=2.4");
    }

    #[test]
    fn every_reason_fits_into_a_close_frame_with_a_wait() {
        // RFC 6455, section 5.5: 125 bytes, two of which are the code.
        let texts = CloseCode::VARIANTS.iter().map(|close| with_retry_after(close.reason(), Duration::from_secs(3600)));
        assert!(texts.into_iter().all(|text| text.len() <= 123));
    }
}
