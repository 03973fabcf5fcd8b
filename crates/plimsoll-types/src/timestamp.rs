//! Points in time, to the second, in UTC.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time as whole seconds since 1970-01-01T00:00:00Z; prints as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A string that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an RFC 3339 time")]
pub struct TimestampError(pub String);

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const LAST: i64 = 253_402_300_799;

impl Timestamp {
    /// The time `seconds` after the epoch, clamped to the years 0 to 9999.
    pub fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.clamp(-62_167_219_200, LAST))
    }

    /// Whole seconds since the epoch.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339; a bare date (`2024-05-01`) or a time without an offset is taken as UTC, since
    /// several advisory sources write those.
    fn from_str(s: &str) -> Result<Timestamp, TimestampError> {
        let s = s.trim();
        let parse = |s: &str| OffsetDateTime::parse(s, &Rfc3339).ok();
        let found = parse(s).or_else(|| {
            if s.len() > 40 || !s.is_ascii() {
                None
            } else if s.len() == 10 {
                parse(&format!("{s}T00:00:00Z"))
            } else {
                parse(&format!("{}Z", s.replacen(' ', "T", 1)))
            }
        });
        found
            .map(|time| Timestamp::from_seconds(time.unix_timestamp()))
            .ok_or_else(|| TimestampError(s.chars().take(80).collect()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            OffsetDateTime::from_unix_timestamp(self.0).ok().and_then(|time| time.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("1970-01-01T00:00:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc_3339() {
        for (text, out) in [
            ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z"),
            ("2023-11-14T23:13:20.123+01:00", "2023-11-14T22:13:20Z"),
            ("2024-05-01", "2024-05-01T00:00:00Z"),
            ("2024-05-01 10:00:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01T10:00:00", "2024-05-01T10:00:00Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), out);
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert_eq!(Timestamp::from_seconds(i64::MAX).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Timestamp::from_seconds(i64::MIN).to_string(), "0000-01-01T00:00:00Z");
    }
}
