//! Damaged and hostile reports: a refusal with the file's name, never a panic, and bounded work.

use std::time::{Duration, Instant};

use plimsoll_compare::{Input, compare, render};
use serde_json::{Value, json};

use crate::{CYCLONEDX, WEB};

fn run(bytes: &[u8]) -> bool {
    let inputs =
        [Input { name: "damaged.json", bytes }, Input { name: WEB[0].0, bytes: WEB[0].1.as_bytes() }];
    match compare(&inputs) {
        Ok(comparison) => {
            render::table::render(&comparison, None, false);
            render::json::render(&comparison, None, true, &mut Vec::new()).unwrap();
            true
        }
        Err(error) => {
            assert!(error.to_string().starts_with("damaged.json: "), "{error}");
            false
        }
    }
}

#[test]
fn every_prefix_is_refused() {
    for (name, text) in WEB.iter().chain([&CYCLONEDX]) {
        let text = text.trim_end();
        for end in 0..text.len() {
            assert!(!run(&text.as_bytes()[..end]), "{name} cut at {end}");
        }
        assert!(run(text.as_bytes()), "{name}");
    }
}

/// Puts `value` in the place of the `wanted`th value inside, counted in order.
fn replace(document: &mut Value, wanted: &mut usize, value: &Value) -> bool {
    if *wanted == 0 {
        *document = value.clone();
        return true;
    }
    *wanted -= 1;
    match document {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, wanted, value)),
        Value::Object(members) => members.values_mut().any(|member| replace(member, wanted, value)),
        _ => false,
    }
}

#[test]
fn no_value_of_another_kind_makes_it_panic() {
    let values =
        [json!(null), json!(-1), json!(1e300), json!(""), json!([]), json!({}), json!("CVE-2021-44228")];
    for (_, text) in WEB.iter().chain([&CYCLONEDX]) {
        let document: Value = serde_json::from_str(text).unwrap();
        let (mut place, mut read, mut refused) = (0, 0, 0);
        loop {
            let mut damaged = document.clone();
            let value = &values[place % values.len()];
            if !replace(&mut damaged, &mut place.clone(), value) {
                break;
            }
            if run(damaged.to_string().as_bytes()) {
                read += 1
            } else {
                refused += 1
            }
            place += 1;
        }
        assert!(read > 20 && refused > 10, "{read} read, {refused} refused");
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    let broken = WEB[0].1.replace("\"index\": 5", "\"index\": 500");
    assert!(!run(broken.as_bytes()));
    let broken = WEB[3]
        .1
        .replace("\"package_vulnerabilities\": {", "\"package_vulnerabilities\": {\"77\": [\"100\"],");
    assert!(!run(broken.as_bytes()));
}

#[test]
fn one_vulnerability_under_very_many_names_stays_cheap() {
    // A chain of aliases, one family of very many packages, and very many versions of one package.
    let start = Instant::now();
    let matches: Vec<Value> = (0..20_000)
        .map(|n| {
            json!({
                "vulnerability": {"id": format!("X-{n}"), "severity": "High"},
                "relatedVulnerabilities": [{"id": format!("X-{}", n + 1)}],
                "artifact": {
                    "name": format!("lib{}", n % 5_000), "version": format!("{n}.0"), "type": "deb",
                    "upstreams": [{"name": "source"}],
                },
            })
        })
        .collect();
    assert!(run(json!({"matches": matches}).to_string().as_bytes()));
    // Tests run without optimisation and beside others; work that grows with the square takes far longer.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn too_much_is_refused() {
    let inputs = [Input { name: "a", bytes: b"{}" }; 17];
    assert!(compare(&inputs).unwrap_err().to_string().contains("16 reports"));
    // Advisories about very many vulnerabilities, each for very many packages.
    let vendor: Vec<Value> = (0..1_000)
        .map(|n| json!({"VulnerabilityID": format!("CVE-2024-{}", 10_000 + n), "VendorIDs": ["DSA-1-1"], "PkgName": "a"}))
        .collect();
    let bulletins: Vec<Value> =
        (0..2_100).map(|n| json!({"VulnerabilityID": "DSA-1-1", "PkgName": format!("p{n}")})).collect();
    let all: Vec<Value> = vendor.into_iter().chain(bulletins).collect();
    let report = json!({"SchemaVersion": 2, "Results": [{"Class": "os-pkgs", "Type": "debian", "Vulnerabilities": all}]});
    let report = report.to_string();
    let error = compare(&[Input { name: "big.json", bytes: report.as_bytes() }]).unwrap_err().to_string();
    assert!(error.starts_with("big.json: more than"), "{error}");
}
