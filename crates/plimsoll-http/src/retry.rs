//! When and after how long a request is tried again (RFC 9110, sections 15 and 10.2.3).

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How often a request is tried, and how long the pauses are: `base`, twice that, four times that and so on, each
/// shortened by up to a half so that many clients do not come back at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often at most, the first time included. 0 counts as 1.
    pub attempts: u32,
    /// The first pause.
    pub base: Duration,
    /// The longest pause. A server that asks for a longer one (`Retry-After`) is not asked again.
    pub max: Duration,
    /// Where the shortening comes from; a number that differs from process to process.
    pub seed: u64,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            attempts: 4,
            base: Duration::from_millis(400),
            max: Duration::from_secs(30),
            seed: 0x706c_696d_736f_6c6c,
        }
    }
}

impl RetryPolicy {
    /// The pause after attempt number `attempt` (from 0), where the server may have asked for one of so many seconds;
    /// `None` when there is to be no other attempt.
    pub fn pause(&self, attempt: u32, retry_after: Option<u64>) -> Option<Duration> {
        if attempt.saturating_add(1) >= self.attempts {
            return None;
        }
        let doubled = self.base.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.max);
        let share = 0.5 + 0.5 * fraction(self.seed.wrapping_add(u64::from(attempt)));
        let pause = doubled.mul_f64(share);
        match retry_after.map(Duration::from_secs) {
            Some(asked) if asked > self.max => None,
            Some(asked) => Some(asked.max(pause)),
            None => Some(pause),
        }
    }
}

/// A number from 0 to 1 out of any other (splitmix64).
fn fraction(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    f64::from(u32::try_from(z >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

/// True for the answers that may be others next time.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The seconds that a `Retry-After` header asks for. A date in it is seen from the answer's own `Date` header, so
/// that no clock of this machine is needed.
pub(crate) fn retry_after(value: &str, date: Option<&str>) -> Option<u64> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    let now = OffsetDateTime::parse(date?.trim(), &Rfc2822).ok()?;
    Some(u64::try_from((until - now).whole_seconds()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let policy = RetryPolicy { attempts: 5, base: Duration::from_millis(100), ..RetryPolicy::default() };
        for (attempt, full) in [100, 200, 400, 800].into_iter().enumerate() {
            let pause = policy.pause(attempt as u32, None).unwrap().as_millis();
            assert!((full / 2..=full).contains(&pause), "attempt {attempt}: {pause} ms");
        }
        assert_eq!(policy.pause(4, None), None);
        assert_eq!(policy.pause(u32::MAX, None), None);
        let endless = RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() };
        assert!(endless.pause(1000, None).unwrap() <= endless.max);
        let other = RetryPolicy { seed: 7, ..policy };
        assert_ne!(other.pause(0, None), policy.pause(0, None));
    }

    #[test]
    fn heeds_what_the_server_asks_for() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.pause(0, Some(7)), Some(Duration::from_secs(7)));
        assert!(policy.pause(0, Some(0)).unwrap() > Duration::ZERO);
        assert_eq!(policy.pause(0, Some(3600)), None);
        assert_eq!(policy.pause(0, Some(u64::MAX)), None);
    }

    // The dates are those of RFC 9110, section 5.6.7, and one two minutes later.
    #[test]
    fn reads_seconds_and_dates() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after("120", None), Some(120));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:51:37 GMT", date), Some(120));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(0));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:51:37 GMT", None), None);
        for bad in ["", "-1", "soon", "Sun, 99 Nov"] {
            assert_eq!(retry_after(bad, date), None, "{bad}");
        }
    }
}
