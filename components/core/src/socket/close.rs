//! Close codes: why the relay ends a socket.

use strum::{IntoStaticStr, VariantArray};

/// Why the relay closes a socket (RFC 6455, section 7.4; codes from 4000 on are this service's own). The text of a
/// variant is the close frame's reason; behind it may stand a wait ([`super::RETRY_AFTER`]). Its description says what
/// happened, and in a second paragraph what the client does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(strum::EnumMessage))]
#[repr(u16)]
pub enum CloseCode {
    /// The relay stops.
    ///
    /// Connect again after the wait, with `since_seq`.
    #[strum(serialize = "relay going away")]
    GoingAway = 1001,
    /// The client breaks the protocol: an unknown opcode, a reserved bit, frames that do not follow each other (RFC 6455).
    ///
    /// Do not connect again the same way.
    #[strum(serialize = "protocol error")]
    ProtocolError = 1002,
    /// A text is not UTF-8.
    ///
    /// Send UTF-8, and connect again, with `since_seq`.
    #[strum(serialize = "text is not UTF-8")]
    InvalidText = 1007,
    /// The client sends more than it may: 100 messages at once and 20 more each second; 2,000 channels to subscribe to
    /// or to leave at once and 20 more each second; 128 KiB without a whole message.
    ///
    /// Send less, and connect again, with `since_seq`.
    #[strum(serialize = "too many client messages")]
    TooManyMessages = 1008,
    /// A client message has more than 64 KiB.
    ///
    /// Send smaller messages, and connect again, with `since_seq`.
    #[strum(serialize = "client message too large")]
    MessageTooLarge = 1009,
    /// The database does not answer at the moment.
    ///
    /// Connect again after the wait, with `since_seq`.
    #[strum(serialize = "try again")]
    TryAgain = 1013,
    /// The token has expired.
    ///
    /// Connect again with a new one, and with `since_seq`.
    #[strum(serialize = "token ended")]
    TokenEnded = 4401,
    /// The caller may not read the channel any more.
    ///
    /// Do not connect again.
    #[strum(serialize = "access lost")]
    AccessLost = 4403,
    /// The channel was archived or deleted.
    ///
    /// Do not connect again.
    #[strum(serialize = "channel gone")]
    ChannelGone = 4404,
    /// The client reads too slowly: too many frames, or too many bytes of them, wait for it.
    ///
    /// Connect again after the wait, with `since_seq`.
    #[strum(serialize = "slow reader")]
    SlowReader = 4408,
}

impl CloseCode {
    /// The number in the close frame.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason in the close frame: a few words for people.
    pub fn reason(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_different_and_reasons_fit_into_a_close_frame() {
        let codes: Vec<_> = CloseCode::VARIANTS.iter().map(|close| close.code()).collect();
        assert_eq!(codes, [1001, 1002, 1007, 1008, 1009, 1013, 4401, 4403, 4404, 4408]);
        // RFC 6455, section 5.5: 125 bytes, two of which are the code.
        assert!(CloseCode::VARIANTS.iter().all(|close| (1..=123).contains(&close.reason().len())));
    }
}
