//! Days and moments of a query.

use serde::Serialize;

use crate::time::Timestamp;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A time from one moment to another. At least one of them is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Its first moment.
    pub from: Option<Timestamp>,
    /// The first moment behind it.
    pub until: Option<Timestamp>,
}

/// What was written: a moment, in microseconds since 1970, and where its day began.
struct Written {
    moment: i64,
    day: i64,
    is_day: bool,
}

impl Period {
    /// Before a day (`YYYY-MM-DD`, in UTC) or a moment (RFC 3339).
    pub fn before(value: &str) -> Option<Self> {
        Some(Self { from: None, until: Some(timestamp(read(value)?.moment)?) })
    }

    /// After a day, which is over then, or a moment.
    pub fn after(value: &str) -> Option<Self> {
        let written = read(value)?;
        let from = if written.is_day { written.day + DAY } else { written.moment + 1 };
        Some(Self { from: Some(timestamp(from)?), until: None })
    }

    /// On a day, or on that of a moment where it was told.
    pub fn on(value: &str) -> Option<Self> {
        let day = read(value)?.day;
        Some(Self { from: Some(timestamp(day)?), until: Some(timestamp(day + DAY)?) })
    }
}

/// A day, or a moment as RFC 3339, section 5.6, has it. Leap seconds are none.
fn read(value: &str) -> Option<Written> {
    let (date, rest) = value.split_at_checked(10)?;
    let day = days(number(date, 0, 4)?, number(date, 5, 2)?, number(date, 8, 2)?)? * DAY;
    let dashes = [4, 7].iter().all(|at| date.as_bytes().get(*at) == Some(&b'-'));
    if !dashes {
        return None;
    }
    if rest.is_empty() {
        return Some(Written { moment: day, day, is_day: true });
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let colons = [2, 5].iter().all(|at| time.as_bytes().get(*at) == Some(&b':'));
    let (hour, minute, second) = (number(time, 0, 2)?, number(time, 3, 2)?, number(time, 6, 2)?);
    if !colons || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("0", rest),
    };
    let digits = fraction.get(..fraction.len().min(6)).filter(|digits| !digits.is_empty())?;
    let fraction = number(&format!("{digits:0<6}"), 0, 6)?;
    let offset = match zone.strip_prefix(['+', '-']) {
        Some(offset) if offset.len() == 5 && offset.as_bytes().get(2) == Some(&b':') => {
            let (hours, minutes) = (number(offset, 0, 2)?, number(offset, 3, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if zone.starts_with('-') { -60 } else { 60 }
        }
        None if zone == "Z" || zone == "z" => 0,
        _ => return None,
    };
    let day = day - offset * SECOND;
    Some(Written { moment: day + (hour * 3_600 + minute * 60 + second) * SECOND + fraction, day, is_day: false })
}

/// The number of so many digits.
fn number(text: &str, at: usize, digits: usize) -> Option<i64> {
    text.get(at..at + digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

/// Days since 1970 of a date of the Gregorian calendar, if there is one.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) || year < 1 {
        return None;
    }
    // Years that begin in March have the leap day at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let in_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - 719_468)
}

/// A moment as RFC 3339, if its year has four digits.
fn timestamp(moment: i64) -> Option<Timestamp> {
    let (day, in_day) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
    // Eras of 400 years have the same number of days.
    let from_march = day + 719_468;
    let (era, in_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let date = in_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    let year = year + era * 400;
    let (seconds, fraction) = (in_day / SECOND, in_day % SECOND);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    (1..=9_999)
        .contains(&year)
        .then(|| Timestamp(format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")))
}
