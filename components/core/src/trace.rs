//! What names a request on its way through the parts: `X-Request-Id`, and `traceparent` (W3C Trace Context, level 1).

use std::fmt;

/// The header that names a request, in every response and in the log.
pub const REQUEST_ID: &str = "x-request-id";
/// The header that says which trace a request belongs to.
pub const TRACEPARENT: &str = "traceparent";

/// Whether a text from outside may name a request: 1 to 64 letters, digits, `-`, `_` and `.`, so that it can stand in any log.
pub fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The place of a request in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    trace_id: u128,
    span_id: u64,
    is_sampled: bool,
}

impl Trace {
    /// The trace of a request, which gets the span `span_id`: the caller's, or a new one with `trace_id` where there is none or
    /// what is sent is no `traceparent`. Neither id is zero.
    pub fn begin(header: Option<&str>, trace_id: u128, span_id: u64) -> Self {
        let new = Self { trace_id: trace_id.max(1), span_id: span_id.max(1), is_sampled: false };
        match header.and_then(read) {
            Some((trace_id, is_sampled)) => Self { trace_id, is_sampled, ..new },
            None => new,
        }
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The `traceparent` for requests that this one makes.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }
}

/// The trace's id and whether it is sampled. A later version may say more behind what this one has.
fn read(header: &str) -> Option<(u128, bool)> {
    let mut parts = header.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let version = hexadecimal(version, 2)?;
    if version == 0xff || version == 0 && parts.next().is_some() {
        return None;
    }
    let (trace_id, span_id) = (hexadecimal(trace, 32)?, hexadecimal(span, 16)?);
    let flags = hexadecimal(flags, 2)?;
    (trace_id != 0 && span_id != 0).then_some((trace_id, flags & 1 == 1))
}

/// A number of so many digits, in lower case.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_callers_trace_goes_on_with_a_span_of_its_own() {
        let trace = Trace::begin(Some(GIVEN), 7, 9);
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.to_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000009-01");
        assert_eq!(Trace::begin(Some(&trace.to_string()), 7, 10).id(), trace.id());
        let newer = format!("01{}-more", GIVEN.get(2..).unwrap());
        assert_eq!(Trace::begin(Some(&newer), 7, 9).id(), trace.id());
    }

    #[test]
    fn what_is_no_traceparent_is_dropped_for_a_new_trace() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let odd = [
            String::new(),
            "00".to_owned(),
            GIVEN.to_uppercase(),
            format!("{GIVEN}-more"),
            format!("ff{}", GIVEN.get(2..).unwrap()),
            format!("{GIVEN} "),
            GIVEN.replace('4', "+"),
            GIVEN.replacen("4b", "ґ", 1),
            zero_trace.to_owned(),
            zero_span.to_owned(),
            "-".repeat(10_000),
        ];
        for odd in odd {
            let trace = Trace::begin(Some(&odd), 7, 9);
            assert_eq!(trace.to_string(), format!("00-{:032x}-{:016x}-00", 7, 9), "{odd}");
        }
        assert_eq!(Trace::begin(None, 0, 0).to_string(), format!("00-{:032x}-{:016x}-00", 1, 1));
    }

    #[test]
    fn an_id_may_stand_in_any_log() {
        assert!(is_request_id("abc-1_.Z") && is_request_id(&"x".repeat(64)));
        for odd in ["", "a b", "a\nb", "\"", "ї", "a/b", "{}", &"x".repeat(65)] {
            assert!(!is_request_id(odd), "{odd}");
        }
    }
}
