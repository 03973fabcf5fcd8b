//! Streams a database and says what is in it: `cargo run --release -p plimsoll-dbimport --example import -- FILE`.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use plimsoll_dbimport::{Item, Kind, grype_db, java_index, recognise, trivy_db};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("which file?")?;
    let path = Path::new(&path);
    let (mut advisories, mut affected, mut others) = (0u64, 0u64, 0u64);
    let mut take = |item: Item| {
        match item {
            Item::Advisory(advisory) => {
                advisories += 1;
                affected += advisory.affected.len() as u64;
            }
            _ => others += 1,
        }
        Ok(())
    };
    let start = Instant::now();
    let counts = match recognise(path) {
        Some(Kind::TrivyDb) => trivy_db(path, &mut take)?,
        Some(Kind::GrypeDb) => grype_db(path, &mut take)?,
        Some(Kind::JavaDb) => {
            let (bytes, counts) = java_index(path)?;
            println!("{:.2} s", start.elapsed().as_secs_f64());
            println!("{} jars of {} files, an index of {} bytes", counts.kept, counts.read, bytes.len());
            return Ok(());
        }
        None => return Err("no known database".into()),
    };
    println!("{:.2} s", start.elapsed().as_secs_f64());
    println!("{} records read, {} kept, {} refused", counts.read, counts.kept, counts.refused());
    println!("{advisories} advisories, {affected} statements on packages, {others} others");
    for (reason, count) in &counts.refused {
        println!("  refused: {count} {reason}");
    }
    for refusal in counts.refusals.iter().take(10) {
        println!("    {}: {}: {}", refusal.path, refusal.record, refusal.detail);
    }
    println!("unknown: {:?}", counts.unknown);
    Ok(())
}
