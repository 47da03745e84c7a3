//! Which component answers a path. The matching itself is that of the crate Spin uses; here is what Spin does around
//! it.

use std::borrow::Cow;

use anyhow::{Result, anyhow};
use indexmap::IndexMap;

use crate::manifest::{HttpTrigger, Route};

/// Paths below this are answered by the host itself, whatever the manifest says.
pub const RESERVED: &str = "/.well-known/spin/";

/// Every public route of an application.
pub struct Router(routefinder::Router<Target>);

struct Target {
    component: String,
    /// As in the manifest.
    raw: String,
    /// With a leading slash and without one trailing slash.
    based: String,
}

/// A path that has found its component.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The component that answers.
    pub component: String,
    /// The route as it stands in the manifest.
    pub raw_route: String,
    /// The route as it is matched.
    pub matched_route: String,
    /// What `/...` stands for, with its leading slash; empty without one.
    pub path_info: String,
    /// What each `:param` stands for, as it was sent.
    pub params: Vec<(String, String)>,
}

impl Router {
    /// Collects the routes of an application; of two identical ones the last counts.
    ///
    /// # Errors
    /// A pattern that cannot be understood.
    pub fn new(triggers: &[HttpTrigger]) -> Result<Self> {
        let mut routes = IndexMap::new();
        for trigger in triggers {
            if let Route::Path(raw) = &trigger.route
                && let Some(replaced) = routes.insert(raw.as_str(), trigger.component.as_str())
            {
                eprintln!("{raw} of {replaced} is never used: it is the same as a later route");
            }
        }
        let mut router = routefinder::Router::new();
        for (raw, component) in routes {
            let based = based(raw);
            if based.starts_with(RESERVED) {
                eprintln!("{raw} of {component} is never reached: {RESERVED} is reserved");
            }
            let spec = match based.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => based.clone(),
            };
            let target = Target { component: component.to_owned(), raw: raw.to_owned(), based };
            router
                .add(spec.as_str(), target)
                .map_err(|error| anyhow!("cannot understand the route {raw} of {component}: {error}"))?;
        }
        Ok(Self(router))
    }

    /// Finds the component for a path, if any has it.
    pub fn find(&self, path: &str) -> Option<Found> {
        let found = self.0.best_match(path)?;
        let captures = found.captures();
        let target = found.handler();
        Some(Found {
            component: target.component.clone(),
            raw_route: target.raw.clone(),
            matched_route: target.based.clone(),
            path_info: captures.wildcard().map(|tail| path_info(tail, path)).unwrap_or_default().into_owned(),
            params: captures.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        })
    }
}

impl Found {
    /// What a component sees of a chained call: a route that takes everything.
    pub fn chained(component: &str, path: &str) -> Self {
        Self {
            component: component.to_owned(),
            raw_route: "/...".to_owned(),
            matched_route: "/...".to_owned(),
            path_info: path.to_owned(),
            params: Vec::new(),
        }
    }

    /// The route of the manifest without its `/...`.
    pub fn component_route(&self) -> &str {
        self.raw_route.strip_suffix("/...").unwrap_or(&self.raw_route)
    }
}

fn based(raw: &str) -> String {
    let absolute = if raw.starts_with('/') { Cow::Borrowed(raw) } else { Cow::Owned(format!("/{raw}")) };
    absolute.strip_suffix('/').unwrap_or(&absolute).to_owned()
}

/// The matcher drops slashes around the tail; components are promised the leading one and, if sent, the trailing one.
fn path_info<'a>(tail: &'a str, path: &str) -> Cow<'a, str> {
    match (tail.is_empty(), path.ends_with('/')) {
        (true, false) => tail.into(),
        (true, true) => "/".into(),
        (false, false) => format!("/{tail}").into(),
        (false, true) => format!("/{tail}/").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(&str, &str)]) -> Router {
        let triggers: Vec<HttpTrigger> = routes
            .iter()
            .map(|(route, component)| toml::from_str(&format!("route = {route}\ncomponent = {component:?}")).unwrap())
            .collect();
        Router::new(&triggers).unwrap()
    }

    fn component(router: &Router, path: &str) -> Option<String> {
        router.find(path).map(|found| found.component)
    }

    #[test]
    fn exact_goes_before_param_before_wildcard_in_any_order() {
        let routes = [
            (r#""/rooms/...""#, "tail"),
            (r#""/rooms/:room""#, "param"),
            (r#""/rooms/main""#, "exact"),
            (r#""/rooms/:room/messages""#, "messages"),
            (r#""/...""#, "rest"),
        ];
        for turn in 0..routes.len() {
            let mut routes = routes;
            routes.rotate_left(turn);
            let router = router(&routes);
            for (path, expected) in [
                ("/rooms/main", "exact"),
                ("/rooms/other", "param"),
                ("/rooms/main/messages", "messages"),
                ("/rooms/a/b/c", "tail"),
                ("/rooms", "tail"),
                ("/", "rest"),
                ("/other", "rest"),
            ] {
                assert_eq!(component(&router, path).as_deref(), Some(expected), "{path}");
            }
        }
    }

    #[test]
    fn slashes_at_both_ends_do_not_count() {
        let router = router(&[(r#""/rooms/:room/""#, "room"), (r#""plain""#, "plain")]);
        for path in ["/rooms/a", "/rooms/a/", "//rooms/a//"] {
            assert_eq!(component(&router, path).as_deref(), Some("room"), "{path}");
        }
        assert_eq!(component(&router, "/plain").as_deref(), Some("plain"));
        assert_eq!(component(&router, "/rooms"), None);
        assert_eq!(component(&router, "/rooms/a/b"), None);
    }

    #[test]
    fn a_value_is_passed_as_sent_and_may_be_empty() {
        let router = router(&[(r#""/rooms/:room_id/x""#, "room")]);
        for (path, value) in [("/rooms/%C3%A4%2F/x", "%C3%A4%2F"), ("/rooms//x", ""), ("/rooms/../x", "..")] {
            let found = router.find(path).unwrap();
            assert_eq!(found.params, [("room_id".to_owned(), value.to_owned())], "{path}");
            assert_eq!(found.path_info, "");
        }
    }

    #[test]
    fn the_tail_keeps_its_slashes() {
        let router = router(&[(r#""/files/...""#, "files")]);
        for (path, tail) in [("/files", ""), ("/files/", "/"), ("/files/a/b", "/a/b"), ("/files/a/", "/a/")] {
            assert_eq!(router.find(path).unwrap().path_info, tail, "{path}");
        }
        let found = router.find("/files/a").unwrap();
        assert_eq!((found.raw_route.as_str(), found.component_route()), ("/files/...", "/files"));
    }

    #[test]
    fn the_last_of_two_identical_routes_wins_and_private_ones_are_not_reached() {
        let router = router(&[(r#""/a""#, "first"), (r#""/a""#, "second"), ("{ private = true }", "hidden")]);
        assert_eq!(component(&router, "/a").as_deref(), Some("second"));
        assert_eq!(component(&router, "/hidden"), None);
    }
}
