//! URLs and redirects: a location never gives a URL that was not understood.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_http::Url;

fuzz_target!(|text: &str| {
    let (base, location) = text.split_once('\n').unwrap_or((text, "/a/../b?c#d"));
    let Ok(url) = base.parse::<Url>() else { return };
    assert!(!url.host().is_empty());
    assert!(url.path().starts_with('/'));
    // A query is shown for people, with what may be secret masked.
    if !base.contains('?') {
        let again: Url = url.to_string().parse().expect("a shown URL reads back");
        assert_eq!(url.to_string(), again.to_string());
        assert!(url.same_origin(&again));
    }
    if let Ok(joined) = url.join(location) {
        assert!(!joined.host().is_empty() && joined.path().starts_with('/'));
    }
    let _ = url.with_query(&[("scope", location)]);
});
