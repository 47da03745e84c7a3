//! Where a page may be fetched from: what of an address, and of the addresses behind its name, is allowed.
//!
//! Whoever writes a message chooses the address, so it may point anywhere: at this machine, at its neighbours, at the
//! services of a cloud. Only what the public internet reaches is allowed, and an address that could be anything else is
//! refused.

use anyhow::{Context, anyhow, bail, ensure};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Networks that are no public internet (IANA IPv4 Special-Purpose Address Registry, RFC 6890; multicast and the reserved
/// class E; and Azure's virtual address of its metadata service): network and length of its prefix.
const FORBIDDEN_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Networks inside the global unicast addresses (2000::/3) that are no public internet, or hold an IPv4 address of somebody's
/// choice: IETF protocols with Teredo, documentation, 6to4, and AS112.
const FORBIDDEN_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Networks of the operator's that are inside, whatever their addresses are: network and length of its prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    v4: Vec<(Ipv4Addr, u32)>,
    v6: Vec<(Ipv6Addr, u32)>,
}

impl Networks {
    /// Reads `address/length`, several with commas; an address alone is a network of one.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut networks = Self::default();
        for written in text.split(',').map(str::trim).filter(|written| !written.is_empty()) {
            let (address, length) = match written.split_once('/') {
                Some((address, length)) => (address, Some(length)),
                None => (written, None),
            };
            let address: IpAddr =
                address.parse().with_context(|| format!("{written:?} is no network in CIDR notation"))?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let length = length.map_or(Some(most), |length| length.parse().ok().filter(|length| *length <= most));
            let length = length.with_context(|| format!("{written:?} must have a prefix of 0 to {most} bits"))?;
            match address {
                IpAddr::V4(address) => networks.v4.push((address, length)),
                IpAddr::V6(address) => networks.v6.push((address, length)),
            }
        }
        Ok(networks)
    }

    /// Checks everything of an address but where its name leads; returns the host and the port.
    pub fn check_url<'a>(&self, url: &'a Url) -> anyhow::Result<(Host<&'a str>, u16)> {
        let (host, port) = check_parts(url)?;
        match host {
            Host::Ipv4(address) => self.check_address(address.into())?,
            Host::Ipv6(address) => self.check_address(address.into())?,
            Host::Domain(_) => {}
        }
        Ok((host, port))
    }

    /// Checks one of the addresses that a name leads to.
    pub fn check_address(&self, address: IpAddr) -> anyhow::Result<()> {
        check_address(address)?;
        let inner = match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(address) => inner_v4(address),
        };
        let is_inside = inner.is_some_and(|address| self.v4.iter().any(|network| is_in_v4(address, network)))
            || matches!(address, IpAddr::V6(address) if self.v6.iter().any(|network| is_in_v6(address, network)));
        ensure!(!is_inside, "{address} is in a network of PREVIEW_FORBIDDEN_NETWORKS");
        Ok(())
    }
}

fn check_parts(url: &Url) -> anyhow::Result<(Host<&str>, u16)> {
    ensure!(matches!(url.scheme(), "http" | "https"), "its scheme is {}", url.scheme());
    ensure!(url.username().is_empty() && url.password().is_none(), "it names a user");
    let port = url.port_or_known_default().ok_or_else(|| anyhow!("it has no port"))?;
    ensure!(matches!(port, 80 | 443), "its port is {port}");
    let host = url.host().ok_or_else(|| anyhow!("it has no host"))?;
    if let Host::Domain(name) = host {
        ensure!(name.trim_end_matches('.').contains('.'), "its host has no domain");
    }
    Ok((host, port))
}

fn check_address(address: IpAddr) -> anyhow::Result<()> {
    match address {
        IpAddr::V4(address) => check_v4(address),
        IpAddr::V6(address) => check_v6(address),
    }
}

fn check_v4(address: Ipv4Addr) -> anyhow::Result<()> {
    if FORBIDDEN_V4.iter().any(|network| is_in_v4(address, network)) {
        bail!("{address} is not on the public internet");
    }
    Ok(())
}

fn check_v6(address: Ipv6Addr) -> anyhow::Result<()> {
    // What it is a way to write, or to reach through the network's own translator (RFC 6052), is what counts.
    if let Some(inner) = inner_v4(address) {
        return check_v4(inner);
    }
    let is_global_unicast = is_in_v6(address, &(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3));
    if !is_global_unicast || FORBIDDEN_V6.iter().any(|network| is_in_v6(address, network)) {
        bail!("{address} is not on the public internet");
    }
    Ok(())
}

fn is_in_v4(address: Ipv4Addr, (network, length): &(Ipv4Addr, u32)) -> bool {
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    u32::from(address) & mask == u32::from(*network) & mask
}

fn is_in_v6(address: Ipv6Addr, (network, length): &(Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    u128::from(address) & mask == u128::from(*network) & mask
}

/// The IPv4 address in a mapped one (`::ffff:0:0/96`) or in one of NAT64's well-known prefix (`64:ff9b::/96`). The other ways
/// to hold one (compatible, translated, 6to4, Teredo, NAT64's local prefix) are out of use and forbidden as they are.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let is_inner = matches!([a, b, c, d, e, f], [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0]);
    is_inner.then(|| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

#[cfg(test)]
#[path = "guard_tests.rs"]
pub(super) mod tests;
