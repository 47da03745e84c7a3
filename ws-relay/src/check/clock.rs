//! Whether the clocks agree: tokens, retries and what is kept for a time go by them.

use super::report::Lines;
use std::time::{Duration, SystemTime};

/// A difference up to this is told nobody.
const TOLERATED: f64 = 5.0;
/// Beyond this, tokens are refused that are good.
const REFUSING: f64 = 30.0;

/// A question to another machine, begun and answered at these times of this one.
#[derive(Clone, Copy)]
pub struct Asked {
    /// When it was asked.
    pub began: SystemTime,
    /// When the answer was there.
    pub ended: SystemTime,
}

impl Asked {
    /// A question that begins now.
    pub fn now() -> Self {
        let now = SystemTime::now();
        Self { began: now, ended: now }
    }

    /// It is answered.
    pub fn answered(self) -> Self {
        Self { ended: SystemTime::now(), ..self }
    }

    /// How far the other clock, which showed `time` while it answered, is ahead of this one, in seconds: zero when it lies
    /// between question and answer.
    fn ahead(self, time: SystemTime, resolution: Duration) -> f64 {
        let seconds = |a: SystemTime, b: SystemTime| match a.duration_since(b) {
            Ok(later) => later.as_secs_f64(),
            Err(e) => -e.duration().as_secs_f64(),
        };
        let (behind, ahead) = (seconds(time, self.began) + resolution.as_secs_f64(), seconds(time, self.ended));
        if ahead > 0.0 { ahead } else { behind.min(0.0) }
    }
}

/// Says how the clock of `whose` is. `resolution` is how much later than `time` it may have been.
pub fn compare(
    lines: &mut Lines,
    check: &'static str,
    whose: &str,
    asked: Asked,
    time: SystemTime,
    resolution: Duration,
) {
    let ahead = asked.ahead(time, resolution);
    let text = match ahead.abs() {
        small if small < 0.5 => format!("the clock of {whose} agrees with this one"),
        _ => format!("the clock of {whose} is {:.0} s {} this one", ahead.abs().max(1.0), {
            if ahead > 0.0 { "ahead of" } else { "behind" }
        }),
    };
    let advice = "Have both machines follow a time server (chrony, systemd-timesyncd).";
    match ahead.abs() {
        small if small <= TOLERATED => lines.ok(check, text),
        medium if medium <= REFUSING => lines.warning(check, text, advice),
        _ => lines.fault(check, text, format!("{advice} Beyond 30 s, good tokens are refused.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Level;

    fn level(took: u64, offset: f64) -> Option<Level> {
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let asked = Asked { began, ended: began + Duration::from_secs(took) };
        let mut lines = Lines::default();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(1_000_000.0 + offset);
        compare(&mut lines, "clocks.x", "x", asked, time, Duration::from_secs(1));
        lines.level("clocks.x")
    }

    #[test]
    fn a_difference_counts_beyond_what_question_and_answer_took() {
        assert_eq!(level(0, -1.0), Some(Level::Ok));
        assert_eq!(level(4, 8.0), Some(Level::Ok));
        assert_eq!(level(0, 8.0), Some(Level::Warning));
        assert_eq!(level(4, -8.0), Some(Level::Warning));
        assert_eq!(level(0, 40.0), Some(Level::Fault));
        assert_eq!(level(0, -40.0), Some(Level::Fault));
    }
}
