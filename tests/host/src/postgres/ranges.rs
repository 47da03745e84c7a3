//! Ranges, between the driver's form and the interface's: two optional bounds, each with its kind.

use std::fmt;

use anyhow::Result;
use postgres_range::{BoundSided, BoundType, Normalizable, Range, RangeBound};
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::bindings::postgres::RangeBoundKind;

/// A bound of the interface.
pub type Bound<T> = Option<(T, RangeBoundKind)>;

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// The interface's form of a range.
pub fn to_wit<T: Normalizable + PartialOrd, W>(range: &Range<T>, convert: impl Fn(&T) -> W) -> (Bound<W>, Bound<W>) {
    let kind = |kind: BoundType| match kind {
        BoundType::Inclusive => RangeBoundKind::Inclusive,
        BoundType::Exclusive => RangeBoundKind::Exclusive,
    };
    let lower = range.lower().map(|bound| (convert(&bound.value), kind(bound.type_)));
    let upper = range.upper().map(|bound| (convert(&bound.value), kind(bound.type_)));
    (lower, upper)
}

/// The driver's form of a range.
///
/// # Errors
/// Those of `convert`.
pub fn from_wit<W, T: Normalizable + PartialOrd>(
    (lower, upper): &(Bound<W>, Bound<W>),
    convert: impl Fn(&W) -> Result<T>,
) -> Result<Range<T>> {
    Ok(Range::new(bound(lower, &convert)?, bound(upper, &convert)?))
}

fn bound<S: BoundSided, W, T: PartialOrd>(
    given: &Bound<W>,
    convert: impl Fn(&W) -> Result<T>,
) -> Result<Option<RangeBound<S, T>>> {
    let Some((value, kind)) = given else {
        return Ok(None);
    };
    let kind = match kind {
        RangeBoundKind::Inclusive => BoundType::Inclusive,
        RangeBoundKind::Exclusive => BoundType::Exclusive,
    };
    Ok(Some(RangeBound::new(convert(value)?, kind)))
}

/// A decimal number that can be a bound: the driver's range asks for a trait that the number does not have.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct WireDecimal(pub Decimal);

impl fmt::Display for WireDecimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Normalizable for WireDecimal {
    // Between two decimals there is always another, so that no kind of bound stands for another one.
    fn normalize<S: BoundSided>(bound: RangeBound<S, Self>) -> RangeBound<S, Self> {
        bound
    }
}

impl ToSql for WireDecimal {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        self.0.to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <Decimal as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for WireDecimal {
    fn from_sql(kind: &Type, bytes: &'a [u8]) -> Result<Self, Failure> {
        Decimal::from_sql(kind, bytes).map(Self)
    }

    fn accepts(kind: &Type) -> bool {
        <Decimal as FromSql>::accepts(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_ranges_survive_both_ways() {
        let given =
            (Some(("1.50".to_owned(), RangeBoundKind::Inclusive)), Some(("2".to_owned(), RangeBoundKind::Exclusive)));
        let range = from_wit(&given, |text| Ok(WireDecimal(text.parse()?))).unwrap();
        let back = to_wit(&range, WireDecimal::to_string);
        assert_eq!(back.0.unwrap().0, "1.50");
        assert!(matches!(back.1.unwrap().1, RangeBoundKind::Exclusive));
    }
}
