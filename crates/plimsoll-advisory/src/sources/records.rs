//! Reads JSON documents that are a list of records, or an object with one, record by record: a broken one is refused
//! and the others are still read.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::{Sink, SourceError};
use crate::json;

/// Hands each record of a document to `handle`: of a list, or of the list under `key` in an object. With an empty key
/// only a list will do.
pub(super) fn each<T: DeserializeOwned>(
    path: &str,
    document: &str,
    key: &'static str,
    out: &mut Sink,
    handle: &mut dyn FnMut(&str, T, &mut Sink),
) -> Result<(), SourceError> {
    let error = |source| SourceError::Json { path: path.to_owned(), source };
    let mut one = |number: u64, json: &str| {
        if let Some(record) = json::record::<T>(path, &format!("record {number}"), json, out) {
            handle(path, record, out);
        }
    };
    let mut reader = serde_json::Deserializer::from_str(document);
    reader.deserialize_any(Records { key, handle: &mut one }).map_err(error)?;
    reader.end().map_err(error)
}

struct Records<'a> {
    key: &'static str,
    handle: &'a mut dyn FnMut(u64, &str),
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")?;
        if self.key.is_empty() { Ok(()) } else { write!(f, ", or an object with one under {}", self.key) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        List(self.handle).visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.key.is_empty() {
            return Err(A::Error::custom("an object and not a list of records"));
        }
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == self.key && !found {
                found = true;
                map.next_value_seed(List(&mut *self.handle))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        // Without the list nothing was read, which is not the same as a list with nothing in it.
        if found { Ok(()) } else { Err(A::Error::custom(format!("there is no list under {:?}", self.key))) }
    }
}

/// A list of records.
struct List<'a>(&'a mut dyn FnMut(u64, &str));

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0u64;
        while let Some(record) = list.next_element::<&RawValue>()? {
            number = number.saturating_add(1);
            (self.0)(number, record.get());
        }
        Ok(())
    }
}
