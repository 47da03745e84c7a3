//! What a channel's task is told by sockets and by the rest of the relay.

use crate::live::log::Head;
use crate::live::subscriber::{SocketId, Subscriber};
use messaging_core::event::Seq;
use tokio::sync::oneshot;

/// What a channel's task is told.
pub enum ChannelCommand {
    /// A socket that has everything up to `since` wants the rest.
    Join {
        /// The last number that the socket has.
        since: Seq,
        /// The way to the socket.
        subscriber: Subscriber,
        /// Takes the outcome.
        joined: oneshot::Sender<Joined>,
    },
    /// A socket leaves.
    Leave {
        /// The socket.
        socket: SocketId,
    },
    /// How the channel stands in the database.
    Head(Head),
    /// Some time has passed: old frames can be forgotten.
    Sweep,
}

/// The outcome of [`ChannelCommand::Join`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Everything after `since` comes through the subscriber's queue.
    Live,
    /// Too far behind: read the log first, then join again.
    Behind,
}
