//! Files that say how containers are to run, as targets of their own: build files, Kubernetes manifests (rendered, if they come from a chart)
//! and Compose files.

mod compose;
mod dockerfile;
mod kubernetes;
mod rules;
mod workload;
mod yaml;

use memchr::memmem;
use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output, Targets};
use plimsoll_types::Scanner;

pub(crate) use self::dockerfile::Dockerfiles;
use self::workload::Workload;

/// Looks at manifests.
pub(crate) struct Manifests;

/// The largest manifest in bytes.
const MAX_SIZE: u64 = 16 << 20;
/// The most faults of a file.
const MAX_FAULTS: usize = 5_000;
/// The most characters of a line that is shown.
const MAX_EVIDENCE: usize = 160;

impl Analyzer for Manifests {
    fn id(&self) -> &'static str {
        "misconfig/manifests"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn targets(&self) -> Targets {
        Targets::Directories
    }

    fn interest(&self) -> Interest {
        Interest { suffixes: &[".yaml", ".yml", ".json"], max_size: MAX_SIZE, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let has = |word: &str| memmem::find(&bytes, word.as_bytes()).is_some();
        // Most files with these names are something else, and need not be read as YAML to see that.
        let kubernetes = has("apiVersion") && has("kind");
        let compose = has("services") && is_compose_name(file.name());
        if !kubernetes && !compose {
            return Ok(());
        }
        let Ok(text) = bytes.to_str() else {
            return Err(AnalyzeError::malformed("the manifest is not UTF-8"));
        };
        let documents = match yaml::documents(text) {
            Ok(documents) => documents,
            Err(_) if has("{{") => {
                return Err(AnalyzeError::malformed(
                    "it is a template, not a manifest: render it (helm template) and scan the result",
                ));
            }
            Err(reason) => return Err(AnalyzeError::malformed(format!("it is not YAML: {reason}"))),
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
        let lines: Vec<&str> = text.lines().collect();
        let mut count = 0;
        for workload in &workloads {
            for fault in rules::check(workload) {
                count += 1;
                if count > MAX_FAULTS {
                    out.problem(format!(
                        "more than {MAX_FAULTS} faults in this file; the others are not listed"
                    ));
                    return Ok(());
                }
                state(out, workload, fault, &lines);
            }
        }
        Ok(())
    }
}

fn is_compose_name(name: &plimsoll_analysis::BStr) -> bool {
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

fn state(out: &mut Output, workload: &Workload, fault: rules::Fault, lines: &[&str]) {
    let fact = out.detect(fault.class, fault.message);
    fact.rule = fault.rule.to_owned();
    fact.severity = fault.severity.word().to_owned();
    fact.resource = workload.resource.clone();
    fact.line = fault.line;
    fact.end_line = fault.line;
    // A line that only begins the container shows nothing of what it lacks.
    if fault.line != workload.line {
        fact.evidence = shown(lines, fault.line);
    }
    if !fault.standard.is_empty() {
        fact.notes.push(format!("Forbidden by the Pod Security Standard \"{}\".", fault.standard));
    }
}

#[cfg(test)]
mod tests;
