//! The address of NATS, and the options that every connection to it has.

use anyhow::{Context, ensure};
use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// The pause between two pings; two missing pongs end the connection.
const PING: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(5);
/// The pause before a reconnect: the first, and the longest.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How a connection authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Login {
    None,
    Token(String),
    Password(String, String),
}

/// `NATS_URL`: one server, or several of a cluster with commas between them.
#[derive(Clone)]
pub struct Nats {
    /// The servers.
    pub servers: Vec<ServerAddr>,
    login: Login,
}

impl Nats {
    /// Reads `nats://host:port`, `nats://token@host` or `nats://user:password@host`; `tls://` for TLS.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let servers: Vec<ServerAddr> = url
            .split(',')
            .map(|server| server.trim().parse())
            .collect::<Result<_, _>>()
            .context("NATS_URL cannot be read")?;
        // The library leaves what stands before the @ to its user.
        let mut login = Login::None;
        if let Some(server) = servers.iter().find(|server| server.has_user_pass()) {
            let user = decoded(server.username().unwrap_or_default())?;
            login = match server.password() {
                Some(password) => Login::Password(user, decoded(password)?),
                None => Login::Token(user),
            };
        }
        ensure!(!servers.is_empty(), "NATS_URL names no server");
        Ok(Self { servers, login })
    }

    /// Options for a connection that NATS knows as `name`.
    pub fn options(&self, name: &str) -> ConnectOptions {
        let options = ConnectOptions::new().name(name).ping_interval(PING).connection_timeout(CONNECT);
        let options = options.reconnect_delay_callback(|attempt| {
            let doublings = u32::try_from(attempt.saturating_sub(1).min(10)).unwrap_or(10);
            RECONNECT.0.saturating_mul(2u32.saturating_pow(doublings)).min(RECONNECT.1)
        });
        match self.login.clone() {
            Login::None => options,
            Login::Token(token) => options.token(token),
            Login::Password(user, password) => options.user_and_password(user, password),
        }
    }
}

fn decoded(text: &str) -> anyhow::Result<String> {
    Ok(percent_decode_str(text).decode_utf8().context("NATS_URL has a login that is no text")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(url: &str) -> Login {
        Nats::parse(url).unwrap().login
    }

    #[test]
    fn a_login_may_stand_in_the_address() {
        assert_eq!(login("nats://127.0.0.1:4222"), Login::None);
        assert_eq!(login("nats://s3cret@nats"), Login::Token("s3cret".to_owned()));
        assert_eq!(login("tls://u:p%40ss@nats:4222"), Login::Password("u".to_owned(), "p@ss".to_owned()));
    }

    #[test]
    fn a_cluster_is_a_list() {
        assert_eq!(Nats::parse("nats://a:4222, nats://b:4222").unwrap().servers.len(), 2);
        assert!(Nats::parse("http://a").is_err());
    }
}
