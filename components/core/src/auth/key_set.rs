//! The keys that an issuer publishes as a JWK Set (RFC 7517): read here, fetched by whoever holds the verifier.

use super::key::Key;
use super::provider;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many bytes of a JWK Set are read.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// How many keys of a set count. A token without a key id is tried with each of them.
const MAX_KEYS: usize = 16;

/// After this time the set is fetched again, so that a key that was taken back is not used for long.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// Keys that could not be fetched again for this time are not used any more.
const USABLE: Duration = Duration::from_secs(3600);

/// For this time after a fetch, an unknown key id is not looked for: everybody can make up a key id.
const BETWEEN: Duration = Duration::from_secs(30);

/// For this time after a fetch that failed there is no next one, when there is no key at all.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Reads those keys of a set that are for `algorithm`. Others are left out, and so are keys that cannot be read: a kind
/// that is not known here must not hide those that are. The error ends a sentence that begins with the set's source.
pub(super) fn parse(document: &[u8], algorithm: Algorithm) -> Result<Vec<Key>, String> {
    if document.len() > MAX_KEY_SET_BYTES {
        return Err(format!("has more than {MAX_KEY_SET_BYTES} bytes"));
    }
    let set: Value = serde_json::from_slice(document).map_err(|e| format!("is not JSON: {e}"))?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or_else(|| "is not a JWK Set".to_owned())?;
    let keys = keys.iter().filter_map(|jwk| read(jwk, algorithm));
    let keys: Vec<_> = keys.take(MAX_KEYS).collect();
    if keys.is_empty() { Err(format!("has no key for {algorithm:?}")) } else { Ok(keys) }
}

/// One key of a set (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
fn read(jwk: &Value, algorithm: Algorithm) -> Option<Key> {
    let member = |name: &str| jwk.get(name)?.as_str();
    let name = format!("{algorithm:?}");
    // RFC 9864 gives EdDSA with this curve a name of its own.
    let is_for = |alg: &str| alg == name || algorithm == Algorithm::EdDSA && alg == "Ed25519";
    if member("use").is_some_and(|usage| usage != "sig") || member("alg").is_some_and(|alg| !is_for(alg)) {
        return None;
    }
    let key = match (algorithm, member("kty")?, member("crv")) {
        (Algorithm::RS256, "RSA", _) => DecodingKey::from_rsa_components(member("n")?, member("e")?),
        (Algorithm::ES256, "EC", Some("P-256")) => DecodingKey::from_ec_components(member("x")?, member("y")?),
        (Algorithm::EdDSA, "OKP", Some("Ed25519")) => DecodingKey::from_ed_components(member("x")?),
        _ => return None,
    };
    let key = key.ok().filter(|key| provider::fits(algorithm, key))?;
    Some(Key { id: member("kid").map(str::to_owned), key })
}

/// Keys that are fetched from their issuer. It decides when, and does no I/O itself.
pub(super) struct FetchedKeys {
    url: String,
    algorithm: Algorithm,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Arc<Vec<Key>>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl State {
    fn keys(&self, now: Instant) -> Option<&Arc<Vec<Key>>> {
        self.fetched_at.filter(|at| now.saturating_duration_since(*at) < USABLE).map(|_| &self.keys)
    }
}

impl FetchedKeys {
    /// The error is a sentence for the operator.
    pub fn new(url: &str, algorithm: Algorithm) -> Result<Self, String> {
        let is_http = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if is_http.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) || url.parse::<http::Uri>().is_err() {
            return Err("JWT_JWKS_URL must be an http:// or https:// address".to_owned());
        }
        Ok(Self { url: url.to_owned(), algorithm, state: Mutex::default() })
    }

    /// The address to fetch now, before a token with `key_id` is checked; `None` when the keys do as they are.
    ///
    /// While there is no key, everybody who asks has to fetch: nobody could be let in otherwise. When there are some, one
    /// of those who ask at once does, and the others go on with what there is.
    pub fn due(&self, key_id: Option<&str>, now: Instant) -> Option<&str> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let tried = since(state.tried_at);
        let Some(keys) = state.keys(now) else {
            return tried.is_none_or(|since| since >= AFTER_FAILURE).then_some(&self.url);
        };
        let is_known = key_id.is_none_or(|id| keys.iter().any(|key| key.id.as_deref().is_none_or(|known| known == id)));
        let is_fresh = since(state.fetched_at).is_some_and(|since| since < FRESH);
        let is_due = !(is_known && is_fresh) && tried.is_none_or(|since| since >= BETWEEN);
        if is_due {
            state.tried_at = Some(now);
        }
        is_due.then_some(&self.url)
    }

    /// Takes what was fetched. A set without a usable key is an error, a sentence for the log, and changes nothing.
    pub fn put(&self, document: &[u8], now: Instant) -> Result<(), String> {
        let keys = parse(document, self.algorithm).map_err(|e| format!("what JWT_JWKS_URL gives {e}"));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tried_at = Some(now);
        state.keys = Arc::new(keys?);
        state.fetched_at = Some(now);
        Ok(())
    }

    /// Remembers that there was nothing to fetch.
    pub fn failed(&self, now: Instant) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).tried_at = Some(now);
    }

    /// The keys; `None` when there are none, or none that are young enough.
    pub fn get(&self, now: Instant) -> Option<Arc<Vec<Key>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).keys(now).cloned()
    }
}
