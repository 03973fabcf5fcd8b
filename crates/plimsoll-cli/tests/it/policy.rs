//! Which findings are shown, and how a run ends because of them.

use plimsoll_test::images::ImageText;

use crate::place::{DATABASE, Place, Run, findings, packages, problems};
use crate::samples::{DEMO, clean, demo_place, image};

fn scan(place: &Place, arguments: &[&str]) -> Run {
    let first = ["scan", "demo.tar", "--db", DATABASE, "--no-cache"];
    place.run(&[&first[..], arguments].concat())
}

/// The demonstration image with a file that its analyzer cannot read.
fn incomplete() -> ImageText {
    image(&format!("{DEMO}\nfile app/node_modules/broken/package.json \"{{\"\n"))
}

const ALL: [&str; 6] = [
    "Capstan 2.10 CVE-2099-1001",
    "Capstan 2.10 CVE-2099-1002",
    "bollard 1.0 CVE-2099-1003",
    "hawser 3.0.1 CVE-2099-1004",
    "musl 1.1.18-r3 CVE-2019-14697",
    "musl-utils 1.1.18-r3 CVE-2019-14697",
];

fn shown(place: &Place, arguments: &[&str]) -> Vec<String> {
    findings(&scan(place, &[arguments, &["--format", "json"]].concat()).code(0).json())
}

#[test]
fn severities_are_chosen() {
    let place = demo_place();
    assert_eq!(shown(&place, &[]), ALL);
    assert_eq!(shown(&place, &["--severity", "critical"]), ["Capstan 2.10 CVE-2099-1001"]);
    let two = ["Capstan 2.10 CVE-2099-1001", "hawser 3.0.1 CVE-2099-1004"];
    assert_eq!(shown(&place, &["--severity", "critical,high"]), two);
    assert_eq!(shown(&place, &["-s", "CRITICAL", "-s", "High"]), two);
    assert_eq!(shown(&place, &["--severity", "low,unknown"]), [ALL[1], ALL[4], ALL[5]]);
    assert_eq!(shown(&place, &["--severity", "negligible"]), [""; 0]);
    scan(&place, &["--severity", "high"]).code(0).silent().matches("severity");
}

#[test]
fn what_nothing_fixes_is_left_out() {
    let place = demo_place();
    let fixed: Vec<&str> = ALL.into_iter().filter(|line| !line.contains("1003")).collect();
    assert_eq!(shown(&place, &["--ignore-unfixed"]), fixed);
    assert_eq!(shown(&place, &["--only-fixed"]), fixed);
    assert_eq!(shown(&place, &["--ignore-unfixed", "--severity", "medium"]), [""; 0]);
}

#[test]
fn exit_codes() {
    let place = demo_place();
    place.archive("clean.tar", clean());
    for (arguments, code) in [
        (&[][..], 0),
        // About whatever is shown, as users of other scanners know it.
        (&["--exit-code", "1"], 1),
        (&["--exit-code", "77"], 77),
        (&["--exit-code", "0"], 0),
        (&["--exit-code", "5", "--severity", "negligible"], 0),
        (&["--exit-code", "5", "--severity", "critical"], 5),
        (&["--fail-on", "critical"], 1),
        (&["--fail-on", "LOW"], 1),
        (&["--fail-on", "high", "--exit-code", "9"], 9),
        (&["--fail-on", "high", "--exit-code", "0"], 0),
        // What is not shown does not fail.
        (&["--fail-on", "critical", "--severity", "medium"], 0),
        (&["--fail-on", "medium", "--severity", "medium", "--ignore-unfixed"], 0),
        (&["--require-complete"], 0),
    ] {
        scan(&place, arguments).code(code);
        let first = ["scan", "clean.tar", "--db", DATABASE, "--no-cache"];
        place.run(&[&first[..], arguments].concat()).code(0).silent();
    }
    scan(&place, &["--fail-on", "high"]).code(1).matches("fail-on");
    scan(&place, &["--fail-on", "high", "--quiet"]).code(1).silent();
    scan(&place, &["--exit-code", "3", "--format", "json"]).code(3).silent();
}

#[test]
fn incomplete_scans() {
    let place = Place::new();
    place.archive("demo.tar", incomplete());
    let run = scan(&place, &["--format", "json"]).code(0).silent();
    assert_eq!(run.json()["complete"], false);
    let [problem] = &problems(&run.json())[..] else { panic!("{}", run.stdout) };
    assert!(problem.starts_with("PRB-0001 app/node_modules/broken/package.json: "), "{problem}");
    scan(&place, &["--require-complete"]).code(3).matches("incomplete");
    // A violated policy is the harder word.
    scan(&place, &["--require-complete", "--fail-on", "low"]).code(1);
    scan(&place, &["--require-complete", "--fail-on", "low", "--severity", "negligible"]).code(3);
    // What the user leaves out is not missing.
    scan(&place, &["--require-complete", "--skip-files", "app/node_modules/broken/*"]).code(0);
    scan(&place, &["--require-complete", "--skip-dirs", "**/broken"]).code(0);
}

#[test]
fn paths_are_left_out() {
    let place = demo_place();
    let skipped = |arguments: &[&str]| {
        let run = scan(&place, &[arguments, &["--format", "json"]].concat()).code(0).silent();
        packages(&run.json())
    };
    let all = skipped(&[]);
    assert_eq!(
        all,
        [
            "apk musl 1.1.18-r3",
            "apk musl-utils 1.1.18-r3",
            "apk zlib 1.2.11-r1",
            "npm hawser 3.0.1",
            "pypi Capstan 2.10",
            "pypi bollard 1.0"
        ]
    );
    let without = |part: &str| -> Vec<String> {
        all.iter().filter(|package| !package.contains(part)).cloned().collect()
    };
    assert_eq!(skipped(&["--skip-dirs", "app"]), without("npm"));
    assert_eq!(skipped(&["--skip-dirs", "/app/"]), without("npm"));
    assert_eq!(skipped(&["--skip-dirs", "**/site-packages"]), without("pypi"));
    assert_eq!(skipped(&["--skip-dirs", "usr,app"]), &all[..3]);
    assert_eq!(skipped(&["--skip-dirs", "usr", "--skip-dirs", "app"]), &all[..3]);
    assert_eq!(skipped(&["--skip-files", "usr/lib/python3.8/site-packages/*/METADATA"]), without("pypi"));
    assert_eq!(skipped(&["--skip-files", "**/Cap*/METADATA"]), without("Capstan"));
    assert_eq!(skipped(&["--skip-files", "app"]), all);
    assert_eq!(skipped(&["--skip-dirs", "ap"]), all);
}
