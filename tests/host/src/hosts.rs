//! `allowed_outbound_hosts`: which addresses a component may call.

use anyhow::{Context as _, Result, bail, ensure};
use http::Uri;
use ip_network::IpNetwork;
use url::{Host, Url};

use crate::variables::{self, Variables};

const CHAINING_DOMAIN: &str = "spin.internal";

/// The addresses that one component may call.
#[derive(Debug, Default)]
pub struct AllowedHosts(Vec<AllowedHost>);

#[derive(Clone, Debug, PartialEq)]
struct AllowedHost {
    /// `None` is any.
    scheme: Option<String>,
    host: HostPattern,
    ports: Ports,
}

#[derive(Clone, Debug, PartialEq)]
enum HostPattern {
    Any,
    /// The application's own address, for requests without a host.
    Own,
    /// Everything that ends with this, which starts with a dot.
    Below(String),
    Network(IpNetwork),
    Exactly(Host),
}

#[derive(Clone, Debug, PartialEq)]
enum Ports {
    Any,
    From(std::ops::Range<u16>),
    One(u16),
}

impl AllowedHosts {
    /// Reads the entries of a component, filling in variables; entries that end up empty are skipped.
    ///
    /// # Errors
    /// An entry that Spin would refuse, at the start or when it comes to use it.
    pub fn parse(entries: &[String], variables: &Variables, components: &[&str]) -> Result<Self> {
        let mut allowed = Vec::new();
        for entry in entries {
            let text = variables.render(entry)?;
            let optional = matches!(text.as_str(), "" | "http://" | "https://");
            if optional && !variables::is_literal(entry) {
                continue;
            }
            let host = AllowedHost::parse(&text)
                .with_context(|| format!("`allowed_outbound_hosts` is malformed: {entry:?}"))?;
            match host.host {
                // The wildcard reaches the components that there are, and nothing else under that name.
                HostPattern::Below(ref suffix) if suffix.strip_prefix('.') == Some(CHAINING_DOMAIN) => {
                    allowed.extend(components.iter().map(|component| AllowedHost {
                        host: HostPattern::Exactly(Host::Domain(format!("{component}{suffix}"))),
                        ..host.clone()
                    }));
                }
                _ => allowed.push(host),
            }
        }
        Ok(Self(allowed))
    }

    /// Whether `address` may be called. Without a scheme of its own, it is taken to have `scheme`.
    pub fn allow(&self, address: &str, scheme: &str) -> bool {
        let Some(url) = parse_address(address, scheme) else {
            return false;
        };
        let Some(host) = url.host_str().and_then(|host| Host::parse(host).ok()) else {
            return false;
        };
        let allows = |allowed: &AllowedHost| allowed.allows(url.scheme(), &host, url.port());
        self.0.iter().any(allows)
    }

    /// Whether requests to the application's own address are allowed.
    pub fn allow_own(&self) -> bool {
        self.0.iter().any(|allowed| {
            matches!(allowed.host, HostPattern::Any | HostPattern::Own)
                && (allowed.allows_scheme("http") || allowed.allows_scheme("https"))
        })
    }

    /// The components that are named for service chaining.
    pub fn chained(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|allowed| match &allowed.host {
            HostPattern::Exactly(Host::Domain(domain)) => chaining_target(domain),
            _ => None,
        })
    }
}

/// The component that a request is meant for when its host is `<component>.spin.internal`.
pub fn chained_component(uri: &Uri) -> Option<&str> {
    chaining_target(uri.authority()?.host())
}

/// The component's name in `<component>.spin.internal`, with or without a port.
pub fn chaining_target(host: &str) -> Option<&str> {
    let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
    let (component, domain) = host.split_once('.')?;
    (domain == CHAINING_DOMAIN).then_some(component)
}

