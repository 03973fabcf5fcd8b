//! Measures the engine on one core: `cargo run --release -p plimsoll-secrets --example bench -- FOLDER...`; with
//! `--rules FOLDER` for the rules of a folder in place of those that come with Plimsoll
//!
//! The files of the folders are read into memory, up to 512 MB of them. Then all rules, and every second rule, run over what is text
//! and over everything. The best of three runs counts, in
//! time that the thread had a core.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use plimsoll_secrets::{Engine, Rule, parse_rules};

const MOST: usize = 512 << 20;

fn load(folder: &Path, files: &mut Vec<(String, Vec<u8>)>, total: &mut usize) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let Ok(about) = path.symlink_metadata() else { continue };
        if about.is_dir() {
            load(&path, files, total);
        } else if about.is_file()
            && *total < MOST
            && let Ok(bytes) = fs::read(&path)
        {
            *total += bytes.len();
            files.push((path.display().to_string(), bytes));
        }
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(4096).any(|byte| *byte == 0)
}

/// The time that this thread had a core: others on the machine do not count. Linux says so; elsewhere the clock must do.
fn clock(start: Instant) -> Duration {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The best time of three, and what was found.
fn run(engine: &Engine, files: &[&(String, Vec<u8>)]) -> (Duration, usize) {
    let once = || {
        let begun = Instant::now();
        let start = clock(begun);
        let found: usize = files.iter().map(|(path, bytes)| engine.find(path.as_bytes(), bytes).len()).sum();
        (clock(begun).saturating_sub(start), found)
    };
    once();
    [once(), once(), once()].into_iter().min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    let mut total = 0;
    let mut own = None;
    let mut arguments = env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--rules") => own = arguments.next(),
            _ => load(Path::new(&argument), &mut files, &mut total),
        }
    }
    let rules = || -> Result<Vec<Rule>, Box<dyn std::error::Error>> {
        let Some(folder) = &own else { return Ok(Engine::built_in_rules()?) };
        let mut paths: Vec<_> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        let mut rules = Vec::new();
        for path in paths {
            rules.extend(parse_rules(&path.display().to_string(), &fs::read_to_string(&path)?)?);
        }
        Ok(rules)
    };
    let all: Vec<_> = files.iter().collect();
    let text: Vec<_> = files.iter().filter(|(_, bytes)| is_text(bytes)).collect();
    let count = rules()?.len();
    let half = rules()?.into_iter().step_by(2).collect();
    for (name, engine) in
        [("all rules", Engine::new(rules()?, Vec::new())?), ("every second", Engine::new(half, Vec::new())?)]
    {
        for (kind, files) in [("text", &text), ("mixed", &all)] {
            let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
            let (time, found) = run(&engine, files);
            println!(
                "{name:12} ({:3} of {count}) {kind:5} {:6.1} MB in {:5} files: {:6.0} MB/s, {found} found",
                engine.rules().len(),
                bytes as f64 / 1e6,
                files.len(),
                bytes as f64 / 1e6 / time.as_secs_f64(),
            );
        }
    }
    Ok(())
}
