//! Every rule that comes with Plimsoll is held against its own examples.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use plimsoll_secrets::{Engine, Rule, parse_rules};
use plimsoll_types::Confidence;

/// What a rule finds in a text by itself, wherever the text is. A token that is kept although its sum is wrong does not count.
fn found(engine: &Engine, text: &str) -> Vec<String> {
    let found = engine.find(b"", text.as_bytes());
    found
        .into_iter()
        .filter(|found| found.confidence > Confidence::Low || found.notes.is_empty())
        .map(|found| text.get(found.value).unwrap_or("?").to_owned())
        .collect()
}

/// All rules.
fn rules() -> Vec<Rule> {
    Engine::built_in_rules().unwrap()
}

#[test]
fn every_rule_file_is_embedded_and_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            count += parse_rules(&path.display().to_string(), &text)
                .unwrap_or_else(|error| panic!("{error}"))
                .len();
        }
    }
    assert!(count > 0);
    assert_eq!(count, rules().len(), "a rule file is not embedded");
    let engine = Engine::new(rules(), Vec::new()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(engine.fingerprint(), Engine::built_in().fingerprint(), "the built-in rules do not load");
}

#[test]
fn every_example_matches_and_no_negative_does() {
    let mut faults = String::new();
    for mut rule in rules() {
        let (id, file) = (rule.id.clone(), rule.origin.clone());
        let examples = std::mem::take(&mut rule.examples);
        let negatives = std::mem::take(&mut rule.negatives);
        rule.paths = None;
        let engine = Engine::new(vec![rule], Vec::new()).unwrap();
        for (kind, texts, wanted) in [("example", examples, true), ("negative", negatives, false)] {
            for text in texts {
                let values = found(&engine, &text);
                if values.is_empty() == wanted {
                    writeln!(faults, "{file}: {id}: {kind} {text:?}: found {values:?}").unwrap();
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{faults}", faults.lines().count());
}
