//! Walking through large JSON files piece by piece: a feed of a hundred megabytes is never held as a tree. Each piece
//! is handed on as text, so that one that is not as expected spoils no other.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::SourceError;

/// Takes a piece: its key, or its number from 1 in a list, and its text.
type Take<'a> = dyn FnMut(&str, &str) + 'a;

/// Hands each member of the object `text` to `take`, with its key.
pub(super) fn members(path: &str, text: &str, take: &mut Take<'_>) -> Result<(), SourceError> {
    whole(path, text, Members(take))
}

/// Hands each element of the list `text` to `take`.
pub(super) fn elements(path: &str, text: &str, take: &mut Take<'_>) -> Result<(), SourceError> {
    whole(path, text, Elements(take))
}

/// Hands each element of the list that is the member `key` of the object `text` to `take`. Without such a member
/// there is nothing to hand over.
pub(super) fn elements_of(path: &str, text: &str, key: &str, take: &mut Take<'_>) -> Result<(), SourceError> {
    whole(path, text, ElementsOf(key, take))
}

fn whole<'de, S>(path: &str, text: &'de str, seed: S) -> Result<(), SourceError>
where
    S: DeserializeSeed<'de, Value = ()>,
{
    let mut reader = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|source| SourceError::Json { path: path.to_owned(), source })
}

struct Members<'a, 'b>(&'a mut Take<'b>);

impl<'de> DeserializeSeed<'de> for Members<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value: &RawValue = map.next_value()?;
            (self.0)(&key, value.get());
        }
        Ok(())
    }
}

struct Elements<'a, 'b>(&'a mut Take<'b>);

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0u64;
        while let Some(value) = list.next_element::<&RawValue>()? {
            number = number.saturating_add(1);
            (self.0)(&format!("record {number}"), value.get());
        }
        Ok(())
    }
}

struct ElementsOf<'a, 'b>(&'a str, &'a mut Take<'b>);

impl<'de> DeserializeSeed<'de> for ElementsOf<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ElementsOf<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0 {
                map.next_value_seed(Elements(&mut *self.1))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces() {
        let mut seen = Vec::new();
        members("x", r#"{"a": {"b": [1]}, "c": 2}"#, &mut |key, text| seen.push(format!("{key}={text}")))
            .unwrap();
        assert_eq!(seen, [r#"a={"b": [1]}"#, "c=2"]);
        seen.clear();
        elements("x", "[1, {}]", &mut |key, text| seen.push(format!("{key}={text}"))).unwrap();
        assert_eq!(seen, ["record 1=1", "record 2={}"]);
        seen.clear();
        let text = r#"{"n": [3], "list": [1, "x"], "z": null}"#;
        elements_of("x", text, "list", &mut |_, text| seen.push(text.to_owned())).unwrap();
        assert_eq!(seen, ["1", "\"x\""]);
        for broken in ["", "[", "[1,", "{}", "[1] x"] {
            assert!(elements("x", broken, &mut |_, _| ()).is_err(), "{broken}");
        }
        // What came before the break was handed over.
        seen.clear();
        assert!(elements("x", "[1, 2", &mut |_, text| seen.push(text.to_owned())).is_err());
        assert_eq!(seen, ["1", "2"]);
    }
}
