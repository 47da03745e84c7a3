//! Why the relay closes a socket. The codes are part of the contract.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

/// A reason to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The relay stops; connect again, with `since_seq`.
    GoingAway,
    /// The client sends too much.
    Policy,
    /// A client message is too large.
    TooBig,
    /// The database cannot say whether the caller may still read; connect again, with `since_seq`.
    TryAgain,
    /// The token has ended; connect again with a new one.
    TokenEnded,
    /// The caller may not read the channel any more.
    AccessLost,
    /// The channel has been archived or deleted.
    ChannelGone,
    /// The client reads too slowly; connect again, with `since_seq`.
    SlowReader,
}

impl Close {
    /// The code (RFC 6455, section 7.4; from 4000 on our own).
    pub fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::TryAgain => 1013,
            Self::TokenEnded => 4401,
            Self::AccessLost => 4403,
            Self::ChannelGone => 4404,
            Self::SlowReader => 4408,
        }
    }

    /// A few words for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "relay going away",
            Self::Policy => "too many client messages",
            Self::TooBig => "client message too large",
            Self::TryAgain => "try again",
            Self::TokenEnded => "token ended",
            Self::AccessLost => "access lost",
            Self::ChannelGone => "channel gone",
            Self::SlowReader => "slow reader",
        }
    }

    /// As it goes over the wire.
    pub fn frame(self) -> CloseFrame {
        CloseFrame { code: self.code(), reason: Utf8Bytes::from_static(self.reason()) }
    }
}
