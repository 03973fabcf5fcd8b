use plimsoll_cache::Cache;
use plimsoll_image::PlatformChoice;
use plimsoll_image::sources::{self, Request};
use plimsoll_scan::*;
use std::path::Path;
use std::sync::atomic::AtomicBool;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let path = Path::new(&args[1]);
    let scanners = plimsoll_types::Scanner::ALL
        .into_iter()
        .filter(|s| args[2] == "all" || args[2].split(',').any(|w| w == s.word()))
        .collect();
    let data = plimsoll_db::write(Vec::new(), Default::default(), &Default::default()).unwrap();
    let index = plimsoll_db::Index::from_bytes(data).unwrap();
    let stop = AtomicBool::new(false);
    let options = Options {
        threads: 2,
        skip: Skip::default(),
        layer_limit: DEFAULT_LAYER_LIMIT,
        matching: Default::default(),
        scanners,
        now: plimsoll_types::Timestamp::from_seconds(1_790_000_000),
        settings: Vec::new(),
    };
    let cache = tempfile::tempdir().unwrap();
    let scanner = Scanner::new(options, Some(Cache::new(cache.path())), &index, &stop, &NoProgress);
    let platform = PlatformChoice::Default;
    let request = Request { path, selector: "", platform: &platform, machine: "amd64" };
    let image = (sources::recognise(path).unwrap().open)(&request).unwrap().remove(0);
    let report = scanner.image("x", &image).unwrap();
    println!("{} packages, {} detections", report.packages.len(), report.detections.len());
}
