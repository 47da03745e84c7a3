//! Synapse: a homeserver with the application service registered, that federates with one other, which tests start.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use crate::paths::{Data, Repo, write_private};
use crate::probe::Probe;
use crate::run;
use crate::secrets::Secrets;
use crate::service::{Service, base_env};
use crate::stack::{Federation, Stack};

/// The application service's id at the homeserver.
pub const APPSERVICE: &str = "daarion-messaging";

/// Writes the configuration and returns the server as a service.
pub fn service(
    repo: &Repo,
    data: &Data,
    python: &Path,
    secrets: &Secrets,
    port: u16,
    stack: &Stack,
) -> Result<Service> {
    let dir = data.private("synapse")?;
    let config = dir.join("homeserver.yaml");
    let mut settings = homeserver(&dir, secrets, port);
    if let (Some(federation), Value::Object(settings)) = (&stack.federation, &mut settings) {
        certify(repo, python, &dir, &secrets.server_name, federation)?;
        settings.extend(federating(federation));
    }
    // JSON is YAML too.
    write_private(&config, &serde_json::to_string_pretty(&settings)?)?;
    write_private(&dir.join("appservice.yaml"), &serde_json::to_string_pretty(&appservice(secrets, &stack.api_url))?)?;
    write_private(&dir.join("log.yaml"), &serde_json::to_string_pretty(&logging())?)?;
    write_private(&dir.join("signing.key"), &secrets.signing_key)?;
    let command = [python.display().to_string(), "-m".into(), "synapse.app.homeserver".into(), "-c".into()];
    Ok(Service {
        command: command.into_iter().chain([config.display().to_string()]).collect(),
        env: base_env(),
        cwd: dir,
        user: None,
        log: data.log("synapse"),
        address: format!("http://127.0.0.1:{port}"),
        ready: Probe::Http(format!("http://127.0.0.1:{port}/_matrix/client/versions")),
        stops_on_interrupt: false,
        process: None,
        stopped: false,
    })
}

fn homeserver(dir: &Path, secrets: &Secrets, port: u16) -> Value {
    let mut config = json!({
        "server_name": secrets.server_name,
        "public_baseurl": format!("http://127.0.0.1:{port}/"),
        "listeners": [{
            "port": port, "type": "http", "tls": false, "bind_addresses": ["127.0.0.1"],
            // Its log names a request as ours does.
            "request_id_header": "X-Request-Id",
            // For other homeservers too: tests put TLS in front of it.
            "resources": [{"names": ["client", "federation"], "compress": false}],
        }],
        "database": {"name": "sqlite3", "args": {"database": dir.join("homeserver.db")}},
        "media_store_path": dir.join("media"),
        "signing_key_path": dir.join("signing.key"),
        "log_config": dir.join("log.yaml"),
        "app_service_config_files": [dir.join("appservice.yaml")],
        "macaroon_secret_key": secrets.macaroon,
        "form_secret": secrets.form,
        "registration_shared_secret": secrets.registration,
        "enable_registration": false,
        "federation_domain_whitelist": [],
        // Another homeserver finds ours on port 443 of its name, whatever port it has here.
        "serve_server_wellknown": true,
        "trusted_key_servers": [],
        "report_stats": false,
        "presence": {"enabled": false},
        "room_list_publication_rules": [{"action": "allow"}],
    });
    if let (Some(config), Value::Object(limits)) = (config.as_object_mut(), limits()) {
        config.extend(limits);
    }
    config
}

/// The other homeserver, by the port in its name.
pub fn federation(data: &Data, port: u16) -> Federation {
    let dir = data.dir.join("synapse/tls");
    Federation {
        neighbour: format!("localhost:{port}"),
        authority: dir.join("authority.pem"),
        certificate: dir.join("server.pem"),
    }
}

