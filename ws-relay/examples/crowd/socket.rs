//! One client.

use crate::now;
use crate::protocol::{CLOSE, PING, Said, frame, masked, said, seq};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Whose socket it is.
#[derive(Clone)]
pub enum Kind {
    /// A relay's.
    Relay,
    /// That of NATS; it subscribes to this subject.
    Nats {
        /// The subject.
        subject: String,
    },
}

/// How far a socket is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Connecting,
    /// The request is sent.
    Knocking,
    /// The handshake is complete.
    Upgraded,
    /// Events arrive.
    Live,
    Closed,
}

pub struct Socket {
    kind: Kind,
    request: String,
    stream: Option<TcpStream>,
    pub state: State,
    /// What has arrived and is not complete.
    rest: Vec<u8>,
    /// The same of what NATS says, whose messages are not those of WebSockets.
    rest_said: Vec<u8>,
    /// Whether the relay says when the socket has caught up.
    is_told: bool,
}

impl Socket {
    pub fn new(kind: Kind, host: &str, path: &str) -> Self {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        let is_told = path.contains("since_seq");
        Self { kind, request, stream: None, state: State::Closed, rest: Vec::new(), rest_said: Vec::new(), is_told }
    }

    pub fn connect(&mut self, address: SocketAddr, registry: &Registry, token: Token) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        self.state = State::Connecting;
        (self.rest, self.rest_said) = (Vec::new(), Vec::new());
        Ok(())
    }

    pub fn close(&mut self) {
        self.stream = None;
        self.state = State::Closed;
    }

    /// Takes what has arrived; returns how many events.
    pub fn ready(&mut self, buffer: &mut [u8], mut noted: Option<&mut Vec<(u64, u64)>>) -> u64 {
        let Some(mut stream) = self.stream.take() else { return 0 };
        let mut events = 0;
        let alive = self.state != State::Connecting || self.knock(&mut stream);
        let alive = alive && {
            loop {
                if self.state == State::Connecting {
                    break true;
                }
                let had = self.rest.len();
                // What was not complete stands before what comes now.
                if let Some(place) = buffer.get_mut(..had) {
                    place.copy_from_slice(&self.rest);
                }
                let Some(room) = buffer.get_mut(had..) else { break false };
                let space = room.len();
                match stream.read(room) {
                    Ok(0) => break false,
                    Ok(read) => {
                        self.rest.clear();
                        let bytes = buffer.get(..had + read).unwrap_or_default();
                        events += self.take(bytes, &mut stream, noted.as_deref_mut());
                        if self.state == State::Closed {
                            break false;
                        }
                        // Less than there was room for: there is no more.
                        if read < space {
                            break true;
                        }
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => break true,
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break false,
                }
            }
        };
        match alive {
            true => self.stream = Some(stream),
            false => self.state = State::Closed,
        }
        events
    }

    /// Sends the request if there is a connection; `false` when there will be none.
    fn knock(&mut self, stream: &mut TcpStream) -> bool {
        if !matches!(stream.take_error(), Ok(None)) {
            return false;
        }
        if stream.peer_addr().is_err() {
            return true;
        }
        let _ = stream.set_nodelay(true);
        self.state = State::Knocking;
        stream.write_all(self.request.as_bytes()).is_ok()
    }

    fn take(&mut self, mut bytes: &[u8], stream: &mut TcpStream, mut noted: Option<&mut Vec<(u64, u64)>>) -> u64 {
        if self.state == State::Knocking {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                self.rest.extend_from_slice(bytes);
                return 0;
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                self.state = State::Closed;
                return 0;
            }
            bytes = bytes.get(end + 4..).unwrap_or_default();
            self.state = if self.is_told { State::Upgraded } else { State::Live };
            if let Kind::Nats { subject } = &self.kind {
                let subscribe = format!("SUB {subject} 1\r\nPING\r\n");
                let hello = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false}\r\n";
                let sent = [hello.as_slice(), subscribe.as_bytes()];
                self.state = State::Upgraded;
                if sent.iter().any(|part| stream.write_all(&masked(2, part)).is_err()) {
                    self.state = State::Closed;
                }
            }
        }
        let mut events = 0;
        let time = if noted.is_some() { now() } else { 0 };
        let mut said_bytes = std::mem::take(&mut self.rest_said);
        while let Some((frame, rest)) = frame(bytes) {
            bytes = rest;
            match (frame.opcode, &self.kind) {
                (CLOSE, _) => {
                    self.state = State::Closed;
                    return events;
                }
                (PING, _) => drop(stream.write_all(&masked(10, frame.payload))),
                (1, Kind::Relay) if self.state == State::Live => {
                    events += 1;
                    note(&mut noted, frame.payload, time);
                }
                // The first one says that the socket has caught up.
                (1, Kind::Relay) => self.state = State::Live,
                (_, Kind::Nats { .. }) => said_bytes.extend_from_slice(frame.payload),
                _ => {}
            }
        }
        self.rest.extend_from_slice(bytes);
        let mut unread = said_bytes.as_slice();
        while let Some((what, rest)) = said(unread) {
            unread = rest;
            match what {
                Said::Message(text) => {
                    events += 1;
                    note(&mut noted, text, time);
                }
                Said::Ping => drop(stream.write_all(&masked(2, b"PONG\r\n"))),
                // The answer to our ping, which it has had behind the subscription.
                Said::Pong => self.state = State::Live,
                Said::Other => {}
            }
        }
        self.rest_said = unread.to_vec();
        events
    }
}

fn note(noted: &mut Option<&mut Vec<(u64, u64)>>, text: &[u8], time: u64) {
    if let Some(noted) = noted
        && let Some(seq) = seq(text)
    {
        noted.push((seq, time));
    }
}
