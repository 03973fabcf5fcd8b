//! Streams a database and says what is in it: `cargo run --release -p plimsoll-dbimport --example import -- FILE`. Of a
//! database of jars it makes the index: `… FILE INDEX`.

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
            let out = std::env::args_os().nth(2).ok_or("where to?")?;
            let mut file = std::io::BufWriter::new(std::fs::File::create(&out)?);
            let counts = java_index(path, &mut file)?;
            file.into_inner()?;
            println!("{:.2} s", start.elapsed().as_secs_f64());
            let size = std::fs::metadata(&out)?.len();
            println!("{} jars of {} files, an index of {size} bytes", counts.kept, counts.read);
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
