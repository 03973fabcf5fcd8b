//! JSON values as packaging tools read them: a field of an unexpected type counts as absent and does not make the
//! whole file unreadable, and of a key given twice the last counts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string; anything else is the empty one. Lent from the input where it has no escapes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// A list of names: a string, an object with its name under `name` or `type`, or an array of these. Anything else is
/// the empty list. The depth is bounded by that of the JSON parser.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names<'a>(Vec<Cow<'a, str>>);

impl Names<'_> {
    /// The most names that are taken.
    const MAX: usize = 64;

    /// The first name; empty when there is none.
    pub(crate) fn first(&self) -> &str {
        self.0.first().map_or("", |name| name)
    }

    /// The names as strings of their own.
    pub(crate) fn into_strings(self) -> Vec<String> {
        self.0.into_iter().map(Cow::into_owned).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyValue)? {
            Value::Text(text) => Ok(Text(text)),
            Value::Other(_) => Ok(Text::default()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Names<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyValue)? {
            Value::Text(text) => Ok(Names(vec![text])),
            Value::Other(names) => Ok(names),
        }
    }
}

/// The members of an object in their order; `null` has none.
#[derive(Debug)]
pub(crate) struct Members<'a, V>(pub(crate) Vec<(Cow<'a, str>, V)>);

impl<V> Default for Members<'_, V> {
    fn default() -> Self {
        Members(Vec::new())
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Members<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Object<V> {
            type Value = Members<'de, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Members::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(Text(key)) = map.next_key()? {
                    members.0.push((key, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_any(Object(PhantomData))
    }
}

/// A string, or the names in anything else.
enum Value<'a> {
    Text(Cow<'a, str>),
    Other(Names<'a>),
}

struct AnyValue;

impl AnyValue {
    fn nothing<'a, E>() -> Result<Value<'a>, E> {
        Ok(Value::Other(Names::default()))
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        AnyValue::nothing()
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        AnyValue::nothing()
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'de>, E> {
        AnyValue::nothing()
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        AnyValue::nothing()
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        AnyValue::nothing()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut names = Names::default();
        while names.0.len() < Names::MAX {
            match seq.next_element::<Names<'de>>()? {
                Some(more) => names.0.extend(more.0),
                None => return Ok(Value::Other(names)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other(names))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut name = Names::default();
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "name" | "type" => name = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Other(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_is_taken() {
        for (json, text, names) in [
            (r#""a\u0062""#, "ab", &["ab"][..]),
            (r#"{"type":"MIT","url":"x"}"#, "", &["MIT"]),
            (r#"["a",{"name":"b"},["c"],null,1,{}]"#, "", &["a", "b", "c"]),
            ("null", "", &[]),
            ("true", "", &[]),
            ("-1", "", &[]),
            ("1.5", "", &[]),
        ] {
            assert_eq!(serde_json::from_str::<Text<'_>>(json).unwrap().0, text);
            assert_eq!(serde_json::from_str::<Names<'_>>(json).unwrap().into_strings(), names);
        }
        let many = format!("[{}1]", "\"a\",".repeat(1_000));
        assert_eq!(serde_json::from_str::<Names<'_>>(&many).unwrap().0.len(), Names::MAX);
    }

    #[test]
    fn depth_is_bounded() {
        for (open, close) in [("[", "]"), ("{\"name\":", "}")] {
            let deep = format!("{}0{}", open.repeat(100_000), close.repeat(100_000));
            assert!(serde_json::from_str::<Names<'_>>(&deep).is_err());
        }
    }
}
