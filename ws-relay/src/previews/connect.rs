//! Connections to exactly the address that was checked.

use super::guard::Networks;
use super::turns::{Turns, Visited};
use anyhow::{Context, anyhow, bail, ensure};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How many addresses of a name are looked at. A name with more is refused, as all of them have to be checked.
const MAX_ADDRESSES: usize = 32;
/// How many of them are tried, one after the other.
const TRIES: usize = 3;
/// How long one has to accept where another one can be tried: those that swallow everything must leave time for one that does not.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Finds the addresses behind a name.
pub trait Resolve: Send + Sync {
    /// All of them, asked once.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;
}

/// The system's resolver.
pub struct System;

impl Resolve for System {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move { Ok(lookup_host((name, port)).await?.collect()) })
    }
}

/// Names that lead to an address that nothing else may lead to. Only in development mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestHosts(HashMap<String, SocketAddr>);

impl TestHosts {
    /// Reads `name=address:port`, several with commas.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, address) = pair.split_once('=').with_context(|| format!("{pair:?} is not name=address:port"))?;
            let address = address.parse().with_context(|| format!("{address:?} is no address with a port"))?;
            Ok((name.to_ascii_lowercase(), address))
        });
        pairs.collect::<anyhow::Result<_>>().map(Self)
    }
}

/// Opens connections.
#[derive(Clone)]
pub struct Connector {
    /// Finds addresses.
    pub resolver: Arc<dyn Resolve>,
    /// What tests may reach.
    pub test_hosts: TestHosts,
    /// Networks that are inside.
    pub forbidden: Networks,
    /// How certificates are checked.
    pub tls: Arc<ClientConfig>,
    /// Whose turn it is to ask a host.
    pub turns: Arc<dyn Turns>,
}

impl Connector {
    /// Connects to the host of an address, if the guard lets it. The name is asked for once, and every address that it leads
    /// to has to be allowed; the connection goes to one of these, whatever the name leads to by then, and when the host's turn
    /// has come: `visited` are those that have had theirs.
    pub async fn connect(&self, url: &Url, visited: &mut Visited) -> anyhow::Result<Box<dyn Stream>> {
        let (host, port) = self.forbidden.check_url(url)?;
        let test_address = match &host {
            Host::Domain(name) => self.test_hosts.0.get(*name).copied(),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        let addresses = match (&host, test_address) {
            (_, Some(address)) => vec![address],
            (Host::Ipv4(address), None) => vec![SocketAddr::new((*address).into(), port)],
            (Host::Ipv6(address), None) => vec![SocketAddr::new((*address).into(), port)],
            (Host::Domain(name), None) => self.checked_addresses(name, port).await?,
        };
        visited.wait_for(&*self.turns, &host.to_string()).await?;
        let stream = open(&addresses, test_address.is_some()).await?;
        if url.scheme() == "http" {
            return Ok(Box::new(stream));
        }
        // The name that the certificate has to have, and that the server is told (SNI): never the address behind it.
        let name = ServerName::try_from(host.to_string().trim_matches(['[', ']']).trim_end_matches('.').to_owned())?;
        let stream = TlsConnector::from(self.tls.clone()).connect(name, stream).await.context("no TLS with it")?;
        Ok(Box::new(stream))
    }

    pub(super) async fn checked_addresses(&self, name: &str, port: u16) -> anyhow::Result<Vec<SocketAddr>> {
        let addresses = self.resolver.resolve(name, port).await.context("its name cannot be found")?;
        ensure!((1..=MAX_ADDRESSES).contains(&addresses.len()), "its name has {} addresses", addresses.len());
        for address in &addresses {
            self.forbidden.check_address(address.ip())?;
        }
        Ok(addresses)
    }
}

/// Opens a connection to one of these. What leads to an address of this machine is closed, whatever that address is: what this
/// machine offers, it does not offer to a link.
pub(super) async fn open(addresses: &[SocketAddr], is_test: bool) -> anyhow::Result<TcpStream> {
    let stream = first_that_accepts(addresses).await?;
    ensure!(is_test || stream.local_addr()?.ip() != stream.peer_addr()?.ip(), "it is this machine");
    Ok(stream)
}

async fn first_that_accepts(addresses: &[SocketAddr]) -> anyhow::Result<TcpStream> {
    let mut failed = anyhow!("it has no address");
    let tried = in_turn(addresses);
    for (place, address) in tried.iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let connected = if place + 1 < tried.len() {
            timeout(PATIENCE, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        } else {
            connecting.await
        };
        match connected {
            Ok(stream) if stream.peer_addr()? == *address => return Ok(stream),
            Ok(_) => bail!("another address accepted"),
            Err(e) => failed = e.into(),
        }
    }
    Err(failed.context("it cannot be reached"))
}

/// Those that are tried: of IPv4 and IPv6 in turn, as one of them may lead nowhere from here (RFC 8305, section 4).
fn in_turn(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (mut one, mut other): (Vec<_>, Vec<_>) =
        addresses.iter().rev().partition(|address| address.is_ipv4() == first.is_ipv4());
    let mut tried = Vec::new();
    while tried.len() < TRIES {
        match one.pop().or_else(|| other.pop()) {
            Some(next) => tried.push(next),
            None => break,
        }
        std::mem::swap(&mut one, &mut other);
    }
    tried
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn both_kinds_of_addresses_are_tried() {
        let of = |text: &str| text.split_whitespace().map(|one| one.parse().unwrap()).collect::<Vec<SocketAddr>>();
        for (found, tried) in [
            ("", ""),
            ("[2001::1]:1 [2001::2]:1 [2001::3]:1 1.1.1.1:1 1.1.1.2:1", "[2001::1]:1 1.1.1.1:1 [2001::2]:1"),
            ("1.1.1.1:1 1.1.1.2:1 1.1.1.3:1 1.1.1.4:1", "1.1.1.1:1 1.1.1.2:1 1.1.1.3:1"),
            ("1.1.1.1:1 [2001::1]:1", "1.1.1.1:1 [2001::1]:1"),
        ] {
            assert_eq!(in_turn(&of(found)), of(tried));
        }
    }
}
