//! One GET after another until a response is no redirect, within one budget of time and bytes.

use super::connect::Connector;
use super::turns::Visited;
use anyhow::{Context, anyhow, bail, ensure};
use flate2::write::MultiGzDecoder;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, LOCATION};
use http::header::{HeaderMap, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io::{self, Write};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// How many redirects of one address are followed.
pub const MAX_REDIRECTS: usize = 3;
/// How long a page and its picture may take together.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// How many bytes a page and its picture may have together, packed and unpacked alike.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The longest head of a response.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Says who asks. No cookie, no credentials, no referrer: nothing of who sent the link.
const AGENT: &str = concat!("daarion-messaging/", env!("CARGO_PKG_VERSION"), " (link preview)");

/// What is left of the time and the bytes, and where it has been used.
#[derive(Debug)]
pub struct Budget {
    deadline: Instant,
    bytes: usize,
    visited: Visited,
}

impl Budget {
    /// All of it.
    pub fn new() -> Self {
        Self::of(DEADLINE, MAX_BYTES)
    }

    /// Another one, for tests that do not wait.
    pub fn of(time: Duration, bytes: usize) -> Self {
        Self { deadline: Instant::now() + time, bytes, visited: Visited::default() }
    }
}

/// What came.
#[derive(Debug)]
pub struct Fetched {
    /// The address that it came from, after redirects.
    pub url: Url,
    /// The value of `Content-Type`; empty without one.
    pub content_type: String,
    /// The beginning of the body, unpacked.
    pub body: Vec<u8>,
    /// Whether it is all of the body.
    pub is_whole: bool,
}

/// How much of a body is wanted.
pub trait Wanted: Sync {
    /// Media types, for `Accept`.
    fn accept(&self) -> &'static str;
    /// Whether a body of this `Content-Type` is read.
    fn takes(&self, content_type: &str) -> bool;
    /// Whether this much of it is enough. What is in front of `seen` was asked about before.
    fn is_enough(&self, body: &[u8], seen: usize) -> bool;
}

/// Fetches what is at an address. The error is for the log: it names no more than the reason.
pub async fn fetch(
    connector: &Connector,
    url: &Url,
    wanted: &impl Wanted,
    budget: &mut Budget,
) -> anyhow::Result<Fetched> {
    let deadline = budget.deadline;
    timeout_at(deadline, follow(connector, url.clone(), wanted, budget))
        .await
        .map_err(|_| anyhow!("it took too long"))?
}

async fn follow(
    connector: &Connector,
    mut url: Url,
    wanted: &impl Wanted,
    budget: &mut Budget,
) -> anyhow::Result<Fetched> {
    for _ in 0..=MAX_REDIRECTS {
        let (mut exchange, response) = Exchange::begin(connector, &url, wanted.accept(), &mut budget.visited).await?;
        let status = response.status();
        if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            url = redirected(&url, response.headers())?;
            continue;
        }
        ensure!(status.as_u16() == 200, "it responded {status}");
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = header(CONTENT_TYPE).to_owned();
        ensure!(wanted.takes(&content_type), "it is {content_type:?}");
        let is_packed = match header(CONTENT_ENCODING).trim().to_ascii_lowercase().as_str() {
            "" | "identity" => false,
            "gzip" | "x-gzip" => true,
            other => bail!("it is encoded as {other:?}"),
        };
        let (body, is_whole) = exchange.read(response.into_body(), is_packed, wanted, budget).await?;
        return Ok(Fetched { url, content_type, body, is_whole });
    }
    bail!("it redirects more than {MAX_REDIRECTS} times")
}

/// Where a redirect leads. Where the way there was encrypted, it stays so.
pub fn redirected(url: &Url, headers: &HeaderMap) -> anyhow::Result<Url> {
    let location = headers.get(LOCATION).context("it redirects nowhere")?;
    let location = std::str::from_utf8(location.as_bytes()).context("it redirects to no address")?;
    let mut next = url.join(location).context("it redirects to no address")?;
    ensure!(url.scheme() == "http" || next.scheme() == "https", "it redirects from https to {}", next.scheme());
    next.set_fragment(None);
    Ok(next)
}

