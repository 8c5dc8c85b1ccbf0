//! Elements that forgive: a field of the wrong type is noticed, not fatal.
//!
//! A feed with `"birthDate": 19700101` still names a patient. Every element is
//! therefore a [`Field`] that is absent, wrong, or a value, and the mapping
//! decides what a wrong one costs. Only text that is not JSON, or an element
//! given twice, makes serde refuse a resource.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// An element as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Field<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// There, with another type than FHIR gives it.
    Wrong,
    /// There.
    Is(T),
}

impl<T> Field<T> {
    /// Returns the value, if there is one of the right type.
    pub(super) const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }

    /// Tells whether anything was said.
    pub(super) const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// An element that may repeat. One object in place of a list is taken as a list
/// of one: R4, R4B and R5 differ in cardinality, and senders mix them.
pub(super) type Many<T> = Field<Vec<Field<T>>>;

/// What can stand in a [`Field`].
pub(super) trait Element: Sized {
    /// The name of the type in problems.
    const NOUN: &'static str;

    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    fn from_flag(_flag: bool) -> Option<Self> {
        None
    }

    fn from_number(_number: f64) -> Option<Self> {
        None
    }

    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl Element for String {
    const NOUN: &'static str = "a text";

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Element for bool {
    const NOUN: &'static str = "true or false";

    fn from_flag(flag: bool) -> Option<Self> {
        Some(flag)
    }
}

impl Element for f64 {
    const NOUN: &'static str = "a number";

    fn from_number(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl<T: Element> Element for Vec<Field<T>> {
    const NOUN: &'static str = "a list";

    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(|one| vec![Field::Is(one)])
    }

    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Ok(T::from_map(map)?.map(|one| vec![Field::Is(one)]))
    }

    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut list = Self::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(Some(list))
    }
}

/// Reads a complex element from its members.
pub(super) fn complex<'de, T: DeserializeOwned, A: MapAccess<'de>>(
    map: A,
) -> Result<Option<T>, A::Error> {
    T::deserialize(MapAccessDeserializer::new(map)).map(Some)
}

impl<'de, T: Element> serde::Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

fn told<T>(value: Option<T>) -> Field<T> {
    value.map_or(Field::Wrong, Field::Is)
}

impl<'de, T: Element> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NOUN)
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<T>, E> {
        Ok(told(T::from_text(text)))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Field<T>, E> {
        Ok(told(T::from_flag(flag)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Field<T>, E> {
        Ok(told(T::from_number(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field<T>, E> {
        Ok(told(T::from_number(number as f64)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field<T>, E> {
        Ok(told(T::from_number(number as f64)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<T>, A::Error> {
        T::from_map(map).map(told)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Field<T>, A::Error> {
        T::from_seq(seq).map(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: Element>(json: &str) -> Field<T> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_wrong_type_is_noticed_and_not_fatal() {
        assert_eq!(field::<String>("\"a\""), Field::Is("a".to_owned()));
        assert_eq!(field::<String>("null"), Field::Absent);
        for wrong in ["7", "true", "{\"a\":[{}]}", "[1,[2]]"] {
            assert_eq!(field::<String>(wrong), Field::Wrong, "{wrong}");
        }
        assert_eq!(field::<bool>("\"true\""), Field::Wrong);
        assert_eq!(field::<f64>("3"), Field::Is(3.0));
    }

    #[test]
    fn one_in_place_of_a_list_is_a_list_of_one() {
        let list = |json| field::<Vec<Field<String>>>(json);
        assert_eq!(list("\"a\""), Field::Is(vec![Field::Is("a".to_owned())]));
        assert_eq!(
            list("[null, 1, \"a\"]"),
            Field::Is(vec![Field::Absent, Field::Wrong, Field::Is("a".to_owned())])
        );
        assert_eq!(list("3"), Field::Wrong);
    }
}
