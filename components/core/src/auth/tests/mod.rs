//! The public face of this module, over settings and tokens as they come from outside.

mod algorithms;
mod cache;
mod internal;
mod key_set;
mod mutations;
mod platform;
mod tokens;

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Reads from a list of names and values.
fn settings(list: &[(&str, &str)]) -> Settings {
    Settings::read(|name| list.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

fn verifier(list: &[(&str, &str)]) -> Result<Verifier, String> {
    Verifier::new(&settings(list))
}

/// Unix time in seconds.
fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

/// A token with this header and these claims, signed with HMAC-SHA-256 whatever the header says.
fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let message = unsigned(header, claims);
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn hs256(claims: &Value, secret: &str) -> String {
    sign(&json!({"alg": "HS256", "typ": "JWT"}), claims, secret)
}
