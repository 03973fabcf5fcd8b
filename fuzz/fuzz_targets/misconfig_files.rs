//! Files of accounts, logins, software sources, jobs and certificates. The first byte chooses the analyzer, the second the path.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use plimsoll_analysis::{Analyzer, File, Output};

static ANALYZERS: LazyLock<Vec<Arc<dyn Analyzer>>> = LazyLock::new(plimsoll_misconfig::analyzers);

fuzz_target!(|data: &[u8]| {
    let [number, choice, content @ ..] = data else { return };
    let analyzer = &ANALYZERS[usize::from(*number) % ANALYZERS.len()];
    let interest = analyzer.interest();
    let mut paths: Vec<String> = interest.paths.iter().map(|&path| path.to_owned()).collect();
    for name in ["name", "name.list", "name.sources", "name.repo"] {
        paths.extend(interest.children_of.iter().map(|folder| format!("{folder}/{name}")));
    }
    for folder in ["root", "var/www/html", "root/.composer", "root/.ssh", "root/.bundle"] {
        paths.extend(interest.names.iter().map(|name| format!("{folder}/{name}")));
    }
    paths.extend(interest.suffixes.iter().map(|ending| format!("usr/local/share/ca-certificates/name{ending}")));
    // Build files and Compose files are known by their names.
    paths.push("deploy/Dockerfile".to_owned());
    paths.extend(interest.suffixes.iter().map(|ending| format!("deploy/compose{ending}")));
    let path = &paths[usize::from(*choice) % paths.len()];
    let mut output = Output::default();
    let _ = analyzer.analyze(&File::new(path.as_bytes(), 0o644, &content), &mut output);
});
