//! What is wrong with an image: what makes a scan impossible is an error that names the layer, everything else is a
//! problem beside a result.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use plimsoll_archive::sha256;
use plimsoll_scan::ScanError;
use plimsoll_test::images::{Fault, ImageText, Packing};
use plimsoll_types::{Digest, ProblemCode, TargetReport};
use tempfile::tempdir;

use crate::{Scan, TEXT, TOLD, archive, comparable, image, told};

fn message(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, ": {error}").unwrap();
        cause = error.source();
    }
    text
}

/// Scans the image as a layout and as an archive: plain, gzip, zstd.
fn everywhere(image: &ImageText) -> Vec<Result<TargetReport, ScanError>> {
    let folder = tempdir().unwrap();
    let mut out = vec![Scan::default().image(image)];
    out.extend(Packing::ALL.map(|packing| Scan::default().path(&archive(&folder, image, packing))));
    out
}

#[test]
fn layers_are_held_to_their_digests() {
    for packing in Packing::ALL {
        for number in 0..3 {
            let good = image(TEXT).packed(packing);
            let layer = &good.layers[number];
            let (digest, diff_id) = (sha256(&layer.blob().unwrap()), layer.diff_id());
            // In an archive the diff ID is the only promise.
            for (form, result) in
                everywhere(&good.clone().fault(Fault::WrongLayer(number))).into_iter().enumerate()
            {
                let expected = if form == 0 { &digest } else { &diff_id };
                let told = message(&result.unwrap_err());
                assert!(told.starts_with(&format!("layer {expected} has the digest sha256:")), "{told}");
                assert!(told.ends_with(&format!(", not {expected}")), "{told}");
            }
            let wrong = sha256(b"another layer");
            for (form, result) in
                everywhere(&good.clone().fault(Fault::WrongDiffId(number))).into_iter().enumerate()
            {
                let named = if form == 0 { &digest } else { &wrong };
                assert_eq!(
                    message(&result.unwrap_err()),
                    format!("layer {named} has the digest {diff_id}, not {wrong}"),
                    "{packing:?} {form}"
                );
            }
        }
    }
}

#[test]
fn cut_layers_are_errors_that_name_the_layer() {
    for packing in Packing::ALL {
        let good = image(TEXT).packed(packing);
        let whole = good.layers[0].blob().unwrap();
        let ends = (1..whole.len()).step_by(whole.len() / 30);
        for len in ends {
            let cut = good.clone().fault(Fault::TruncatedLayer(0, len));
            let digest = sha256(&whole[..len]);
            let diff_id = cut.layers[0].diff_id();
            for (form, result) in everywhere(&cut).into_iter().enumerate() {
                let told = message(&result.unwrap_err());
                let named: &Digest = if form == 0 { &digest } else { &diff_id };
                assert!(told.contains(&named.to_string()), "{packing:?} cut at {len}: {told}");
            }
        }
    }
}

#[test]
fn layers_that_are_no_archives_are_errors() {
    let mut strange = image(TEXT);
    for (bytes, reason) in [
        (&[b'x'; 600][..], "no tar header at byte 0: the checksum is wrong"),
        (b"BZh91AY&SY", "bzip2 compression is not supported"),
        (b"\xfd7zXZ\0\0\0", "xz compression is not supported"),
    ] {
        strange.layers[1].tar = bytes.to_vec();
        strange.layers[1].packing = Packing::Plain;
        for result in everywhere(&strange) {
            let told = message(&result.unwrap_err());
            assert!(told.contains(reason) && told.contains(&sha256(bytes).to_string()), "{told}");
        }
    }
}

#[test]
fn a_layer_longer_than_the_limit_is_an_error() {
    for packing in Packing::ALL {
        let image = image("layer\n file a x x 1000000").packed(packing);
        let result = Scan { limit: 100_000, ..Scan::default() }.image(&image);
        let told = message(&result.unwrap_err());
        assert!(told.ends_with("the tar stream is longer than the limit of 100000 bytes"), "{told}");
    }
}

/// The same fault gives the same word, however many threads there are and whichever comes first.
#[test]
fn of_several_faults_the_lowest_layers_is_told() {
    let bad = image(TEXT).fault(Fault::WrongDiffId(0)).fault(Fault::WrongDiffId(2));
    let lowest = sha256(&bad.layers[0].blob().unwrap()).to_string();
    // One thread reads the largest layer first, which is the lowest here.
    assert!(bad.layers[0].blob().unwrap().len() > bad.layers[2].blob().unwrap().len());
    for threads in [1, 2, 4] {
        let told = message(&Scan { threads, ..Scan::default() }.image(&bad).unwrap_err());
        assert!(told.starts_with(&format!("layer {lowest} ")), "{told}");
    }
}

