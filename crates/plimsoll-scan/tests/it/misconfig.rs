//! Faults of configuration in whole images: small ones from a text, and real ones where there are some.

use std::path::{Path, PathBuf};

use plimsoll_types::{Severity, TargetReport};

use crate::{Scan, image};

/// The faults of configuration as `CODE/rule place @layer severity`, sorted.
fn told(report: &TargetReport) -> Vec<String> {
    let found = report.detections.iter().filter(|found| found.class.code.starts_with("CFG-"));
    let mut told: Vec<String> = found
        .map(|found| {
            let layer = found.place.layer.map(|layer| format!(" @{layer}")).unwrap_or_default();
            format!("{} {}{layer} {}", found.id(), found.place, found.severity.word())
        })
        .collect();
    told.sort();
    told
}

/// A Debian image with packages and the given environment.
fn with_packages(env: &str) -> Vec<String> {
    let text = r#"
        layer gzip
          file etc/os-release "ID=debian\nVERSION_ID=\"12\"\n"
          file etc/passwd "root:x:0:0:root:/root:/bin/sh\napp:x:10:10::/:/bin/sh\n"
          link lib -> usr/lib
          file usr/lib/x/libown.so "x"
          file usr/lib/x/libold.so "x"
          file var/lib/dpkg/info/x.list "/.\n/usr/lib/x/libown.so\n/lib/x/libold.so\n"
          file var/lib/dpkg/status "Package: gcc-12\nStatus: install ok installed\nVersion: 12.2.0-14\nArchitecture: amd64\n\nPackage: x\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
        layer gzip
          file usr/lib/python3/dist-packages/Flask-2.0.0.dist-info/METADATA "Name: Flask\nVersion: 2.0.0\n"
          file root/.cache/pip/x "y"
    "#;
    let run = serde_json::json!({"Env": [env], "User": "app", "Healthcheck": {"Test": ["CMD", "true"]}});
    told(&Scan::default().image(&image(text).run(run)).unwrap())
}

#[test]
fn packages_decide_too() {
    assert_eq!(with_packages("A=b"), ["CFG-DEVTOOLS image negligible"]);
    assert_eq!(
        with_packages("DEBUG=true"),
        ["CFG-DEBUG/environment env DEBUG low", "CFG-DEVTOOLS image negligible"]
    );
    assert_eq!(with_packages("LD_PRELOAD=/usr/lib/x/libown.so")[1], "CFG-PRELOAD/library env LD_PRELOAD low");
    // The package lists it by the path that it had before `/lib` was a link.
    for path in ["/usr/lib/x/libold.so", "/lib/x/libold.so", "/lib/x/libown.so"] {
        let told = with_packages(&format!("LD_PRELOAD={path}"));
        assert_eq!(told[1], "CFG-PRELOAD/library env LD_PRELOAD low", "{path}");
    }
    assert_eq!(with_packages("LD_PRELOAD=/usr/lib/x/other.so")[1], "CFG-PRELOAD/library env LD_PRELOAD high");
}

#[test]
fn what_a_later_layer_takes_away_is_gone() {
    let text = r#"
        layer gzip
          file etc/passwd "root:x:0:0:root:/root:/bin/sh\n"
          file etc/shadow "root::1:::::\n"
          file etc/sudoers.d/app "app ALL=(ALL) NOPASSWD: ALL\n"
          file root/.curlrc "insecure\n"
        layer gzip
          file etc/shadow "root:*:1:::::\n"
          whiteout etc/sudoers.d/app
    "#;
    let run = serde_json::json!({"User": "1000", "Healthcheck": {"Test": ["CMD", "true"]}});
    let report = Scan::default().image(&image(text).run(run)).unwrap();
    assert_eq!(told(&report), ["CFG-UNVERIFIED/curl-configuration root/.curlrc:1 @0 high"]);
}

#[allow(clippy::print_stderr)] // a test that cannot run says so
fn images() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../images");
    let folder = std::env::var_os("PLIMSOLL_TEST_IMAGES").map_or_else(beside, PathBuf::from);
    if folder.join("flawed").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there are no images in {}", folder.display());
    None
}

/// The faults are those that the image's build plants, and what follows from them.
#[test]
fn planted_faults_are_found() {
    let Some(images) = images() else { return };
    let report = Scan::default().path(&images.join("flawed")).unwrap();
    assert_eq!(
        told(&report),
        [
            "CFG-DEVTOOLS image negligible",
            "CFG-EMPTYPW etc/shadow.bak:1 @1 high",
            "CFG-HEALTH config Healthcheck negligible",
            "CFG-PIPESH/pipe history step 3 @2 high",
            "CFG-ROOT config User medium",
            "CFG-SOURCE/apt etc/apt/sources.list:1 @0 low",
            "CFG-SSHD/started config Cmd medium",
            "CFG-SSHWEAK/default usr/sbin/sshd @0 medium",
            "CFG-SUDO/used history step 3 @2 medium",
        ]
    );
}

/// What distributions ship runs as root and is otherwise in order.
#[test]
fn images_of_distributions_are_in_order() {
    let Some(images) = images() else { return };
    for name in [
        "debian-bookworm",
        "debian-trixie",
        "alpine-3.6.5",
        "alpine-3.20.3",
        "python-web",
        "node-app",
        "java-spark",
    ] {
        let Some(path) = Some(images.join(name)).filter(|path| path.is_dir()) else { continue };
        let report = Scan::default().path(&path).unwrap();
        let worse: Vec<String> = report
            .detections
            .iter()
            .filter(|found| found.class.code.starts_with("CFG-") && found.class.code != "CFG-ROOT")
            .filter(|found| found.severity > Severity::Low)
            .map(|found| format!("{} {}", found.id(), found.place))
            .collect();
        assert_eq!(worse, [""; 0], "{name}");
        assert!(told(&report).len() <= 4, "{name}: {:?}", told(&report));
    }
}
