//! Settings, read once from the environment. Names are those of the components' variables.

use crate::http::certificate::CertificateFiles;
use crate::nats::Nats;
use crate::previews::PreviewSettings;
use crate::rooms::{MessagingSettings, removals};
use anyhow::{Context, anyhow, bail};
use messaging_core::webhook::AllowedHosts;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A gibibyte, in bytes.
const GIBIBYTE: i64 = 1 << 30;

/// What `ws-relay --help` says about the settings; the documentation of each one.
pub const HELP: &str = "\
Settings (environment; each secret may instead be in a file, named by JWT_SECRET_FILE and so on):
  DATABASE_URL             PostgreSQL, as postgres://user:password@host/database; with sslmode=require over
                           verified TLS. The publisher needs a session of its own: no transaction pooler.
  MIGRATION_DATABASE_URL   for `migrate` alone: the same database as the role that owns the tables (DATABASE_URL)
  COMPONENTS_ROLE, RELAY_ROLE
                           for `migrate` alone: the roles that the components and the relays connect as, which it
                           makes if it may and gives what they need (messaging_components, messaging_relay)
  DATABASE_POOL            connections for reading, beside the two of the publisher (8)
  NATS_URL                 NATS with JetStream, as nats://user:password@host or nats://token@host, tls:// for TLS,
                           several servers of a cluster with commas (nats://127.0.0.1:4222). Only relays may publish
                           to relay.>, messaging.> and advisory.>.
  NATS_STREAM_MAX_BYTES    size at which the stream MESSAGING drops its oldest events, when ws-relay creates it
                           (1073741824)
  NATS_STREAM_REPLICAS     copies of the stream in a NATS cluster, when ws-relay creates it (1)
  WS_LISTEN                address of WebSockets, /health and /metrics (127.0.0.1:3001)
  WS_TLS_CERTIFICATE, WS_TLS_KEY
                           PEM files: with them WS_LISTEN speaks TLS itself; both are read again when they change
  METRICS_LISTEN           address of /metrics alone, which WS_LISTEN then does not have; it should be one that
                           only your monitoring reaches
  REQUEST_LOGS             folder of the components' logs (spin up --log-dir), or a file: /metrics has their requests
  WS_MAX_SOCKETS           sockets that may be open (20000)
  WS_MAX_SOCKETS_PER_CALLER
                           sockets that one caller may have open on this relay (200)
  CORS_ALLOW_ORIGINS       origins of pages that may open sockets, with commas; * for every one. Without it a token
                           is enough; in development mode pages of this machine may, too, and no others
  WS_QUEUE                 frames that a slow reader may be behind before it is cut with 4408 (256); sixteen times
                           as many on a socket for many channels
  WS_QUEUE_BYTES           and the bytes of these frames (1048576); four times as many on a socket for many channels
  AUTH_MODE                token (default) or development
  JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL, JWT_ALGORITHM, JWT_ISSUER, JWT_AUDIENCE, JWT_MICRODAOS_CLAIM
                           how tokens are checked, as for the components
  MATRIX_HOMESERVER_URL, MATRIX_AS_TOKEN, MATRIX_AS_ID (daarion-messaging)
                           with the first two, ws-relay pings the homeserver so that it pushes events again
                           as soon as it can after an outage
  WEBHOOK_ALLOWED_HOST     where webhooks may point, as for the components: host[:port] for HTTPS or
                           scheme://host[:port], several with commas; without it ws-relay delivers to none
  MATRIX_GATEWAY_SECRET    the token that deliveries to webhooks carry, as for the components
  MESSAGING_URL            address of the app; with it and INTERNAL_SECRET the relay that publishes compares channels
                           with the histories of their rooms, what the homeserver never pushed is indexed, and Matrix
                           is told who has read how far
  LINK_PREVIEWS            on (default) or off: whether this relay fetches the pages of links in messages, from the public
                           internet and through no proxy; pictures of pages are stored by the app (MESSAGING_URL)
  PREVIEW_FORBIDDEN_NETWORKS
                           networks that no link may lead to besides those that are not on the public internet, as
                           address/length, several with commas
  PREVIEW_TEST_HOSTS       for tests, in development mode alone: names that lead to other addresses, as
                           name=address:port, several with commas
  INTERNAL_SECRET          what opens the app's internal routes, as for the components
  RECONCILE_SECONDS        time between the beginnings of two such rounds of up to 100 channels (300); 0: none
  RETENTION_MAX_DAYS       days after which messages are deleted in every channel; the same for every relay (none)
  DRAIN_DELAY_SECONDS, DRAIN_SPREAD_SECONDS, DRAIN_LIMIT_SECONDS
                           after SIGTERM: how long it still serves and says that it is not ready (0), over what time
                           it closes its sockets then (5), and when it ends behind the delay (12); a second ends it at once
  RUST_LOG                 what is logged (info,async_nats=off)
  LOG_FORMAT               text (default) or json";

/// Where the homeserver is and how to speak to it as the appservice.
pub struct Matrix {
    /// Base address of the homeserver.
    pub homeserver: String,
    /// The appservice's `as_token`.
    pub as_token: String,
    /// The `id` of the appservice's registration.
    pub as_id: String,
}

/// Where webhooks may point, and what deliveries carry.
#[derive(Clone)]
pub struct WebhookSettings {
    /// Their hosts.
    pub hosts: AllowedHosts,
    /// The gateway's secret.
    pub token: Arc<str>,
}

/// Everything that can be set, except for how tokens are checked, which `messaging_core::auth` reads itself.
pub struct Settings {
    /// PostgreSQL.
    pub database_url: String,
    /// Connections in the pool that reads.
    pub database_pool: usize,
    /// NATS.
    pub nats: Nats,
    /// Limit of the stream, in bytes.
    pub stream_max_bytes: i64,
    /// Copies of the stream.
    pub stream_replicas: usize,
    /// Address to listen on, `host:port`.
    pub listen: String,
    /// TLS of that address.
    pub certificate: Option<CertificateFiles>,
    /// Address of `/metrics` alone.
    pub metrics_listen: Option<String>,
    /// Where the components' log is that requests are counted from; without it they are not.
    pub request_logs: Option<std::path::PathBuf>,
    /// Sockets at a time.
    pub max_sockets: usize,
    /// Sockets of one caller at a time.
    pub max_sockets_per_caller: usize,
    /// Origins of pages that may open sockets, with commas between them.
    pub cors_allow_origins: Option<String>,
    /// The length of the queue of a socket for one channel, in frames.
    pub queue: usize,
    /// The bytes that may wait in it.
    pub queue_bytes: usize,
    /// For the appservice ping; without it the homeserver is not pinged.
    pub matrix: Option<Matrix>,
    /// For deliveries to webhooks; without it there are none.
    pub webhooks: Option<WebhookSettings>,
    /// Where the app is; without it channels are not compared with their rooms.
    pub messaging: Option<MessagingSettings>,
    /// The time between the beginnings of two rounds of that.
    pub reconcile_every: Duration,
    /// For how many days messages are kept in every channel at most; without it there is no such bound.
    pub retention_max_days: Option<i32>,
    /// For the pages of links; without it none is fetched.
    pub previews: Option<PreviewSettings>,
}

/// How long events stay in the stream when ws-relay creates it.
pub const STREAM_MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

impl Settings {
    /// Reads the settings; the error is a sentence for the operator.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let text = |name: &str| setting(name).filter(|value| !value.is_empty());
        let settings = Self {
            database_url: database_url(text)?,
            database_pool: number(text, "DATABASE_POOL", 8)?,
            nats: Nats::parse(text("NATS_URL").as_deref().unwrap_or("nats://127.0.0.1:4222"))?,
            stream_max_bytes: number(text, "NATS_STREAM_MAX_BYTES", GIBIBYTE)?,
            stream_replicas: number(text, "NATS_STREAM_REPLICAS", 1)?,
            listen: text("WS_LISTEN").unwrap_or_else(|| "127.0.0.1:3001".to_owned()),
            certificate: match (text("WS_TLS_CERTIFICATE"), text("WS_TLS_KEY")) {
                (Some(certificate), Some(key)) => {
                    Some(CertificateFiles { certificate: certificate.into(), key: key.into() })
                }
                (None, None) => None,
                _ => bail!("set both of WS_TLS_CERTIFICATE and WS_TLS_KEY, or none"),
            },
            metrics_listen: text("METRICS_LISTEN"),
            request_logs: text("REQUEST_LOGS").map(Into::into),
            max_sockets: number(text, "WS_MAX_SOCKETS", 20_000)?,
            max_sockets_per_caller: number(text, "WS_MAX_SOCKETS_PER_CALLER", 200)?,
            cors_allow_origins: text("CORS_ALLOW_ORIGINS"),
            queue: number(text, "WS_QUEUE", 256)?,
            queue_bytes: number(text, "WS_QUEUE_BYTES", 1 << 20)?,
            matrix: match (text("MATRIX_HOMESERVER_URL"), text("MATRIX_AS_TOKEN")) {
                (Some(homeserver), Some(as_token)) => Some(Matrix {
                    homeserver,
                    as_token,
                    as_id: text("MATRIX_AS_ID").unwrap_or_else(|| "daarion-messaging".to_owned()),
                }),
                _ => None,
            },
            webhooks: webhooks(text)?,
            messaging: messaging(text)?,
            reconcile_every: Duration::from_secs(number(text, "RECONCILE_SECONDS", 300)?),
            retention_max_days: removals::max_days(text)?,
            previews: PreviewSettings::read(text)?,
        };
        if settings.database_pool == 0 || settings.queue == 0 || settings.queue_bytes == 0 {
            bail!("DATABASE_POOL, WS_QUEUE and WS_QUEUE_BYTES must be at least 1");
        }
        Ok(settings)
    }
}