impl AllowedHost {
    fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let (scheme, rest) = text
            .split_once("://")
            .with_context(|| format!("{text:?} does not contain a scheme (e.g., 'http://' or '*://')"))?;
        let (host, port) = match rest.rsplit_once(':') {
            None => (rest, ""),
            Some((host, "")) => (host, ""),
            // An IPv6 address without a port.
            Some(_) if HostPattern::parse(rest).is_ok() => (rest, ""),
            Some((host, port)) => match port.split_once('/') {
                None => (host, port),
                Some((port, "")) => (host, port),
                Some(_) => bail!("{text:?} has a path but is not allowed to"),
            },
        };
        let any_scheme = scheme == "*";
        ensure!(
            any_scheme || scheme.chars().all(char::is_alphabetic),
            "{text:?} has a scheme that is not made of letters"
        );
        Ok(Self {
            scheme: (!any_scheme).then(|| scheme.to_owned()),
            host: HostPattern::parse(host).with_context(|| format!("{text:?} has no valid host"))?,
            ports: Ports::parse(port, scheme).with_context(|| format!("{text:?} has no valid port"))?,
        })
    }

    fn allows(&self, scheme: &str, host: &Host, port: Option<u16>) -> bool {
        let port = port.or_else(|| usual_port(scheme));
        self.allows_scheme(scheme) && self.host.matches(host) && self.ports.contain(port)
    }

    fn allows_scheme(&self, scheme: &str) -> bool {
        self.scheme.as_deref().is_none_or(|allowed| allowed == scheme)
    }
}

impl HostPattern {
    fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        match text {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::Own),
            _ => {}
        }
        if let Ok(network) = IpNetwork::from_str_truncate(text) {
            return Ok(Self::Network(network));
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        ensure!(!text.contains('/'), "must not include a path");
        let (below, domain) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        ensure!(!domain.contains('*'), "wildcards are allowed only as subdomains");
        match (below, Host::parse(domain)?) {
            (false, host) => Ok(Self::Exactly(host)),
            (true, Host::Domain(domain)) => Ok(Self::Below(format!(".{domain}"))),
            (true, _) => bail!("wildcard suffix must be a domain"),
        }
    }

    fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Below(suffix), Host::Domain(domain)) => domain.ends_with(suffix),
            (Self::Network(network), Host::Ipv4(address)) => network.contains(*address),
            (Self::Network(network), Host::Ipv6(address)) => network.contains(*address),
            (Self::Exactly(allowed), host) => allowed == host,
            (Self::Own | Self::Below(_) | Self::Network(_), _) => false,
        }
    }
}

impl Ports {
    fn parse(text: &str, scheme: &str) -> Result<Self> {
        let number = |part: &str| part.parse::<u16>().with_context(|| format!("port {text:?} is not a number"));
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.is_empty() {
            let port = usual_port(scheme);
            return Ok(Self::One(
                port.with_context(|| format!("the scheme {scheme:?} does not have a known default port number"))?,
            ));
        }
        Ok(match text.split_once("..") {
            None => Self::One(number(text)?),
            Some((start, end)) => Self::From(number(start)?..number(end)?),
        })
    }

    fn contain(&self, port: Option<u16>) -> bool {
        match (self, port) {
            (Self::Any, _) => true,
            (Self::One(allowed), Some(port)) => *allowed == port,
            (Self::From(range), Some(port)) => range.contains(&port),
            (_, None) => false,
        }
    }
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

fn parse_address(address: &str, scheme: &str) -> Option<Url> {
    let (prefix, rest) = match address.find("://") {
        Some(at) => address.split_at_checked(at + 3)?,
        None => ("", address),
    };
    // A user's name and password may contain anything, and say nothing about where the call goes.
    let authority = rest.split('/').next().unwrap_or(rest);
    let rest = match authority.find('@') {
        Some(at) => rest.get(at + 1..)?,
        None => rest,
    };
    let plain = format!("{prefix}{rest}");
    match Url::parse(&plain) {
        Ok(url) if url.has_host() => Some(url),
        _ => Url::parse(&format!("{scheme}://{plain}")).ok(),
    }
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
