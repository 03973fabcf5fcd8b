//! What people write about findings: waivers in every form, policies with their rules, package URLs, attestations.
//!
//! The first byte chooses what the rest is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_policy::rules::{Action, Rule, RuleError, Subject};
use plimsoll_policy::waivers::{Form, Waivers};
use plimsoll_policy::{Policy, vex};
use plimsoll_types::PackageUrl;

fuzz_target!(|data: &[u8]| {
    let [kind, content @ ..] = data else { return };
    let forms = [Form::Plimsoll, Form::TrivyIgnore, Form::TrivyIgnoreYaml, Form::Grype];
    match kind % 8 {
        number @ 0..4 => {
            let _ = Waivers::default().read(forms[usize::from(number)], "file", content);
        }
        4 => {
            let _ = Policy::read("file", content);
        }
        5 => {
            let Ok(text) = std::str::from_utf8(content) else { return };
            let rule = Rule {
                on: Subject::default(),
                name: "r".into(),
                expression: text.into(),
                action: Action::Deny,
                reason: String::new(),
                exit_code: None,
                origin: String::new(),
            };
            // A panic of the interpreter is caught, and worth knowing of here.
            assert_ne!(rule.check(), Err(RuleError::Panic));
        }
        6 => {
            let Ok(text) = std::str::from_utf8(content) else { return };
            if let Ok(parsed) = text.parse::<PackageUrl>() {
                // What was read and written is read again, and means the same.
                assert_eq!(parsed.to_string().parse::<PackageUrl>().unwrap(), parsed);
            }
        }
        _ => {
            let _ = vex::unwrap_attestation(content);
        }
    }
});
