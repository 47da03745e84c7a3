//! Parameters as the database gets them. Each is of one Rust type, and the driver refuses it for a column of another.

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    ranges,
    wire::{Null, WireInterval},
};
use crate::bindings::postgres::ParameterValue;

/// A converted parameter.
pub type Parameter = Box<dyn ToSql + Send + Sync>;

/// Converts all parameters of a statement.
///
/// # Errors
/// A value that is none of its type: a date that does not exist, text that is no UUID, number or JSON.
pub fn convert(given: &[ParameterValue]) -> Result<Vec<Parameter>> {
    given.iter().map(parameter).collect()
}

fn parameter(given: &ParameterValue) -> Result<Parameter> {
    use ParameterValue as P;
    Ok(match given {
        P::Boolean(value) => Box::new(*value),
        P::Int8(value) => Box::new(*value),
        P::Int16(value) => Box::new(*value),
        P::Int32(value) => Box::new(*value),
        P::Int64(value) => Box::new(*value),
        P::Floating32(value) => Box::new(*value),
        P::Floating64(value) => Box::new(*value),
        P::Str(value) => Box::new(value.clone()),
        P::Binary(value) => Box::new(value.clone()),
        P::Date(value) => Box::new(date(*value)?),
        P::Time(value) => Box::new(time(*value)?),
        P::Datetime((year, month, day, hour, minute, second, nanosecond)) => {
            Box::new(NaiveDateTime::new(date((*year, *month, *day))?, time((*hour, *minute, *second, *nanosecond))?))
        }
        P::Timestamp(seconds) => Box::new(
            DateTime::<Utc>::from_timestamp(*seconds, 0)
                .with_context(|| format!("invalid epoch timestamp {seconds}"))?,
        ),
        P::Uuid(value) => Box::new(Uuid::parse_str(value).with_context(|| format!("invalid UUID {value}"))?),
        P::Jsonb(value) => Box::new(
            serde_json::from_slice::<serde_json::Value>(value)
                .with_context(|| format!("invalid JSON {}", String::from_utf8_lossy(value)))?,
        ),
        P::Decimal(value) => Box::new(decimal(value)?),
        P::RangeInt32(value) => Box::new(ranges::from_wit(value, |n| Ok(*n))?),
        P::RangeInt64(value) => Box::new(ranges::from_wit(value, |n| Ok(*n))?),
        P::RangeDecimal(value) => Box::new(ranges::from_wit(value, |n| decimal(n).map(ranges::WireDecimal))?),
        P::ArrayInt32(values) => Box::new(values.clone()),
        P::ArrayInt64(values) => Box::new(values.clone()),
        P::ArrayStr(values) => Box::new(values.clone()),
        P::ArrayDecimal(values) => {
            let numbers = values.iter().map(|n| n.as_deref().map(decimal).transpose());
            Box::new(numbers.collect::<Result<Vec<Option<Decimal>>>>()?)
        }
        P::Interval(value) => Box::new(WireInterval(*value)),
        P::DbNull => Box::new(Null),
    })
}

fn decimal(text: &str) -> Result<Decimal> {
    Decimal::from_str_exact(text).with_context(|| format!("invalid decimal {text}"))
}

fn date((year, month, day): (i32, u8, u8)) -> Result<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .with_context(|| format!("invalid date y={year}, m={month}, d={day}"))
}

fn time((hour, minute, second, nanosecond): (u8, u8, u8, u32)) -> Result<NaiveTime> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond)
        .with_context(|| format!("invalid time {hour}:{minute}:{second}:{nanosecond}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_of_its_type_is_refused() {
        use ParameterValue as P;
        for wrong in [
            P::Uuid("x".into()),
            P::Jsonb(b"{".to_vec()),
            P::Decimal("1,5".into()),
            P::ArrayDecimal(vec![None, Some("x".into())]),
            P::Date((2026, 2, 30)),
            P::Time((24, 0, 0, 0)),
            P::Datetime((2026, 13, 1, 0, 0, 0, 0)),
            P::Timestamp(i64::MAX),
        ] {
            assert!(parameter(&wrong).is_err(), "{wrong:?}");
        }
        for right in [
            P::Uuid("67e55044-10b1-426f-9247-bb680e5fe0c8".into()),
            P::Jsonb(b"{\"a\": [1]}".to_vec()),
            P::Decimal("-1.50".into()),
            P::Datetime((2026, 2, 28, 23, 59, 59, 1)),
            P::DbNull,
        ] {
            assert!(parameter(&right).is_ok(), "{right:?}");
        }
    }
}
