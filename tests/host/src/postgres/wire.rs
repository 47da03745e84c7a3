//! Types of the database that the driver has no Rust type for.

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::bindings::postgres::Interval;

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// NULL for a column of any type. The driver's own `None` has a type, and is refused for every other.
#[derive(Debug)]
pub struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Failure> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The bytes of a type that the interface does not have.
#[derive(Debug)]
pub struct Raw(pub Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(bytes.to_owned()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// `interval`: microseconds, days and months, big-endian.
#[derive(Debug)]
pub struct WireInterval(pub Interval);

impl ToSql for WireInterval {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(&self.0.micros.to_be_bytes());
        out.extend_from_slice(&self.0.days.to_be_bytes());
        out.extend_from_slice(&self.0.months.to_be_bytes());
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::INTERVAL
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for WireInterval {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Failure> {
        let unexpected = || "unexpected binary format for Postgres INTERVAL";
        let (micros, rest) = bytes.split_first_chunk().ok_or_else(unexpected)?;
        let (days, rest) = rest.split_first_chunk().ok_or_else(unexpected)?;
        let months = rest.try_into().map_err(|_| unexpected())?;
        Ok(Self(Interval {
            micros: i64::from_be_bytes(*micros),
            days: i32::from_be_bytes(*days),
            months: i32::from_be_bytes(months),
        }))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::INTERVAL
    }
}
