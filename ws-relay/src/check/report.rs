//! What was found, as text for people and as JSON for programs.

use messaging_core::text::log_message;
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// The service works, and somebody should know this.
    Warning,
    /// Something does not work.
    Fault,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Which it is, the same in every version: `database.schema`.
    check: &'static str,
    level: Level,
    /// What was found.
    text: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// Everything that was found at a part.
#[derive(Debug, Default)]
pub struct Lines(Vec<Line>);

impl Lines {
    /// It is as it should be.
    pub fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.0.push(Line { check, level: Level::Ok, text: shown(&text.into()), advice: None });
    }

    /// It works, and the operator should know.
    pub fn warning(&mut self, check: &'static str, text: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Line {
            check,
            level: Level::Warning,
            text: shown(&text.into()),
            advice: Some(shown(&advice.into())),
        });
    }

    /// It does not work, or is open to anybody.
    pub fn fault(&mut self, check: &'static str, text: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Line {
            check,
            level: Level::Fault,
            text: shown(&text.into()),
            advice: Some(shown(&advice.into())),
        });
    }

    /// Adds what was found elsewhere.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How a check has turned out, the worst of its lines.
    #[cfg(test)]
    pub fn level(&self, check: &str) -> Option<Level> {
        self.0.iter().filter(|line| line.check == check).map(|line| line.level).max()
    }
}

/// A text as it is shown. Some of it others have written, a server that answers among them: it is one line, no terminal takes it
/// for a command, and it is not long.
fn shown(text: &str) -> String {
    log_message(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The worst level.
    status: Level,
    /// The relay's version.
    version: &'static str,
    checks: Vec<Line>,
}

impl Report {
    /// Of all lines.
    pub fn of(lines: Lines) -> Self {
        let status = lines.0.iter().map(|line| line.level).max().unwrap_or(Level::Ok);
        Self { status, version: env!("CARGO_PKG_VERSION"), checks: lines.0 }
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|e| format!("{{\"status\":\"fault\",\"error\":{:?}}}", e.to_string()))
    }

    /// A line for each thing, with what to do below it, and a line that counts them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Line { check, level, text: found, advice } in &self.checks {
            let level = match level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Fault => "FAULT",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{level:<8} {check:<22} {found}");
            if let Some(advice) = advice {
                let _ = writeln!(text, "{:<8} {:<22} → {advice}", "", "");
            }
        }
        let count = |level: Level| self.checks.iter().filter(|line| line.level == level).count();
        let (ok, warnings, faults) = (count(Level::Ok), count(Level::Warning), count(Level::Fault));
        let _ = write!(text, "{ok} ok, {warnings} warnings, {faults} faults");
        text
    }

    /// 0, 1 or 2.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.status {
            Level::Ok => 0,
            Level::Warning => 1,
            Level::Fault => 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_line_decides() {
        let mut lines = Lines::default();
        assert_eq!(Report::of(Lines::default()).status, Level::Ok);
        lines.ok("a", "well");
        lines.fault("b", format!("gone\nfor ever\u{1b}[2J{}", "x".repeat(5000)), "Start it.");
        lines.warning("c", "odd", "Look.");
        let report = Report::of(lines);
        assert_eq!(report.status, Level::Fault);
        let text = report.text();
        assert!(
            text.contains("gone for ever [2Jx") && text.len() < 1500 && text.ends_with("1 ok, 1 warnings, 1 faults"),
            "{text}"
        );
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!((json["status"].as_str(), json["checks"][1]["level"].as_str()), (Some("fault"), Some("fault")));
        assert!(json["checks"][0].get("advice").is_none());
    }
}
