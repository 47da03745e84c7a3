//! Many clients of WebSockets in one thread, for measuring: they follow one channel on a relay, or one subject on the
//! WebSocket listener of NATS, and do as little as a client can.
//!
//! `crowd relay|nats URL SOCKETS NATS_ADDRESS CHANNEL`; `{n}` in the URL is the socket's number. Then it takes commands, one a
//! line, and answers each with a line of JSON:
//! `open` opens all sockets; `again` closes them at once and opens all of them at once; `flood SECONDS AHEAD FIRST` publishes events
//! behind number FIRST to the channel's subject for so long, at most AHEAD more than the sockets have had; `hear` notes from here
//! on when which event arrives where; `heard SEQ:TIME …` says how long after these times, in nanoseconds since 1970, those
//! were; `wait SECONDS` only answers pings.

mod feed;
mod protocol;
mod socket;

use anyhow::{Context, bail};
use feed::Feed;
use mio::{Events, Poll, Token, Waker};
use serde_json::{Value, json};
use socket::{Kind, Socket, State};
use std::collections::HashMap;
use std::io::BufRead;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

/// The token of what wakes the loop for a command.
const COMMAND: Token = Token(usize::MAX);
/// Sockets that are being opened at a time, unless all are.
const OPENING: usize = 256;
/// The pause before a socket that was refused is opened again.
const AGAIN: Duration = Duration::from_secs(1);
/// After this time the sockets that are not there do not come any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// When nothing has come for so long, nothing more will.
const STUCK: Duration = Duration::from_secs(2);
/// Events that are published together at most.
const TOGETHER: u64 = 32;

struct Crowd {
    poll: Poll,
    sockets: Vec<Socket>,
    address: SocketAddr,
    buffer: Vec<u8>,
    commands: Receiver<String>,
    feed: Feed,
    /// Events that have arrived at each socket.
    received: Vec<u64>,
    /// What `hear` notes: which number, and when.
    heard: Option<Vec<(u64, u64)>>,
    /// Sockets that have ended though nobody has asked for it.
    lost: u64,
}

fn main() -> anyhow::Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [kind, url, sockets, nats, channel_id] = words.as_slice() else {
        bail!("crowd relay|nats URL SOCKETS NATS_ADDRESS CHANNEL")
    };
    rlimit::increase_nofile_limit(u64::MAX)?;
    let rest = url.strip_prefix("ws://").context("only ws:// is spoken")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = host.to_socket_addrs()?.next().context("no such host")?;
    let kind = match kind.as_str() {
        "relay" => Kind::Relay,
        "nats" => Kind::Nats { subject: format!("relay.channel.{channel_id}") },
        _ => bail!("relay or nats"),
    };
    let sockets = (0..sockets.parse::<usize>()?)
        .map(|n| Socket::new(kind.clone(), host, &format!("/{}", path.replace("{n}", &n.to_string()))));
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), COMMAND)?;
    let (sender, commands) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(line);
            let _ = waker.wake();
        }
        std::process::exit(0);
    });
    let sockets: Vec<_> = sockets.collect();
    let mut crowd = Crowd {
        poll,
        received: vec![0; sockets.len()],
        sockets,
        address,
        buffer: vec![0; 1 << 18],
        commands,
        feed: Feed::connect(nats, channel_id)?,
        heard: None,
        lost: 0,
    };
    loop {
        crowd.turn(Duration::from_secs(1))?;
        while let Ok(line) = crowd.commands.try_recv() {
            println!("{}", crowd.command(&line)?);
        }
    }
}

