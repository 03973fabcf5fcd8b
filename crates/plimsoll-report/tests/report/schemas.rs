//! Rendered reports against the official schemas of their formats, and against Plimsoll's own.
//!
//! The official schemas are not part of this repository: the tests read them where `PLIMSOLL_TEST_DATA` says, or beside
//! the repository, and pass with a note where they are not.

use std::path::{Path, PathBuf};

use jsonschema::{Registry, Validator};
use plimsoll_report::RenderOptions;
use plimsoll_types::{Confidence, ProblemCode, Severity, Status, SuppressedBy};
use serde_json::Value;

use crate::{rendered, samples};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn official(name: &str) -> Option<Value> {
    let data = std::env::var_os("PLIMSOLL_TEST_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let path = data.join("schemas").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            eprintln!("note: not checked against {}: {error}", path.display());
            None
        }
    }
}

fn own() -> Value {
    let path = repository().join("docs/schemas/report-v1.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(id: &str, validator: &Validator) {
    let both =
        [false, true].map(|show_suppressed| RenderOptions { show_suppressed, ..RenderOptions::default() });
    for ((name, report), options) in
        samples::all().iter().flat_map(|sample| both.map(|options| (sample, options)))
    {
        let value: Value = serde_json::from_str(&rendered(id, report, &options)).unwrap();
        if id == "openvex" && value["statements"] == Value::Array(Vec::new()) {
            // The schema wants a statement; where there is none to make, an empty list says so.
            assert!(report.targets.iter().all(|target| target.suppressed.is_empty()), "{name}");
            continue;
        }
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .take(5)
            .map(|error| format!("{}: {error:.300}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{id} of '{name}': {errors:#?}");
    }
}

fn check_cyclonedx(id: &str, version: &str) {
    let Some(schema) = official(&format!("cyclonedx-bom-{version}.schema.json")) else { return };
    let mut registry = Registry::new();
    for (uri, file) in [
        ("http://cyclonedx.org/schema/spdx.schema.json", "cyclonedx-spdx-licences.schema.json"),
        ("http://cyclonedx.org/schema/jsf-0.82.schema.json", "jsf-0.82.schema.json"),
        ("http://cyclonedx.org/schema/cryptography-defs.schema.json", "cryptography-defs.schema.json"),
    ] {
        let Some(resource) = official(file) else { return };
        registry = registry.add(uri, resource).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator =
        jsonschema::options().with_registry(&registry).should_validate_formats(true).build(&schema).unwrap();
    check(id, &validator);
}

#[test]
fn cyclonedx_1_7() {
    check_cyclonedx("cyclonedx", "1.7");
}

#[test]
fn cyclonedx_1_6() {
    check_cyclonedx("cyclonedx-1.6", "1.6");
}

#[test]
fn spdx_2_3() {
    let Some(schema) = official("spdx-2.3.schema.json") else { return };
    check("spdx-json", &jsonschema::options().should_validate_formats(true).build(&schema).unwrap());
}

#[test]
fn sarif_2_1_0() {
    let Some(schema) = official("sarif-2.1.0.schema.json") else { return };
    check("sarif", &jsonschema::options().should_validate_formats(true).build(&schema).unwrap());
}

#[test]
fn openvex_0_2_0() {
    let Some(schema) = official("openvex.schema.json") else { return };
    check("openvex", &jsonschema::options().should_validate_formats(true).build(&schema).unwrap());
}

#[test]
fn csaf_2_0() {
    let Some(mut schema) = official("csaf-2.0.schema.json") else { return };
    let mut registry = Registry::new();
    for version in ["cvss-v2.0", "cvss-v3.0", "cvss-v3.1"] {
        let Some(resource) = official(&format!("{version}.json")) else { return };
        let uri = format!("https://www.first.org/cvss/{version}.json");
        // Both spellings are in use.
        registry = registry.add(uri, resource).unwrap();
    }
    let registry = registry.prepare().unwrap();
    // A draft of JSON Schema that was superseded is not needed to judge the documents.
    schema.as_object_mut().unwrap().remove("$schema");
    let validator =
        jsonschema::options().with_registry(&registry).should_validate_formats(true).build(&schema).unwrap();
    check("csaf-vex", &validator);
}

/// What CSAF asks for beyond its schema (section 6.1): products are defined once, and have one status each.
#[test]
fn csaf_products_are_defined_and_have_one_status() {
    for (name, report) in samples::all() {
        let csaf: Value =
            serde_json::from_str(&rendered("csaf-vex", &report, &RenderOptions::default())).unwrap();
        let mut defined = Vec::new();
        let tree = &csaf["product_tree"];
        for product in tree["full_product_names"].as_array().into_iter().flatten() {
            defined.push(product["product_id"].as_str().unwrap());
        }
        for relationship in tree["relationships"].as_array().into_iter().flatten() {
            for end in ["product_reference", "relates_to_product_reference"] {
                assert!(defined.contains(&relationship[end].as_str().unwrap()), "{name}");
            }
        }
        for relationship in tree["relationships"].as_array().into_iter().flatten() {
            defined.push(relationship["full_product_name"]["product_id"].as_str().unwrap());
        }
        let unique: std::collections::HashSet<_> = defined.iter().collect();
        assert_eq!(unique.len(), defined.len(), "{name}");
        for vulnerability in csaf["vulnerabilities"].as_array().into_iter().flatten() {
            let lists = vulnerability["product_status"].as_object().unwrap().values();
            let stated: Vec<&str> =
                lists.flat_map(|list| list.as_array().unwrap()).map(|id| id.as_str().unwrap()).collect();
            let once: std::collections::HashSet<_> = stated.iter().collect();
            assert_eq!(once.len(), stated.len(), "{name}");
            assert!(!stated.is_empty() && stated.iter().all(|id| defined.contains(id)), "{name}");
            // Section 4.5: what is affected has an action, what is not affected has a reason.
            let told: String =
                ["flags", "threats", "remediations"].map(|key| vulnerability[key].to_string()).concat();
            for status in ["known_not_affected", "known_affected"] {
                for id in vulnerability["product_status"][status].as_array().into_iter().flatten() {
                    assert!(told.contains(&id.to_string()), "{name}: {id}");
                }
            }
        }
    }
}

#[test]
fn plimsoll_json() {
    let validator = jsonschema::options().should_validate_formats(true).build(&own()).unwrap();
    check("json", &validator);
    // The schema is strict: what is not described is refused.
    let text = rendered("json", &samples::clean(), &RenderOptions::default());
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["targets"][0]["packages"][0]["colour"] = "red".into();
    assert!(!validator.is_valid(&value));
}

#[test]
fn the_words_of_the_schema_are_those_of_the_types() {
    let schema = own();
    let words = |pointer: &str| -> Vec<String> {
        serde_json::from_value(schema.pointer(pointer).unwrap().clone()).unwrap()
    };
    assert_eq!(words("/$defs/severity/enum"), Severity::ALL.map(Severity::word));
    assert_eq!(words("/$defs/status/enum"), Status::ALL.map(Status::word));
    assert_eq!(words("/$defs/suppressed/properties/by/enum"), SuppressedBy::ALL.map(SuppressedBy::word));
    assert_eq!(words("/$defs/finding/properties/confidence/enum"), Confidence::ALL.map(Confidence::word));
    // That of a package is left out where it is high.
    let lower = Confidence::ALL.map(Confidence::word);
    assert_eq!(words("/$defs/package/properties/confidence/enum"), lower[1..]);
    assert_eq!(words("/$defs/problem/properties/code/enum"), ProblemCode::ALL.map(ProblemCode::code));
}
