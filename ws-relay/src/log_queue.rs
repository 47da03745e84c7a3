//! Lines of the log on their way to stderr. Whoever reads them may stop for a while, as a collector does whose disk is full, and
//! no event and no socket waits for that: a thread of its own writes them.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// So many lines may wait. Further ones are left out, and counted.
const LINES: usize = 10_000;
/// So many that wait are written at once.
const TOGETHER: usize = 64;
/// How long the end of the program waits for those that are on their way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines are written to.
#[derive(Clone)]
pub struct LogQueue {
    lines: SyncSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    left_out: Arc<AtomicU64>,
}

impl LogQueue {
    /// Begins to write to `out`; `tell` is called there with how many lines were left out, when some were.
    pub fn start(mut out: impl Write + Send + 'static, tell: impl Fn(u64) + Send + 'static) -> io::Result<Self> {
        let (lines, queued) = sync_channel::<Vec<u8>>(LINES);
        let queue = Self { lines, waiting: Arc::default(), left_out: Arc::default() };
        let (waiting, left_out) = (queue.waiting.clone(), queue.left_out.clone());
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            while let Ok(mut lines) = queued.recv() {
                let mut count = 1;
                for line in queued.try_iter().take(TOGETHER - 1) {
                    lines.extend(line);
                    count += 1;
                }
                // Nobody could be told of a failure.
                let _ = out.write_all(&lines);
                waiting.fetch_sub(count, Ordering::AcqRel);
                match left_out.swap(0, Ordering::AcqRel) {
                    0 => {}
                    lines => tell(lines),
                }
            }
        })?;
        Ok(queue)
    }

    /// Waits a moment until what is on its way is written.
    #[expect(clippy::disallowed_methods, reason = "the program is at its end: no socket is left")]
    pub fn finish(&self) {
        let began = Instant::now();
        while self.waiting.load(Ordering::Acquire) > 0 && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Takes a whole line at a time.
impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        if self.lines.try_send(line.to_vec()).is_err() {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            self.left_out.fetch_add(1, Ordering::AcqRel);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogQueue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    /// Takes lines when it is allowed to.
    struct Slow(Receiver<()>, Arc<AtomicUsize>);

    impl Write for Slow {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.fetch_add(lines.split(|byte| *byte == b'\n').count() - 1, Ordering::AcqRel);
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_and_what_was_left_out_is_told() {
        let (allow, allowed) = channel();
        let (tell, told) = channel();
        let written = Arc::new(AtomicUsize::new(0));
        let tell = move |lines| {
            let _ = tell.send(lines);
        };
        let mut queue = LogQueue::start(Slow(allowed, written.clone()), tell).unwrap();
        for _ in 0..LINES + 100 {
            queue.write_all(b"line\n").unwrap();
        }
        queue.finish();
        assert_eq!(written.load(Ordering::Acquire), 0, "not even the end waits for ever");
        drop(allow);
        let left_out = told.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!((36..=100).contains(&left_out), "the thread may have some in its hand: {left_out}");
        while queue.waiting.load(Ordering::Acquire) > 0 {
            queue.finish();
        }
        assert_eq!(u64::try_from(written.load(Ordering::Acquire)).unwrap() + left_out, 10_100);
    }
}
