//! Version grammars: any two texts compare or are refused, and an order is an order: a version equals itself, `a < b` is
//! `b > a`, and three versions never go in a circle.
//!
//! The first byte chooses the grammar, newlines divide the versions.

#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use plimsoll_version::SCHEMES;

/// The tools behind these grammars go in circles themselves.
const CIRCLES: &[&str] = &["conan", "pacman"];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let scheme = SCHEMES[usize::from(*first) % SCHEMES.len()];
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let versions: Vec<&str> = text.split('\n').take(3).collect();
    for &version in &versions {
        if let Ok(order) = scheme.compare(version, version) {
            assert_eq!(order, Ordering::Equal, "{}: {version:?} is not itself", scheme.id());
        }
    }
    for (i, &a) in versions.iter().enumerate() {
        for &b in &versions[i + 1..] {
            let (there, back) = (scheme.compare(a, b), scheme.compare(b, a));
            assert_eq!(there.is_ok(), back.is_ok(), "{}: {a:?} and {b:?} compare one way only", scheme.id());
            if let (Ok(there), Ok(back)) = (there, back) {
                assert_eq!(there, back.reverse(), "{}: {a:?} and {b:?}", scheme.id());
            }
        }
    }
    if let [a, b, c] = versions[..]
        && !CIRCLES.contains(&scheme.id())
        && let (Ok(ab), Ok(bc), Ok(ac)) = (scheme.compare(a, b), scheme.compare(b, c), scheme.compare(a, c))
        && (ab == bc || ab == Ordering::Equal || bc == Ordering::Equal)
    {
        let expected = if ab == Ordering::Equal { bc } else { ab };
        assert_eq!(ac, expected, "{}: {a:?}, {b:?}, {c:?} go in a circle", scheme.id());
    }
});
