//! The secrets of one stack: made once, kept with its data.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::paths::{Data, write_private};

/// What must stay the same as long as the data lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secrets {
    /// The homeserver's name, which all its stored ids end with.
    pub server_name: String,
    /// Password of PostgreSQL's superuser.
    pub postgres_admin: String,
    /// Password of the database user that owns the tables.
    pub postgres: String,
    /// Password of the components' database user; data of earlier versions have none.
    #[serde(default)]
    pub postgres_components: String,
    /// Password of the relay's database user; data of earlier versions have none.
    #[serde(default)]
    pub postgres_relay: String,
    /// The appservice's token at the homeserver.
    pub matrix_as_token: String,
    /// The homeserver's token at the appservice.
    pub matrix_hs_token: String,
    /// Between the components and the matrix-gateway.
    pub matrix_gateway: String,
    /// Of the `/internal` routes.
    pub internal: String,
    /// Of the homeserver's registration API.
    pub registration: String,
    /// Signs the homeserver's own tokens.
    pub macaroon: String,
    /// Signs the homeserver's forms.
    pub form: String,
    /// The homeserver's signing key, as its key file holds it.
    pub signing_key: String,
    /// Signs and checks callers' tokens.
    pub jwt: String,
}

impl Secrets {
    /// Loads the secrets of this data folder, or makes them. A different `server_name` than before is refused.
    pub fn of(data: &Data, server_name: Option<&str>) -> Result<Self> {
        let path = data.dir.join("secrets.json");
        if !path.exists() {
            let secrets = Self::generate(server_name.unwrap_or("localhost"))?;
            write_private(&path, &serde_json::to_string_pretty(&secrets)?)?;
            return Ok(secrets);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut secrets: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; start over with --fresh", path.display()))?;
        match server_name {
            Some(other) if other != secrets.server_name => bail!(
                "the data in {} belong to the homeserver {}; for {other} choose another --data or start over with --fresh",
                data.dir.display(),
                secrets.server_name
            ),
            _ => {
                secrets.complete(&path)?;
                Ok(secrets)
            }
        }
    }

    /// Makes what data of an earlier version lack.
    fn complete(&mut self, path: &Path) -> Result<()> {
        let missing = [&mut self.postgres_components, &mut self.postgres_relay].into_iter().filter(|it| it.is_empty());
        let missing: Vec<&mut String> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        for secret in missing {
            *secret = random_hex()?;
        }
        write_private(path, &serde_json::to_string_pretty(self)?)
    }

    fn generate(server_name: &str) -> Result<Self> {
        Ok(Self {
            server_name: server_name.to_owned(),
            postgres_admin: random_hex()?,
            postgres: random_hex()?,
            postgres_components: random_hex()?,
            postgres_relay: random_hex()?,
            matrix_as_token: random_hex()?,
            matrix_hs_token: random_hex()?,
            matrix_gateway: random_hex()?,
            internal: random_hex()?,
            registration: random_hex()?,
            macaroon: random_hex()?,
            form: random_hex()?,
            signing_key: format!("ed25519 a_dev {}\n", STANDARD_NO_PAD.encode(random()?)),
            jwt: random_hex()?,
        })
    }
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes)).context("cannot read /dev/urandom")?;
    Ok(bytes)
}

fn random_hex() -> Result<String> {
    Ok(random()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_and_the_server_name_too() {
        let data = Data::create(&std::env::temp_dir().join(format!("dev-secrets-{}", std::process::id()))).unwrap();
        let first = Secrets::of(&data, Some("example.org")).unwrap();
        assert_ne!(first.matrix_as_token, first.matrix_hs_token);
        assert_eq!(Secrets::of(&data, None).unwrap(), first);
        let mut of_an_earlier_version = serde_json::to_value(&first).unwrap();
        of_an_earlier_version.as_object_mut().unwrap().remove("postgres_relay");
        write_private(&data.dir.join("secrets.json"), &of_an_earlier_version.to_string()).unwrap();
        let completed = Secrets::of(&data, None).unwrap();
        assert_eq!(completed.postgres_relay.len(), first.postgres_relay.len());
        assert_eq!(completed.postgres, first.postgres);
        assert_eq!(Secrets::of(&data, None).unwrap(), completed);
        assert!(Secrets::of(&data, Some("other.org")).unwrap_err().to_string().contains("example.org"));
        fs::remove_dir_all(&data.dir).unwrap();
    }
}
