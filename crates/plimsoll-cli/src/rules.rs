//! Rules that users bring: for secrets and for malware.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

use crate::args::{RulesCommand, Scan};
use crate::exit::{Exit, message, usage};
use crate::{judgement, output};

/// The largest file of rules.
const MAX_RULES: u64 = 16 << 20;
/// A file of this name is used where it is there and no other is named, as users of Trivy know it.
const USUAL: &str = "trivy-secret.yaml";

/// Analyzers and rules that take the place of those with built-in rules alone.
pub(crate) type Own = (Vec<Arc<dyn Analyzer>>, Vec<Box<dyn ImageRules>>);

/// What the user's rules make of the analyzers.
pub(crate) fn own(scan: &Scan) -> anyhow::Result<Own> {
    let (mut analyzers, mut rules): Own = (Vec::new(), Vec::new());
    let mut named = scan.secret_config.clone();
    if named.is_empty() && judgement::read(USUAL.as_ref(), MAX_RULES)?.is_some() {
        named.push(PathBuf::from(USUAL));
    }
    if !named.is_empty() {
        let mut config = plimsoll_secrets::Config::default();
        for path in named {
            let name = path.display().to_string();
            let bytes = judgement::read(&path, MAX_RULES)?
                .ok_or_else(|| usage(format!("cannot read {name}: no such file")))?;
            let text = String::from_utf8(bytes).map_err(|_| usage(format!("{name} is not UTF-8")))?;
            config.files.push((name, text));
        }
        analyzers.push(plimsoll_secrets::analyzer(&config).map_err(|error| usage(error.to_string()))?);
        rules.extend(plimsoll_secrets::image_rules_for(&config).map_err(|error| usage(error.to_string()))?);
    }
    if !scan.malware_rules.is_empty() {
        let config = plimsoll_malware::Config { paths: scan.malware_rules.clone(), ..Default::default() };
        analyzers.push(plimsoll_malware::analyzer(&config).map_err(|error| usage(error.to_string()))?);
    }
    Ok((analyzers, rules))
}

/// `plimsoll rules`.
pub(crate) fn run(command: &RulesCommand) -> anyhow::Result<Exit> {
    let RulesCommand::Compile { paths, output } = command;
    if output.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("yarc")) {
        return Err(usage("the file must end with .yarc, by which --malware-rules knows compiled rules"));
    }
    let config = plimsoll_malware::Config { paths: paths.clone(), ..Default::default() };
    let (bytes, rules) = plimsoll_malware::compile(&config).map_err(|error| usage(error.to_string()))?;
    output::file(output, &bytes)?;
    message("note", &format!("{rules} rules in {}", output.display()));
    Ok(Exit::Success)
}