/// A connection for one request. It ends with this.
struct Exchange(JoinHandle<hyper::Result<()>>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Exchange {
    async fn begin(
        connector: &Connector,
        url: &Url,
        accept: &str,
        visited: &mut Visited,
    ) -> anyhow::Result<(Self, Response<Incoming>)> {
        let stream = connector.connect(url, visited).await?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD_BYTES);
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.context("no HTTP with it")?;
        let exchange = Self(tokio::spawn(connection));
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let request = Request::get(path)
            .header(HOST, host)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, accept)
            .header(ACCEPT_ENCODING, "gzip")
            .header(CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .context("it cannot be asked")?;
        let response = sender.send_request(request).await.context("it did not respond")?;
        Ok((exchange, response))
    }

    /// Reads a body until it is enough or the budget is used up; with whether that is all of it.
    async fn read(
        &mut self,
        mut body: Incoming,
        is_packed: bool,
        wanted: &impl Wanted,
        budget: &mut Budget,
    ) -> anyhow::Result<(Vec<u8>, bool)> {
        let mut unpacked = Unpacked::new(is_packed, budget.bytes);
        let mut seen = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.context("it broke off")?;
            let Ok(data) = frame.into_data() else { continue };
            // What came counts, whatever becomes of it.
            let taken = data.len().min(budget.bytes);
            budget.bytes -= taken;
            let is_full = unpacked.write(data.get(..taken).unwrap_or_default())? || taken < data.len();
            if is_full || wanted.is_enough(unpacked.bytes(), seen) {
                budget.bytes = budget.bytes.min(unpacked.room());
                return Ok((unpacked.into_bytes(), false));
            }
            seen = unpacked.bytes().len();
        }
        budget.bytes = budget.bytes.min(unpacked.room());
        let is_whole = unpacked.finish()?;
        Ok((unpacked.into_bytes(), is_whole))
    }
}

/// A body as it is meant, of at most so many bytes.
enum Unpacked {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Unpacked {
    fn new(is_packed: bool, limit: usize) -> Self {
        let bounded = Bounded { bytes: Vec::new(), limit };
        if is_packed { Self::Gzip(Box::new(MultiGzDecoder::new(bounded))) } else { Self::Plain(bounded) }
    }

    /// Whether there is no room for more.
    fn write(&mut self, data: &[u8]) -> anyhow::Result<bool> {
        let written = match self {
            Self::Plain(bounded) => bounded.write_all(data),
            Self::Gzip(decoder) => decoder.write_all(data).and_then(|()| decoder.flush()),
        };
        match written {
            Ok(()) => Ok(false),
            Err(_) if self.room() == 0 => Ok(true),
            Err(e) => Err(e).context("it cannot be unpacked"),
        }
    }

    /// Whether what is packed has come to its end.
    fn finish(&mut self) -> anyhow::Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Gzip(decoder) => match decoder.try_finish() {
                Ok(()) => Ok(true),
                Err(_) if decoder.get_ref().room() == 0 => Ok(false),
                Err(e) => Err(e).context("it cannot be unpacked"),
            },
        }
    }

    fn bounded(&self) -> &Bounded {
        match self {
            Self::Plain(bounded) => bounded,
            Self::Gzip(decoder) => decoder.get_ref(),
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bounded().bytes
    }

    fn room(&self) -> usize {
        self.bounded().room()
    }

    fn into_bytes(mut self) -> Vec<u8> {
        match &mut self {
            Self::Plain(bounded) => std::mem::take(&mut bounded.bytes),
            Self::Gzip(decoder) => std::mem::take(&mut decoder.get_mut().bytes),
        }
    }
}

/// Takes so many bytes, and fails at the next one: what is packed may unpack to any size.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Bounded {
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.bytes.len())
    }
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(self.room());
        self.bytes.extend_from_slice(data.get(..taken).unwrap_or_default());
        if taken == 0 && !data.is_empty() {
            return Err(io::Error::other("there is no room for more"));
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
