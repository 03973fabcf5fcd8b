//! The JSON of the blobs (`schema/grype/db/blob/json`, 6.1.11).

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};

/// Reads a blob; none at all is an empty one.
pub(super) fn blob<T: DeserializeOwned + Default>(text: &str) -> Result<T, String> {
    if text.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct VulnerabilityBlob {
    pub(super) description: Option<String>,
    pub(super) refs: Option<Vec<ReferenceRecord>>,
    pub(super) aliases: Option<Vec<String>>,
    pub(super) severities: Option<Vec<SeverityRecord>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReferenceRecord {
    #[serde(default)]
    pub(super) url: String,
    pub(super) tags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SeverityRecord {
    #[serde(default)]
    pub(super) value: SeverityValue,
    pub(super) source: Option<String>,
}

/// A word, or an object with a CVSS vector.
#[derive(Debug, Default)]
pub(super) struct SeverityValue {
    pub(super) word: Option<String>,
    pub(super) vector: Option<String>,
}

impl<'de> Deserialize<'de> for SeverityValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SeverityValue, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = SeverityValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word or a CVSS vector")
            }

            fn visit_str<E>(self, text: &str) -> Result<SeverityValue, E> {
                Ok(SeverityValue { word: Some(text.to_owned()), vector: Some(text.to_owned()) })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SeverityValue, A::Error> {
                let mut value = SeverityValue::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "vector" {
                        value.vector = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(value)
            }

            fn visit_f64<E>(self, _: f64) -> Result<SeverityValue, E> {
                Ok(SeverityValue::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<SeverityValue, E> {
                Ok(SeverityValue::default())
            }

            fn visit_unit<E>(self) -> Result<SeverityValue, E> {
                Ok(SeverityValue::default())
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct PackageBlob {
    pub(super) cves: Option<Vec<String>>,
    pub(super) qualifiers: Option<Qualifiers>,
    pub(super) ranges: Option<Vec<RangeRecord>>,
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct Qualifiers {
    pub(super) rpm_modularity: Option<String>,
    pub(super) platform_cpes: Option<Vec<String>>,
    pub(super) architecture: Option<String>,
    pub(super) go_imports: Option<Vec<GoImport>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GoImport {
    pub(super) path: String,
    pub(super) symbols: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RangeRecord {
    pub(super) version: Option<VersionRecord>,
    pub(super) fix: Option<FixRecord>,
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct VersionRecord {
    pub(super) constraint: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct FixRecord {
    pub(super) version: Option<String>,
    pub(super) state: Option<String>,
    pub(super) detail: Option<FixDetail>,
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct FixDetail {
    pub(super) available: Option<Available>,
    pub(super) references: Option<Vec<ReferenceRecord>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Available {
    pub(super) date: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
pub(super) struct KevBlob {
    pub(super) date_added: Option<String>,
    pub(super) urls: Option<Vec<String>>,
}
