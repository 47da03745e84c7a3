//! JSON with one reading: an object is an object, and the name of a variant is a string.
//!
//! What serde derives also reads a struct from an array, field by field, and a variant without content from an object
//! (`{"public": null}`). Neither is in the contract, so nobody checks what comes that way. [`Strict`] reads neither, at
//! any depth.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, de};
use std::fmt;

/// Reads JSON into a type; for requests, commands and pushes, whoever sends them.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Strict(&mut deserializer))?;
    deserializer.end()?;
    Ok(value)
}

/// The same from text.
pub fn from_str<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    from_slice(text.as_bytes())
}

/// A deserializer that reads structs from objects only and variants from strings only, and hands the same rule down to
/// what is inside.
pub struct Strict<T>(pub T);

/// Methods that differ only in their names.
macro_rules! deserialize_alike {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self $(, $argument: $type)*, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* Strict(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    deserialize_alike! {
        deserialize_any() deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64()
        deserialize_char() deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_seq() deserialize_map()
        deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let variant = String::deserialize(self.0)?;
        visitor.visit_enum(variant.into_deserializer())
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// Methods that differ only in their names.
macro_rules! visit_alike {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visit_alike! {
        visit_bool: bool,
        visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128,
        visit_f32: f32, visit_f64: f64,
        visit_char: char, visit_str: &str, visit_borrowed_str: &'de str, visit_string: String,
        visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(variant)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(Strict(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{ChangeChannel, CreateChannel};
    use crate::gateway::{DisplayName, MembershipChange, SendEvent};
    use crate::member::{ChangeMember, InviteMember};
    use crate::message::{EditMessage, SendMessage};
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    fn reads<T: DeserializeOwned>(text: &str) -> bool {
        from_str::<T>(text).is_ok()
    }

    #[test]
    fn an_array_is_no_request() {
        assert!(!reads::<SendMessage>(r#"["hi", "m.text", null, null, null]"#));
        assert!(!reads::<EditMessage>(r#"["hi", null]"#));
        assert!(!reads::<ChangeChannel>(r#"["name", null, null, null, null]"#));
        assert!(!reads::<CreateChannel>(r#"["a","b",null,"microdao:x","public",false,null,null,false,[]]"#));
        assert!(!reads::<ChangeMember>(r#"["admin", true, true, true, true, true]"#));
        assert!(!reads::<InviteMember>(r#"["user:bob", null, null, null, null, null, null]"#));
        assert!(!reads::<DisplayName>(r#"["x"]"#));
        assert!(!reads::<SendEvent>(r#"["!r","a","@a:x",null,"m.text","x",null,null,null,null,{},null]"#));
        assert!(!reads::<MembershipChange>(r#"["!r","@a:x",null,null,null,null,null]"#));
        assert!(reads::<EditMessage>(r#"{"text": "hi"}"#));
    }

    #[derive(Deserialize)]
    struct Outer {
        inner: Vec<Inner>,
        raw: Option<Box<RawValue>>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        number: u64,
    }

    #[test]
    fn what_is_nested_has_the_same_rule() {
        assert!(!reads::<Outer>(r#"{"inner": [[1]]}"#));
        let read: Outer = from_str(r#"{"inner": [{"number": 1}], "raw": [{"a" : 1}]}"#).unwrap();
        assert_eq!(read.inner[0].number, 1);
        assert_eq!(read.raw.unwrap().get(), r#"[{"a" : 1}]"#);
    }

    #[test]
    fn the_name_of_a_variant_is_a_string() {
        assert!(!reads::<ChangeChannel>(r#"{"visibility": {"public": null}}"#));
        assert!(!reads::<ChangeMember>(r#"{"role": {"owner": null}}"#));
        assert!(!reads::<ChangeMember>(r#"{"role": "king"}"#));
        assert!(reads::<ChangeMember>(r#"{"role": "owner"}"#) && reads::<ChangeMember>(r#"{"role": null}"#));
    }

    #[test]
    fn nothing_follows_the_value() {
        assert!(!reads::<EditMessage>(r#"{"text": "hi"} {}"#));
    }

    proptest! {
        #[test]
        fn any_other_json_is_read_as_it_is(text in r#"[\[\]{}":,a-z0-9 .-]{0,40}"#) {
            let plain = serde_json::from_str::<Value>(&text).ok();
            prop_assert_eq!(from_str::<Value>(&text).ok(), plain);
        }
    }
}