impl Crowd {
    fn command(&mut self, line: &str) -> anyhow::Result<Value> {
        let mut words = line.split_whitespace();
        let mut number = |otherwise: u64| words.next().map_or(Ok(otherwise), str::parse);
        match line.split_whitespace().next() {
            Some("open") => self.open(OPENING),
            Some("again") => {
                for socket in &mut self.sockets {
                    socket.close();
                }
                self.open(usize::MAX)
            }
            Some("flood") => {
                number(0).ok();
                let (seconds, ahead, first) = (number(5)?, number(128)?, number(0)?);
                self.flood(Duration::from_secs(seconds), ahead, first)
            }
            Some("hear") => {
                self.heard = Some(Vec::new());
                Ok(json!({}))
            }
            Some("heard") => self.delays(line),
            Some("wait") => {
                number(0).ok();
                let until = Instant::now() + Duration::from_secs(number(1)?);
                while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                    self.turn(left)?;
                }
                Ok(json!({ "lost": self.lost }))
            }
            _ => bail!("what is {line}?"),
        }
    }

    /// Waits for what comes, at most so long, and takes it.
    fn turn(&mut self, patience: Duration) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(4096);
        match self.poll.poll(&mut events, Some(patience)) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &events {
            let n = event.token().0;
            let (Some(socket), Some(received)) = (self.sockets.get_mut(n), self.received.get_mut(n)) else { continue };
            let before = socket.state;
            let noted = self.heard.as_mut();
            *received += socket.ready(&mut self.buffer, noted);
            if before == State::Live && socket.state == State::Closed {
                self.lost += 1;
            }
        }
        Ok(())
    }

    /// Opens all sockets, so many at a time. Those that are refused are opened again a second later.
    fn open(&mut self, at_a_time: usize) -> anyhow::Result<Value> {
        let began = Instant::now();
        let mut waits: Vec<_> = (0..self.sockets.len()).rev().map(|n| (began, n)).collect();
        let (mut opening, mut times, mut refused) = (HashMap::new(), Vec::new(), 0u64);
        while (!waits.is_empty() || !opening.is_empty()) && began.elapsed() < PATIENCE {
            let now = Instant::now();
            while opening.len() < at_a_time
                && let Some((_, n)) = waits.pop_if(|(at, _)| *at <= now)
            {
                if let Some(socket) = self.sockets.get_mut(n) {
                    socket.connect(self.address, self.poll.registry(), Token(n))?;
                    opening.insert(n, ());
                }
            }
            self.turn(Duration::from_millis(20))?;
            let mut again = Vec::new();
            opening.retain(|n, ()| match self.sockets.get(*n).map(|socket| socket.state) {
                Some(State::Live) => {
                    times.push(began.elapsed().as_secs_f64());
                    false
                }
                Some(State::Closed) => {
                    again.push((Instant::now() + AGAIN, *n));
                    false
                }
                _ => true,
            });
            refused += again.len() as u64;
            waits.extend(again);
            waits.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        }
        times.sort_by(f64::total_cmp);
        let live = times.len();
        Ok(json!({"live": live, "refused": refused, "seconds": began.elapsed().as_secs_f64(),
                  "p50": at(&times, 0.5), "p99": at(&times, 0.99)}))
    }

    fn flood(&mut self, time: Duration, ahead: u64, first: u64) -> anyhow::Result<Value> {
        self.received.fill(0);
        let (began, sockets, lost) = (Instant::now(), self.sockets.len() as u64, self.lost);
        let (mut published, mut had, mut last) = (0u64, 0, began);
        loop {
            let all: u64 = self.received.iter().sum();
            if all > had {
                (had, last) = (all, Instant::now());
            }
            let is_over = began.elapsed() >= time;
            if is_over && (all >= published * sockets || last.elapsed() > STUCK) {
                break;
            }
            // Nobody is to be so far behind that a server takes them for slow.
            let have = self.received.iter().min().copied().unwrap_or(0);
            while !is_over && published < have + ahead {
                let many = TOGETHER.min(have + ahead - published);
                self.feed.publish(first + published + 1, many)?;
                published += many;
            }
            self.turn(Duration::from_millis(1))?;
        }
        Ok(json!({"published": published, "received": had, "seconds": (last - began).as_secs_f64(),
                  "lost": self.lost - lost, "bytes": self.feed.frame_bytes()}))
    }

    fn delays(&mut self, line: &str) -> anyhow::Result<Value> {
        let heard = self.heard.take().unwrap_or_default();
        let mut written = HashMap::new();
        for pair in line.split_whitespace().skip(1) {
            let (seq, time) = pair.split_once(':').context("SEQ:TIME")?;
            written.insert(seq.parse::<u64>()?, time.parse::<u64>()?);
        }
        #[allow(clippy::cast_precision_loss, reason = "a minute in nanoseconds is far below 2^52")]
        let delay = |(seq, time): (u64, u64)| Some((time as f64 - *written.get(&seq)? as f64) / 1e6);
        let mut delays: Vec<_> = heard.into_iter().filter_map(delay).collect();
        delays.sort_by(f64::total_cmp);
        Ok(json!({"count": delays.len(), "lost": self.lost, "p50": at(&delays, 0.5), "p99": at(&delays, 0.99),
                  "max": delays.last()}))
    }
}

/// What this part of them is at most.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "an index")]
fn at(sorted: &[f64], part: f64) -> Option<f64> {
    sorted.get(((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1))).copied()
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(0)
}
