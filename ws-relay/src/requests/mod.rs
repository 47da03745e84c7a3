//! Requests of the components, which keep nothing between two requests and have no `/metrics`: counted from the lines that they
//! write at the end of each one, in the files of the host (`spin up --log-dir`).

mod line;
mod tail;

use crate::metrics::{Metrics, RequestLabel, RouteLabel, SkipLabel};
use crate::sparingly::Sparingly;
use line::{Ended, Unread};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tail::Tail;
use tokio::time::sleep;

/// The pause between two looks.
const PERIOD: Duration = Duration::from_millis(500);
/// What the host calls the file of a component.
const SUFFIX: &str = "_stderr.txt";
/// Files that are followed at most.
const FILES: usize = 256;
/// Routes that are told from each other at most: more than the service has.
const ROUTES: usize = 256;
/// The route of what is beyond that.
const BEYOND: &str = "other";

static FAILED: Sparingly = Sparingly::new();

/// The files that are followed, and the routes that were seen.
struct Follower {
    place: PathBuf,
    metrics: Arc<Metrics>,
    tails: BTreeMap<PathBuf, Tail>,
    routes: BTreeSet<String>,
    /// What is there already was counted before, if by anybody; a file that comes later is read from its beginning.
    is_first: bool,
}

/// Follows a folder with the host's files, or one file, until it is dropped.
pub async fn run(place: PathBuf, metrics: Arc<Metrics>) {
    let (tails, routes) = Default::default();
    let mut follower = Follower { place, metrics, tails, routes, is_first: true };
    loop {
        // Files may hang, on a network above all, and other tasks must not.
        let turn = tokio::task::spawn_blocking(move || {
            let has_more = follower.turn();
            (follower, has_more)
        });
        let Ok((next, has_more)) = turn.await else { return };
        follower = next;
        if !has_more {
            sleep(PERIOD).await;
        }
    }
}

impl Follower {
    /// Reads a bounded part of what is new in each file; says whether there is more.
    fn turn(&mut self) -> bool {
        match files(&self.place) {
            Ok(paths) => self.follow(paths),
            // The host makes its folder when it starts.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => failed(&self.place, &e),
        }
        self.is_first = false;
        let mut has_more = false;
        let (mut ended, mut skipped) = (Vec::new(), (0, 0));
        self.tails.retain(|path, tail| {
            let turn = tail.turn(|line| match Ended::read(line) {
                Ok(request) => ended.push(request),
                Err(Unread::Malformed) => skipped.0 += 1,
                Err(Unread::Other) => {}
            });
            match turn {
                Ok(turn) => {
                    has_more |= turn.has_more;
                    skipped.1 += turn.too_long;
                    // What was deleted is read to its end, and then let go.
                    turn.has_more || path.exists()
                }
                Err(e) => {
                    failed(path, &e);
                    false
                }
            }
        });
        ended.into_iter().for_each(|request| self.count(request));
        for (reason, lines) in [("malformed", skipped.0), ("too_long", skipped.1)] {
            self.metrics.request_lines_skipped.get_or_create(&SkipLabel { reason }).inc_by(lines);
        }
        has_more
    }

    fn follow(&mut self, paths: Vec<PathBuf>) {
        for path in paths {
            if self.tails.len() >= FILES || self.tails.contains_key(&path) {
                continue;
            }
            match Tail::open(&path, self.is_first) {
                Ok(tail) => drop(self.tails.insert(path, tail)),
                Err(e) => failed(&path, &e),
            }
        }
    }

    fn count(&mut self, ended: Ended) {
        let Ended { route, method, status, took } = ended;
        let is_known = self.routes.contains(&route) || self.routes.len() < ROUTES && self.routes.insert(route.clone());
        let route = if is_known { route } else { BEYOND.to_owned() };
        self.metrics.requests.get_or_create(&RequestLabel { route: route.clone(), method, status }).inc();
        self.metrics.request_duration.get_or_create(&RouteLabel { route, method }).observe(took.as_secs_f64());
    }
}

/// The files that are to be followed.
fn files(place: &Path) -> io::Result<Vec<PathBuf>> {
    if std::fs::metadata(place)?.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let entries = std::fs::read_dir(place)?.filter_map(|entry| Some(entry.ok()?.path()));
    let fits = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(SUFFIX));
    Ok(entries.filter(fits).take(FILES).collect())
}

fn failed(path: &Path, e: &io::Error) {
    if let Some(left_out) = FAILED.permit() {
        tracing::warn!(left_out, "the log of requests {} cannot be read: {e}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn line(route: &str, status: u16) -> String {
        format!(
            "{{\"message\":\"request\",\"route\":\"{route}\",\"method\":\"GET\",\"status\":{status},\"duration_ms\":20}}\n"
        )
    }

    #[test]
    fn requests_are_counted_by_route_method_and_class() {
        let folder = Folder(std::env::temp_dir().join(format!("ws-relay-requests-{}", std::process::id())));
        fs::create_dir_all(&folder.0).unwrap();
        let (old, new) = (folder.0.join("pins_stderr.txt"), folder.0.join("files_stderr.txt"));
        fs::write(&old, line("/a/:b", 200)).unwrap();
        fs::write(folder.0.join("pins_stdout.txt"), line("/no", 200)).unwrap();
        let metrics = Arc::new(Metrics::default());
        let (tails, routes) = Default::default();
        let place = folder.0.clone();
        let mut follower = Follower { place, metrics: metrics.clone(), tails, routes, is_first: true };
        assert!(!follower.turn());
        let all = line("/a/:b", 200) + &line("/a/:b", 200) + &line("/a/:b", 503) + &line("/a/:b", 999) + "{}\n";
        fs::write(&old, line("/a/:b", 200) + &all).unwrap();
        fs::write(&new, line("/c", 404)).unwrap();
        while follower.turn() {}
        let text = metrics.encode();
        let has = |name: &str, labels: [&str; 3], value: &str| {
            let fits = |line: &&str| line.starts_with(name) && line.ends_with(value);
            text.lines().filter(fits).any(|line| labels.iter().all(|label| line.contains(label)))
        };
        let requests = "daarion_messaging_requests_total{";
        assert!(has(requests, ["route=\"/a/:b\"", "method=\"GET\"", "status=\"2xx\""], " 2"), "{text}");
        assert!(has(requests, ["route=\"/a/:b\"", "method=\"GET\"", "status=\"5xx\""], " 1"), "{text}");
        assert!(has(requests, ["route=\"/c\"", "method=\"GET\"", "status=\"4xx\""], " 1"), "{text}");
        let bucket = "daarion_messaging_request_duration_seconds_bucket{";
        assert!(has(bucket, ["le=\"0.025\"", "route=\"/a/:b\"", "method=\"GET\""], " 3"), "{text}");
        assert!(text.contains("daarion_messaging_request_lines_skipped_total{reason=\"malformed\"} 1"), "{text}");
        assert!(!text.contains("/no"), "{text}");
        fs::write(&old, (0..2 * ROUTES).map(|n| line(&format!("/{n}"), 200)).collect::<String>()).unwrap();
        while follower.turn() {}
        let routes: BTreeSet<_> = metrics
            .encode()
            .lines()
            .filter_map(|line| line.split("route=\"").nth(1)?.split('"').next().map(str::to_owned))
            .collect();
        assert_eq!(routes.len(), ROUTES + 1, "whatever is written, there are so many");
    }
}