#[test]
fn broken_files_are_problems_and_the_others_are_still_found() {
    let text = format!(
        "{TEXT}
         layer
           file app/broken/package.json \"{{\\\"name\\\":\\\"cut\\\",\\\"vers\"
           file app/garbage.jar \"this is no jar, but it is long enough to be looked at\"
           file app/empty.jar
           file usr/lib/python3/y.dist-info/METADATA \"no headers here\"
           sparse app/sparse/package.json 100000 end
           file ../outside/package.json \"{{}}\""
    );
    let report = Scan::default().text(&text);
    let lines = told(&report);
    assert_eq!(&lines[..TOLD.len()], TOLD);
    let problems: Vec<(&str, &str, Option<u32>)> = report
        .problems
        .iter()
        .map(|problem| (problem.code.code(), problem.path.as_str(), problem.layer))
        .collect();
    assert_eq!(
        problems,
        [
            ("PRB-0001", "app/sparse/package.json", Some(3)),
            ("PRB-0001", "app/garbage.jar", Some(3)),
            ("PRB-0001", "app/broken/package.json", Some(3)),
            ("PRB-0001", "usr/lib/python3/y.dist-info/METADATA", Some(3)),
            ("PRB-0007", "../outside/package.json", Some(3)),
        ]
    );
    assert!(!report.complete());
    // Deleted files have no problems.
    let gone = format!("{text}\n layer\n whiteout app/broken\n whiteout app/garbage.jar\n opaque app/sparse");
    assert_eq!(Scan::default().text(&gone).problems.len(), 2);
}

/// A file behind a link that cannot be read is a problem, not a file without packages.
#[test]
fn second_looks_have_problems_too() {
    let base = "layer gzip\n file etc/os-release \"ID=debian\\nVERSION_ID=12\\n\"\n";
    let report = Scan::default()
        .text(&format!("{base} sparse data/status 100000 end\n link var/lib/dpkg/status -> /data/status"));
    assert_eq!(
        told(&report),
        [
            "distro debian 12",
            // Who wants every file says so of the file itself.
            "PRB-0001 data/status@0 : a sparse file is not read",
            "PRB-0001 var/lib/dpkg/status@0 : a sparse file is not read",
            "PRB-0004  : the image is Debian but has no package database that could be read",
        ]
    );
    let report = Scan::default().text("layer gzip\n file data x x 17000000\n link app/package.json -> /data");
    assert_eq!(
        told(&report),
        ["PRB-0002 app/package.json@0 : 17000000 bytes are more than the limit of 16777216"]
    );
}

#[test]
fn many_links_are_followed_in_few_passes() {
    // Each file is one that only a link makes interesting; each layer must not be read once for each.
    let mut text = "layer gzip\n file noise \"0123456789abcdef\" x 300000\n".to_owned();
    for n in 0..300 {
        writeln!(text, "file data/{n} \"{{\\\"name\\\":\\\"p{n}\\\",\\\"version\\\":\\\"1.0.0\\\"}}\"")
            .unwrap();
    }
    text += "layer gzip\n";
    for n in 0..300 {
        writeln!(text, "link app/{n}/package.json -> /data/{n}").unwrap();
    }
    let image = image(&text);
    let begun = Instant::now();
    let report = Scan::default().image(&image).unwrap();
    assert_eq!(report.packages.len(), 300);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let folder = tempdir().unwrap();
    let archived = Scan::default().path(&archive(&folder, &image, Packing::Zstd)).unwrap();
    assert_eq!(comparable(archived), comparable(report));
}

#[test]
fn out_of_time_gives_what_there_is() {
    let stop = || Scan { stop: true, ..Scan::default() };
    let timeouts = |report: &TargetReport| {
        report
            .problems
            .iter()
            .filter(|problem| problem.code == ProblemCode::Timeout)
            .map(|problem| problem.layer)
            .collect::<Vec<_>>()
    };
    let image = image(TEXT);
    let report = stop().image(&image).unwrap();
    assert_eq!(timeouts(&report), [Some(0), Some(1), Some(2)]);
    assert!(report.packages.is_empty() && !report.complete());
    let folder = tempdir().unwrap();
    for packing in Packing::ALL {
        let report = stop().path(&archive(&folder, &image, packing)).unwrap();
        assert_eq!(timeouts(&report), [Some(0), Some(1), Some(2)], "{packing:?}");
    }
    let report = stop().run(|scanner| scanner.directory("here", folder.path())).0.unwrap();
    assert_eq!(timeouts(&report), [None]);
    // What is cached costs no time.
    let cache = tempdir().unwrap();
    Scan::cached(cache.path()).image(&image).unwrap();
    let warm = Scan { cache: Some(cache.path()), ..stop() }.image(&image).unwrap();
    assert_eq!(told(&warm), TOLD);
    // A scan that was stopped left nothing behind that a later one would take for the whole.
    let cache = tempdir().unwrap();
    Scan { cache: Some(cache.path()), ..stop() }.image(&image).unwrap();
    assert_eq!(told(&Scan::cached(cache.path()).image(&image).unwrap()), TOLD);
}

#[test]
fn sources_that_vanish_are_errors() {
    let folder = tempdir().unwrap();
    let path = crate::layout(&folder, &image(TEXT));
    let opened = crate::open(&path);
    let digest = opened.layers[1].digest.clone().unwrap();
    fs::remove_file(path.join("blobs/sha256").join(digest.hex())).unwrap();
    let error = Scan::default().run(|scanner| scanner.image("target", &opened)).0.unwrap_err();
    assert_eq!(
        message(&error),
        format!("cannot open layer {digest}: No such file or directory (os error 2)")
    );
}