/// Made anew at every start, and never older than the servers that use it.
fn certify(repo: &Repo, python: &Path, dir: &Path, server_name: &str, federation: &Federation) -> Result<()> {
    let host = |name: &str| name.rsplit_once(':').map_or(name, |(host, _)| host).to_owned();
    let script = repo.root.join("tests/synapse/certificates.py");
    let names = [host(&federation.neighbour), host(server_name)];
    run::output(Command::new(python).arg(script).arg(dir.join("tls")).args(names)).map(|_| ())
}

/// It speaks to this one server only, on this machine, and tries again soon after it could not.
fn federating(federation: &Federation) -> serde_json::Map<String, Value> {
    let settings = json!({
        "federation_domain_whitelist": [federation.neighbour],
        "federation_custom_ca_list": [federation.authority],
        "ip_range_whitelist": ["127.0.0.0/8", "::1/128"],
        // Without a unit: milliseconds.
        "federation": {
            "client_timeout": "10s",
            "max_short_retry_delay": 100,
            "max_short_retries": 1,
            "max_long_retry_delay": 200,
            "max_long_retries": 1,
            "destination_min_retry_interval": 200,
            "destination_retry_multiplier": 1,
            "destination_max_retry_interval": 200,
        },
    });
    match settings {
        Value::Object(settings) => settings,
        _ => serde_json::Map::new(),
    }
}

/// One machine's tests send more than the internet's strangers may.
fn limits() -> Value {
    let high = json!({"per_second": 10_000, "burst_count": 100_000});
    json!({
        "rc_message": high,
        "rc_registration": high,
        "rc_registration_token_validity": high,
        "rc_login": {"address": high, "account": high, "failed_attempts": high},
        "rc_admin_redaction": high,
        "rc_joins": {"local": high, "remote": high},
        "rc_joins_per_room": high,
        "rc_invites": {"per_room": high, "per_user": high, "per_issuer": high},
        "rc_media_create": high,
        "rc_room_creation": high,
    })
}

fn appservice(secrets: &Secrets, api_url: &str) -> Value {
    let server = secrets.server_name.replace('.', "\\.");
    let owned = |kind: &str| json!({"exclusive": true, "regex": format!("@{kind}-.*:{server}")});
    json!({
        "id": APPSERVICE,
        "url": api_url,
        "as_token": secrets.matrix_as_token,
        "hs_token": secrets.matrix_hs_token,
        "sender_localpart": "daarion",
        "rate_limited": false,
        // Who is typing, as it happens.
        "receive_ephemeral": true,
        // A channel's alias is `#<slug>-<microdao>`. Synapse lets an application service make only aliases of its
        // namespaces, and nobody else those of an exclusive one: otherwise anybody could take a channel's alias first.
        "namespaces": {
            "users": [owned("user"), owned("agent")],
            "aliases": [{"exclusive": true, "regex": format!("#.*-.*:{server}")}],
            "rooms": [],
        },
    })
}

/// Warnings and errors only: INFO costs a fifth of the speed.
fn logging() -> Value {
    json!({
        "version": 1,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
        "filters": {"context": {"()": "synapse.logging.context.LoggingContextFilter"}},
        "handlers": {"log": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]}},
        "root": {"level": "WARNING", "handlers": ["log"]},
        "disable_existing_loggers": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespaces_are_exclusive_and_of_this_server_only() {
        let data = Data::create(&std::env::temp_dir().join(format!("dev-synapse-{}", std::process::id()))).unwrap();
        let secrets = Secrets::of(&data, Some("example.org")).unwrap();
        std::fs::remove_dir_all(&data.dir).unwrap();
        let registration = appservice(&secrets, "http://127.0.0.1:3000");
        let users = registration["namespaces"]["users"].as_array().unwrap();
        assert!(users.iter().all(|user| user["exclusive"] == true));
        assert_eq!(users[1]["regex"], "@agent-.*:example\\.org");
        assert_eq!(registration["namespaces"]["aliases"][0]["exclusive"], true);
        assert_eq!(homeserver(Path::new("/d"), &secrets, 8008)["rc_joins"]["local"]["per_second"], 10_000);
    }
}
