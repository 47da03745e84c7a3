//! Rows as the guest gets them.

use anyhow::Result;
use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use rust_decimal::Decimal;
use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

use super::{
    ranges,
    wire::{Raw, WireInterval},
};
use crate::bindings::postgres::{Column, DbDataType, DbValue};

/// The names and types of a row's columns.
pub fn columns(row: &Row) -> Vec<Column> {
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: data_type(column.type_()),
    };
    row.columns().iter().map(column).collect()
}

/// A row's values.
///
/// # Errors
/// A value that the type Spin reads it as cannot hold; a `timestamptz` is one, whatever its value.
pub fn convert(row: &Row) -> Result<Vec<DbValue>> {
    let places = row.columns().iter().enumerate();
    places.map(|(place, column)| value(row, place, column.type_())).collect()
}

/// The bytes that a value is counted as.
pub fn size(value: &DbValue) -> usize {
    let content = match value {
        DbValue::Str(text) | DbValue::Uuid(text) | DbValue::Decimal(text) => text.len(),
        DbValue::Binary(bytes) | DbValue::Jsonb(bytes) | DbValue::Unsupported(bytes) => bytes.len(),
        DbValue::ArrayInt32(items) => items.len() * size_of::<Option<i32>>(),
        DbValue::ArrayInt64(items) => items.len() * size_of::<Option<i64>>(),
        DbValue::ArrayStr(items) | DbValue::ArrayDecimal(items) => {
            items.iter().map(|item| size_of::<Option<String>>() + item.as_ref().map_or(0, String::len)).sum()
        }
        _ => 0,
    };
    size_of::<DbValue>() + content
}

fn data_type(kind: &Type) -> DbDataType {
    match *kind {
        Type::BOOL => DbDataType::Boolean,
        Type::BYTEA => DbDataType::Binary,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::UUID => DbDataType::Uuid,
        Type::JSONB => DbDataType::Jsonb,
        Type::NUMERIC => DbDataType::Decimal,
        Type::INT4_RANGE => DbDataType::RangeInt32,
        Type::INT8_RANGE => DbDataType::RangeInt64,
        Type::NUM_RANGE => DbDataType::RangeDecimal,
        Type::INT4_ARRAY => DbDataType::ArrayInt32,
        Type::INT8_ARRAY => DbDataType::ArrayInt64,
        Type::NUMERIC_ARRAY => DbDataType::ArrayDecimal,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
        Type::INTERVAL => DbDataType::Interval,
        _ => DbDataType::Other(kind.name().to_owned()),
    }
}

fn value(row: &Row, place: usize, kind: &Type) -> Result<DbValue> {
    use DbValue as V;
    match *kind {
        Type::BOOL => plain(row, place, V::Boolean),
        Type::BYTEA => plain(row, place, V::Binary),
        Type::FLOAT4 => plain(row, place, V::Floating32),
        Type::FLOAT8 => plain(row, place, V::Floating64),
        Type::INT2 => plain(row, place, V::Int16),
        Type::INT4 => plain(row, place, V::Int32),
        Type::INT8 => plain(row, place, V::Int64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => plain(row, place, V::Str),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => read(row, place, |v| Ok(V::Datetime(date_time(v)?))),
        Type::DATE => read(row, place, |v| Ok(V::Date(date(v)?))),
        Type::TIME => read(row, place, |v| Ok(V::Time(time(v)?))),
        Type::UUID => plain(row, place, |v: uuid::Uuid| V::Uuid(v.to_string())),
        Type::JSONB => read(row, place, |v: serde_json::Value| Ok(V::Jsonb(serde_json::to_vec(&v)?))),
        Type::NUMERIC => plain(row, place, |v: Decimal| V::Decimal(v.to_string())),
        Type::INT4_RANGE => plain(row, place, |v| V::RangeInt32(ranges::to_wit(&v, |n| *n))),
        Type::INT8_RANGE => plain(row, place, |v| V::RangeInt64(ranges::to_wit(&v, |n| *n))),
        Type::NUM_RANGE => plain(row, place, |v| V::RangeDecimal(ranges::to_wit(&v, ranges::WireDecimal::to_string))),
        Type::INT4_ARRAY => plain(row, place, V::ArrayInt32),
        Type::INT8_ARRAY => plain(row, place, V::ArrayInt64),
        Type::NUMERIC_ARRAY => plain(row, place, |v: Vec<Option<Decimal>>| {
            V::ArrayDecimal(v.iter().map(|n| n.map(|n| n.to_string())).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => plain(row, place, V::ArrayStr),
        Type::INTERVAL => plain(row, place, |v: WireInterval| V::Interval(v.0)),
        _ => plain(row, place, |v: Raw| V::Unsupported(v.0)),
    }
}

fn plain<'a, T: FromSql<'a>>(row: &'a Row, place: usize, make: impl FnOnce(T) -> DbValue) -> Result<DbValue> {
    read(row, place, |value| Ok(make(value)))
}

fn read<'a, T: FromSql<'a>>(row: &'a Row, place: usize, make: impl FnOnce(T) -> Result<DbValue>) -> Result<DbValue> {
    match row.try_get::<_, Option<T>>(place)? {
        Some(value) => make(value),
        None => Ok(DbValue::DbNull),
    }
}

fn date(value: NaiveDate) -> Result<(i32, u8, u8)> {
    Ok((value.year(), value.month().try_into()?, value.day().try_into()?))
}

fn time(value: NaiveTime) -> Result<(u8, u8, u8, u32)> {
    Ok((value.hour().try_into()?, value.minute().try_into()?, value.second().try_into()?, value.nanosecond()))
}

fn date_time(value: NaiveDateTime) -> Result<(i32, u8, u8, u8, u8, u8, u32)> {
    let (year, month, day) = date(value.date())?;
    let (hour, minute, second, nanosecond) = time(value.time())?;
    Ok((year, month, day, hour, minute, second, nanosecond))
}
