//! Publishes events as the publishing relay does, without waiting for anything.

use anyhow::Context;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// A connection to NATS that only publishes.
pub struct Feed {
    stream: TcpStream,
    channel: String,
    text: String,
}

impl Feed {
    /// Connects to `HOST:PORT`.
    pub fn connect(address: &str, channel: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("no NATS")?;
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        lines.next().context("NATS says nothing")??;
        let mut said = stream.try_clone()?;
        said.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n")?;
        // Pings are answered by a thread that sleeps all the time.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line == "PING" && said.write_all(b"PONG\r\n").is_err() {
                    return;
                }
            }
        });
        Ok(Self { stream, channel: channel.to_owned(), text: "x".repeat(160) })
    }

    fn frame(&self, seq: u64) -> String {
        let Self { channel, text, .. } = self;
        format!(
            r#"{{"type":"message.created","event_id":"{seq:08x}-0000-4000-8000-000000000000","channel_id":"{channel}","seq":{seq},"message":{{"id":"{seq:08x}-0000-4000-9000-000000000000","seq":{seq},"sender_id":"user:olga","text":"{text}"}}}}"#
        )
    }

    /// The bytes of an event's frame.
    pub fn frame_bytes(&self) -> usize {
        self.frame(10_000).len()
    }

    /// Publishes so many events, from number `first` on.
    pub fn publish(&mut self, first: u64, many: u64) -> anyhow::Result<()> {
        let mut bytes = String::new();
        for seq in first..first + many {
            let frame = self.frame(seq);
            let headers =
                format!("NATS/1.0\r\nDaarion-Seq: {seq}\r\nDaarion-Subject: messaging.message.created\r\n\r\n");
            let (channel, size) = (&self.channel, headers.len() + frame.len());
            write!(bytes, "HPUB relay.channel.{channel} {} {size}\r\n{headers}{frame}\r\n", headers.len())?;
        }
        self.stream.write_all(bytes.as_bytes()).context("NATS has gone")
    }
}
