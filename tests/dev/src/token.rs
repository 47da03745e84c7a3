//! `cargo dev token`: an access token as the platform issues it, for the stack that runs.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::args::TokenArgs;
use crate::control;
use crate::paths::Repo;
use crate::progress::say;

/// Who issues the platform's tokens.
pub const ISSUER: &str = "daarion-auth";

/// Prints a token.
pub fn run(repo: &Repo, args: TokenArgs) -> Result<()> {
    let stack = control::file(repo, args.stack.clone())
        .load_any()?
        .context("no stack is running; start one with `cargo dev up --auth token`")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    say(&token(&args, &stack.jwt_secret, now)?);
    Ok(())
}

fn token(args: &TokenArgs, secret: &str, now: u64) -> Result<String> {
    let kind = args.subject.split_once(':').map_or("user", |(kind, _)| kind);
    ensure!(["user", "agent"].contains(&kind), "the subject must be user:<id>, agent:<id> or the id of a user");
    let is_id = |id: &String| id.strip_prefix("microdao:").is_some_and(|slug| !slug.is_empty());
    ensure!(args.microdaos.iter().all(is_id), "a microDAO is named as microdao:<slug>");
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let claims = json!({
        "iss": ISSUER, "type": "access", "sub": args.subject, "iat": now, "exp": now.saturating_add(args.ttl),
        "roles": args.roles, "microdaos": args.microdaos,
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?.chain_update(&message).finalize();
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes())))
}

/// A length of time, in seconds: `90`, `90s`, `15m`, `12h`, `7d`.
pub fn seconds(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => return Err(format!("{other:?} is no unit; use s, m, h or d")),
    };
    let number: u64 = digits.parse().map_err(|_| "must be a number with a unit, as 15m".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_signed_and_says_who_where_and_until_when() {
        let args = TokenArgs {
            subject: "user:alice".to_owned(),
            microdaos: vec!["microdao:daarion".to_owned()],
            roles: Vec::new(),
            ttl: 60,
            stack: crate::args::StackArg::default(),
        };
        let token = token(&args, "0123456789abcdef0123456789abcdef", 1_000).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let parts: Vec<serde_json::Value> = message
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(parts[0], json!({"alg": "HS256", "typ": "JWT"}));
        let claims = json!({"iss": "daarion-auth", "type": "access", "sub": "user:alice", "iat": 1_000, "exp": 1_060,
            "roles": [], "microdaos": ["microdao:daarion"]});
        assert_eq!(parts[1], claims);
        let mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef0123456789abcdef").unwrap().chain_update(message);
        assert!(mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).is_ok());
        let bare = TokenArgs { microdaos: vec!["daarion".to_owned()], ..args.clone() };
        assert!(super::token(&bare, "s", 0).is_err());
        let unknown = TokenArgs { subject: "service:x".to_owned(), ..args };
        assert!(super::token(&unknown, "s", 0).is_err());
    }

    #[test]
    fn a_length_of_time_has_a_unit() {
        assert_eq!(
            ["90", "90s", "15m", "12h", "7d"].map(|text| seconds(text).unwrap()),
            [90, 90, 900, 43_200, 604_800]
        );
        for text in ["", "m", "1w", "-1s", "1.5h", "99999999999999999999", "9999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
