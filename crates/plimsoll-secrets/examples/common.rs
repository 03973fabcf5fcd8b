//! Counts how common the runs of three and four bytes of the rules' keywords are in text, and prints `src/engine/common.txt` from that:
//! `cargo run --release -p plimsoll-secrets --example common -- FOLDER...`, with folders of programs, documentation and configuration
//! as images have them.
//!
//! A line is the length of its runs, the power of two that tells how often each of them stands in a gigabyte, and the runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::{env, fs};

use plimsoll_secrets::Engine;

/// Runs that stand less often in a gigabyte than this power of two says are left out.
const LEAST: u32 = 12;

/// The same without regard to case, as the filter compares.
fn folded(run: &[u8]) -> u32 {
    run.iter().enumerate().fold(0, |all, (i, byte)| all | u32::from(byte | 0x20) << (8 * i))
}

#[derive(Default)]
struct Counts {
    bytes: u64,
    three: HashMap<u32, u64>,
    four: HashMap<u32, u64>,
}

impl Counts {
    fn folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                self.folder(&entry.path());
            } else if kind.is_file()
                && let Ok(bytes) = fs::read(entry.path())
                && !bytes.iter().take(4096).any(|byte| *byte == 0)
            {
                self.text(&bytes);
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for run in bytes.windows(3) {
            if let Some(count) = self.three.get_mut(&folded(run)) {
                *count += 1;
            }
        }
        for run in bytes.windows(4) {
            if let Some(count) = self.four.get_mut(&folded(run)) {
                *count += 1;
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = Engine::built_in_rules()?;
    let words: BTreeSet<Vec<u8>> =
        rules.iter().flat_map(|rule| &rule.keywords).map(|word| word.to_ascii_lowercase()).collect();
    let mut counts = Counts::default();
    for word in &words {
        counts.three.extend(word.windows(3).map(|run| (folded(run), 0)));
        counts.four.extend(word.windows(4).map(|run| (folded(run), 0)));
    }
    for folder in env::args_os().skip(1) {
        counts.folder(Path::new(&folder));
    }
    let mut lines: BTreeMap<(usize, u32), BTreeSet<&[u8]>> = BTreeMap::new();
    for (len, known) in [(3, &counts.three), (4, &counts.four)] {
        for run in words.iter().flat_map(|word| word.windows(len)) {
            let count = known.get(&folded(run)).copied().unwrap_or(0);
            let per_gigabyte = u128::from(count) * 1_000_000_000 / u128::from(counts.bytes.max(1));
            let power = per_gigabyte.max(1).ilog2();
            if power >= LEAST && run.iter().all(|byte| matches!(byte, b' '..=b'~')) {
                lines.entry((len, power)).or_default().insert(run);
            }
        }
    }
    for ((len, power), runs) in lines {
        println!("{len} {power} {}", String::from_utf8(runs.into_iter().flatten().copied().collect())?);
    }
    Ok(())
}
