//! Queries of requests.

use messaging_core::problem::Problem;
use percent_encoding::percent_decode_str;

/// Splits a query (`application/x-www-form-urlencoded`); values that are no UTF-8 are read with U+FFFD.
pub fn parse_query(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = || query.split('&').filter(|pair| !pair.is_empty());
    if pairs().nth(Problem::MAX_PARAMETERS).is_some() {
        return Err(Problem::too_many_parameters());
    }
    let pairs = pairs().map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    Ok(pairs.map(|(key, value)| (decode(key), decode(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_may_hold_anything() {
        assert_eq!(
            parse_query("a=1&b=x%20y+z&c&=&a=2&d=%ff").unwrap(),
            [("a", "1"), ("b", "x y z"), ("c", ""), ("", ""), ("a", "2"), ("d", "\u{fffd}")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn no_parameter_is_dropped_in_silence() {
        let query = |count: usize| "a=1&".repeat(count) + "limit=0";
        assert_eq!(parse_query(&query(63)).unwrap().last().unwrap().0, "limit");
        assert_eq!(parse_query(&query(64)).unwrap_err().code, "too_many_parameters");
    }
}
