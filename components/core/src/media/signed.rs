//! Addresses that work for a short time without a header, so that `<img>` and `<audio>` can have them. A signature says who
//! asks, and is no permission: the index decides when the address is used.

use crate::auth::{Caller, MicroDaos, secrets_match};
use crate::ids::{EntityId, MicrodaoId};
use crate::problem::Problem;
use crate::secret_name::secret_name;

/// An address holds from two to three of these, in seconds: of one made within the same one there is only one, which a
/// browser's cache knows again.
const STEP: u64 = 300;
/// How long at most, in seconds.
const MAX_SECONDS: u64 = 3 * STEP;
/// How long the list of microDAOs in an address may be, in bytes. Of a longer one the first are in it.
const MAX_LIST_BYTES: usize = 4096;
/// For a caller who belongs to every microDAO.
const EVERY: &str = "*";

/// `expires` and `signature` for content and a caller; `now` is Unix time in seconds. The signature has who asks and where
/// they belong: `caller~microdaos~mac`.
pub fn sign_url(secret: &str, uri: &str, caller: &Caller, now: u64) -> Result<(u64, String), Problem> {
    let expires = now / STEP * STEP + MAX_SECONDS;
    let claim = format!("{}~{}", caller.id(), list(caller.microdaos()));
    Ok((expires, format!("{claim}~{}", mac(secret, uri, expires, &claim)?)))
}

/// Who asks with a signed address. The problem is a 401.
pub fn check_url(secret: &str, uri: &str, expires: &str, signature: &str, now: u64) -> Result<Caller, Problem> {
    let invalid =
        || Problem::unauthenticated("The address has expired, or is none of this service. Ask for a new one.");
    let expires: u64 = expires.parse().map_err(|_| invalid())?;
    let (claim, given) = signature.rsplit_once('~').ok_or_else(invalid)?;
    if !secrets_match(given, &mac(secret, uri, expires, claim)?) || expires <= now || expires > now + MAX_SECONDS {
        return Err(invalid());
    }
    let (id, microdaos) = claim.split_once('~').ok_or_else(invalid)?;
    let id = EntityId::parse_own(id).map_err(|_| invalid())?;
    let microdaos = match microdaos {
        EVERY => MicroDaos::Every,
        list => {
            let slugs = list.split(',').filter(|slug| !slug.is_empty());
            MicroDaos::Only(slugs.filter_map(|slug| MicrodaoId::parse(&format!("microdao:{slug}")).ok()).collect())
        }
    };
    Ok(Caller::of_signed_url(id, microdaos))
}

fn list(microdaos: &MicroDaos) -> String {
    let MicroDaos::Only(only) = microdaos else { return EVERY.to_owned() };
    let mut list = String::new();
    for microdao in only {
        if list.len() + microdao.slug().len() >= MAX_LIST_BYTES {
            break;
        }
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(microdao.slug());
    }
    list
}

fn mac(secret: &str, uri: &str, expires: u64, claim: &str) -> Result<String, Problem> {
    // None of the parts has a line break.
    secret_name(secret, "media url", &format!("{uri}\n{expires}\n{claim}"))
        .ok_or_else(|| Problem::unavailable("the setting matrix_gateway_secret is not set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "mxc://a/b";
    const NOW: u64 = 1_700_000_123;

    fn caller(microdaos: MicroDaos) -> Caller {
        Caller::of_signed_url(EntityId::parse("user:alice").unwrap(), microdaos)
    }

    fn dao(slug: &str) -> MicrodaoId {
        MicrodaoId::parse(&format!("microdao:{slug}")).unwrap()
    }

    #[test]
    fn an_address_tells_who_asks_until_it_expires() {
        for microdaos in [MicroDaos::Every, MicroDaos::Only(vec![]), MicroDaos::Only(vec![dao("a"), dao("b-1")])] {
            let caller = caller(microdaos);
            let (expires, signature) = sign_url("secret", URI, &caller, NOW).unwrap();
            let check = |now| check_url("secret", URI, &expires.to_string(), &signature, now);
            assert_eq!(check(NOW).unwrap(), caller);
            assert_eq!(check(expires - 1).unwrap(), caller);
            assert_eq!(check(expires).unwrap_err().status, 401);
            assert!((2 * STEP..=MAX_SECONDS).contains(&(expires - NOW)), "{}", expires - NOW);
            assert!(signature.bytes().all(|b| b.is_ascii_alphanumeric() || b"~*,:.-_".contains(&b)), "{signature}");
        }
    }

    #[test]
    fn nothing_of_an_address_can_be_changed() {
        let (expires, signature) = sign_url("secret", URI, &caller(MicroDaos::Only(vec![dao("a")])), NOW).unwrap();
        let at = expires.to_string();
        let later = (expires + 1).to_string();
        for (secret, uri, expires, signature) in [
            ("other", URI, &*at, signature.clone()),
            ("secret", "mxc://a/c", &*at, signature.clone()),
            ("secret", URI, &*later, signature.clone()),
            ("secret", URI, "", signature.clone()),
            ("secret", URI, &*at, signature.replace("alice", "bob")),
            ("secret", URI, &*at, signature.replace("~a~", "~b~")),
            ("secret", URI, &*at, signature.replace("~a~", "~*~")),
            ("secret", URI, &*at, String::new()),
            ("secret", URI, &*at, "~~".to_owned()),
        ] {
            assert_eq!(check_url(secret, uri, expires, &signature, NOW).unwrap_err().status, 401, "{signature}");
        }
        assert!(sign_url("", URI, &caller(MicroDaos::Every), NOW).is_err());
    }

    #[test]
    fn a_long_list_is_cut_and_not_the_address() {
        let many = MicroDaos::Only((0..1000).map(|n| dao(&format!("dao-{n:0>40}"))).collect());
        let (_, signature) = sign_url("secret", URI, &caller(many), NOW).unwrap();
        assert!((4000..4300).contains(&signature.len()), "{}", signature.len());
    }
}
