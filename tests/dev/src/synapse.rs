//! Synapse: a homeserver without federation, with the application service registered.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::paths::{Data, write_private};
use crate::probe::Probe;
use crate::secrets::Secrets;
use crate::service::{Service, base_env};

/// The application service's id at the homeserver.
pub const APPSERVICE: &str = "daarion-messaging";

/// Writes the configuration and returns the server as a service.
pub fn service(data: &Data, python: &Path, secrets: &Secrets, port: u16, api_url: &str) -> Result<Service> {
    let dir = data.private("synapse")?;
    let config = dir.join("homeserver.yaml");
    // JSON is YAML too.
    write_private(&config, &serde_json::to_string_pretty(&homeserver(&dir, secrets, port))?)?;
    write_private(&dir.join("appservice.yaml"), &serde_json::to_string_pretty(&appservice(secrets, api_url))?)?;
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
            "resources": [{"names": ["client"], "compress": false}],
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