/// `MIGRATION_DATABASE_URL`, the owner of tables and functions; `DATABASE_URL` where one role has everything.
pub fn migration_database_url(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<String> {
    let own = setting("MIGRATION_DATABASE_URL").filter(|value| !value.is_empty());
    own.map_or_else(|| database_url(setting), Ok)
}

/// `DATABASE_URL`, which every subcommand needs.
pub fn database_url(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<String> {
    setting("DATABASE_URL").filter(|value| !value.is_empty()).ok_or_else(|| anyhow!("DATABASE_URL is not set"))
}

/// Where the app is and what opens it, when both are set.
pub fn messaging(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<MessagingSettings>> {
    let text = |name: &str| setting(name).filter(|value| !value.is_empty());
    let (Some(url), Some(secret)) = (text("MESSAGING_URL"), text("INTERNAL_SECRET")) else { return Ok(None) };
    if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
        bail!("MESSAGING_URL must begin with http:// or https://, not be {url:?}");
    }
    // Of two, the new one.
    let secret = secret.split_ascii_whitespace().next().unwrap_or_default().into();
    Ok(Some(MessagingSettings { url, secret }))
}

fn webhooks(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<WebhookSettings>> {
    let hosts = AllowedHosts::parse(&setting("WEBHOOK_ALLOWED_HOST").unwrap_or_default());
    let hosts = hosts.map_err(|e| anyhow!("WEBHOOK_ALLOWED_HOST: {e}"))?;
    if hosts.is_empty() {
        return Ok(None);
    }
    let token = setting("MATRIX_GATEWAY_SECRET").context("WEBHOOK_ALLOWED_HOST asks for MATRIX_GATEWAY_SECRET")?;
    Ok(Some(WebhookSettings { hosts, token: token.into() }))
}

/// A number; `default` when it is not set.
pub fn number<T: FromStr>(setting: impl Fn(&str) -> Option<String>, name: &str, default: T) -> anyhow::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match setting(name) {
        Some(value) => value.parse().with_context(|| format!("{name} must be a number, not {value:?}")),
        None => Ok(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> anyhow::Result<Settings> {
        Settings::read(|name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn only_the_database_has_to_be_set() {
        let settings = read(&[("DATABASE_URL", "postgres://localhost/x"), ("NATS_URL", "")]).unwrap();
        assert_eq!(settings.nats.servers.len(), 1);
        assert_eq!(settings.queue, 256);
        assert!(settings.matrix.is_none());
        assert!(read(&[]).is_err());
    }

    #[test]
    fn the_homeserver_is_pinged_only_with_an_address_and_a_token() {
        let base = ("DATABASE_URL", "postgres://localhost/x");
        assert!(read(&[base, ("MATRIX_HOMESERVER_URL", "http://h")]).unwrap().matrix.is_none());
        let both = read(&[base, ("MATRIX_HOMESERVER_URL", "http://h"), ("MATRIX_AS_TOKEN", "t")]).unwrap();
        assert_eq!(both.matrix.unwrap().as_id, "daarion-messaging");
    }

    #[test]
    fn hosts_of_webhooks_are_checked_at_the_start() {
        let base = ("DATABASE_URL", "postgres://localhost/x");
        let read_hosts = |hosts| read(&[base, ("WEBHOOK_ALLOWED_HOST", hosts), ("MATRIX_GATEWAY_SECRET", "s")]);
        assert!(read(&[base]).unwrap().webhooks.is_none());
        assert!(read_hosts("a.example, http://b:7004").unwrap().webhooks.is_some());
        let error = read_hosts("a.example,https://*.example").err().unwrap();
        assert!(error.to_string().contains("https://*.example"), "{error}");
        assert!(read(&[base, ("WEBHOOK_ALLOWED_HOST", "a.example")]).is_err());
    }

    #[test]
    fn channels_are_compared_only_with_an_address_and_a_secret() {
        let base = ("DATABASE_URL", "postgres://localhost/x");
        let address = ("MESSAGING_URL", "http://127.0.0.1:3000");
        assert!(read(&[base, address]).unwrap().messaging.is_none());
        let settings = read(&[base, address, ("INTERNAL_SECRET", "s")]).unwrap();
        assert_eq!((settings.messaging.is_some(), settings.reconcile_every.as_secs()), (true, 300));
        assert!(read(&[base, ("MESSAGING_URL", "127.0.0.1:3000"), ("INTERNAL_SECRET", "s")]).is_err());
    }

    #[test]
    fn a_wrong_number_is_named() {
        let error = read(&[("DATABASE_URL", "postgres://localhost/x"), ("WS_QUEUE", "many")]).err().unwrap();
        assert!(error.to_string().contains("WS_QUEUE"));
        assert!(read(&[("DATABASE_URL", "postgres://localhost/x"), ("WS_QUEUE", "0")]).is_err());
    }
}
