//! Files that say how containers are to run, as targets of their own: build files, Kubernetes manifests (rendered, if they come from a chart)
//! and Compose files.

mod compose;
mod dockerfile;
mod kubernetes;
mod rules;
mod stages;
mod variables;
mod workload;
mod yaml;

use std::collections::HashMap;

use memchr::memmem;
use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output, Targets};
use plimsoll_types::Scanner;

pub(crate) use self::dockerfile::Dockerfiles;
pub use self::workload::{At, Form, Limit, Modes, Mount, Port, Workload};

/// Looks at manifests.
pub(crate) struct Manifests;

/// The largest manifest in bytes.
pub const MAX_SIZE: u64 = 16 << 20;
/// The most faults of a file.
const MAX_FAULTS: usize = 5_000;
/// The most characters of a line that is shown.
const MAX_EVIDENCE: usize = 160;

impl Analyzer for Manifests {
    fn id(&self) -> &'static str {
        "misconfig/manifests"
    }

    fn version(&self) -> u32 {
        2
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn targets(&self) -> Targets {
        Targets::Directories
    }

    fn interest(&self) -> Interest {
        Interest { suffixes: ENDINGS, max_size: MAX_SIZE, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let workloads = read(file.name(), &bytes).map_err(AnalyzeError::malformed)?;
        if workloads.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let mut found: Vec<Found<'_>> = Vec::new();
        let mut told = HashMap::new();
        'workloads: for workload in &workloads {
            for fault in rules::check(workload) {
                // What a pod says for all of its containers is one fault, not one of each.
                let common = !workload.object.is_empty() && fault.line != workload.line;
                let key = (&workload.object, fault.class.code, fault.rule, fault.line, fault.message.clone());
                if let Some(found) = told.get(&key).and_then(|at: &usize| found.get_mut(*at)) {
                    found.resource = &workload.object;
                    continue;
                }
                if found.len() == MAX_FAULTS {
                    out.problem(format!(
                        "more than {MAX_FAULTS} faults in this file; the others are not listed"
                    ));
                    break 'workloads;
                }
                if common {
                    told.insert(key, found.len());
                }
                found.push(Found { workload, resource: &workload.resource, fault });
            }
        }
        for found in found {
            state(out, found, &lines);
        }
        Ok(())
    }
}

/// A fault and of what it is told.
struct Found<'a> {
    workload: &'a Workload,
    resource: &'a str,
    fault: rules::Fault,
}

/// The endings of manifests' names.
const ENDINGS: &[&str] = &[".yaml", ".yml", ".json"];

/// True when a file with this name may be a manifest.
pub fn is_name(name: &[u8]) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

/// The containers that a manifest describes: a Kubernetes object or list, several documents of them, or a Compose file, which its
/// name says. What is neither has none.
///
/// # Errors
///
/// When it is a manifest and cannot be read, or is over a limit: the reason.
pub fn read(name: &[u8], bytes: &[u8]) -> Result<Vec<Workload>, String> {
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    // Most files with these names are something else, and need not be read as YAML to see that.
    let kubernetes = has("apiVersion") && has("kind");
    let compose = has("services") && is_compose_name(name);
    if !kubernetes && !compose {
        return Ok(Vec::new());
    }
    let text = bytes.to_str().map_err(|_| "the manifest is not UTF-8".to_owned())?;
    let documents = match yaml::documents(text, if compose { variables::fill } else { str::to_owned }) {
        Ok(documents) => documents,
        Err(_) if has("{{") => {
            return Err(
                "it is a template, not a manifest: render it (helm template) and scan the result".to_owned()
            );
        }
        Err(reason) => return Err(format!("it is not YAML: {reason}")),
    };
    let mut workloads = Vec::new();
    for document in &documents {
        if kubernetes {
            kubernetes::workloads(document, &mut workloads);
        }
        if compose {
            compose::workloads(document, &mut workloads);
        }
    }
    Ok(workloads)
}

fn is_compose_name(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    (name.starts_with(b"docker-compose")
        || name.starts_with(b"compose")
        || name.starts_with(b"podman-compose"))
        && (name.ends_with(b".yml") || name.ends_with(b".yaml"))
}

/// A line, counted from 1, as it may be shown.
fn shown(lines: &[&str], line: u32) -> String {
    let line = lines.get((line as usize).saturating_sub(1)).copied().unwrap_or_default();
    line.trim().chars().take(MAX_EVIDENCE).collect()
}

fn state(out: &mut Output, found: Found<'_>, lines: &[&str]) {
    let Found { workload, resource, fault } = found;
    let fact = out.detect(fault.class, fault.message);
    fact.rule = fault.rule.to_owned();
    fact.severity = fault.severity.word().to_owned();
    fact.resource = resource.to_owned();
    fact.line = fault.line;
    fact.end_line = fault.line;
    // A line that only begins the container shows nothing of what it lacks.
    if fault.line != workload.line {
        fact.evidence = shown(lines, fault.line);
    }
    if workload.form == Form::Kubernetes && !fault.standard.is_empty() {
        fact.notes.push(format!("Forbidden by the Pod Security Standard \"{}\".", fault.standard));
    }
}

#[cfg(test)]
mod tests;
