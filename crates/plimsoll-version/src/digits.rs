//! Runs of decimal digits, ordered by value without ever becoming a number.

use std::cmp::Ordering;

/// How many digits `bytes` starts with.
pub(crate) fn leading(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

/// Splits the digits that `bytes` starts with from the rest.
pub(crate) fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(leading(bytes))
}

/// Whether `bytes` holds digits only, and at least one.
pub(crate) fn all(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

/// Whether a run of digits has the value zero; so does the empty run.
pub(crate) fn is_zero(run: &[u8]) -> bool {
    run.iter().all(|digit| *digit == b'0')
}

/// Orders two runs of digits by value; the empty run counts as zero.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let a = strip_zeros(a);
    let b = strip_zeros(b);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn strip_zeros(run: &[u8]) -> &[u8] {
    let zeros = run.iter().position(|digit| *digit != b'0').unwrap_or(run.len());
    run.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_compare_by_value_at_any_length() {
        assert_eq!(compare(b"9", b"10"), Ordering::Less);
        assert_eq!(compare(b"007", b"7"), Ordering::Equal);
        assert_eq!(compare(b"", b"000"), Ordering::Equal);
        let long = "9".repeat(400);
        let longer = format!("1{}", "0".repeat(400));
        assert_eq!(compare(long.as_bytes(), longer.as_bytes()), Ordering::Less);
    }
}
