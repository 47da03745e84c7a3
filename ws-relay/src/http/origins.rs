//! Which web pages may open sockets. Browsers ask no server before they do, so the server has to look.

use http::HeaderMap;
use http::header::ORIGIN;
use messaging_core::origin::is_allowed;
use messaging_core::problem::Problem;

/// The pages that may connect.
pub struct Origins {
    list: Option<String>,
    development: bool,
}

impl Origins {
    /// `list` is `CORS_ALLOW_ORIGINS`.
    pub fn new(list: Option<String>, development: bool) -> Self {
        Self { list, development }
    }

    /// The problem is a 403 for a page that may not connect. What is no page sends no origin. Without a list, a token
    /// is enough, which a foreign page does not have: browsers send none by themselves.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
        if self.list.is_none() && !self.development {
            return Ok(());
        }
        let allowed = |origin| is_allowed(origin, self.list.as_deref(), self.development);
        match origin.to_str().is_ok_and(allowed) {
            true => Ok(()),
            false => Err(Problem::forbidden("origin_not_allowed", "Pages of this origin may not connect here.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn foreign_pages_are_refused_where_a_list_or_development_mode_says_so() {
        let may = |list: Option<&str>, development, origin: Option<&'static str>| {
            let headers = origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))).into_iter().collect();
            Origins::new(list.map(str::to_owned), development).check(&headers).is_ok()
        };
        let (ours, foreign, local) =
            (Some("https://daarion.city"), Some("https://evil.example"), Some("http://localhost:5173"));
        for (list, development) in [(None, false), (None, true), (ours, false), (ours, true)] {
            assert!(may(list, development, None));
        }
        assert!(may(None, false, foreign) && may(None, false, local));
        assert!(may(ours, false, ours) && !may(ours, false, foreign) && !may(ours, false, local));
        assert!(may(ours, true, ours) && may(ours, true, local) && !may(ours, true, foreign));
        assert!(may(None, true, local) && !may(None, true, foreign) && !may(None, true, Some("null")));
        assert!(may(Some("*"), true, foreign));
    }
}
