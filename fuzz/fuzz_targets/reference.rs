//! Image references (the distribution project's `reference` package): what is shown reads back as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_registry::Reference;

fuzz_target!(|text: &str| {
    let Ok(reference) = text.parse::<Reference>() else { return };
    assert!(!reference.registry().is_empty() && !reference.repository().is_empty());
    assert!(reference.tag().is_some() || reference.digest().is_some());
    let again: Reference = reference.to_string().parse().expect("a shown reference reads back");
    assert_eq!(reference, again);
    if let Some(tag) = reference.familiar_tag() {
        let again: Reference = tag.parse().expect("a familiar tag reads back");
        assert_eq!(again.tag(), reference.tag());
        // A repository of Docker Hub whose first component looks like a host is ambiguous in Docker's short form too.
        let first = reference.repository().split('/').next().unwrap_or_default();
        if !first.contains('.') && first != "localhost" {
            assert_eq!(
                (again.registry(), again.repository()),
                (reference.registry(), reference.repository())
            );
        }
    }
});
