//! How packages are exposed: expected is what a container made of the image would start, and what that needs by its
//! package manager's words.

use serde_json::{Value, json};

use crate::{Scan, image};

const DEBIAN: &str = r#"
layer
  file etc/os-release "ID=debian\nVERSION_ID=\"12\"\n"
  file var/lib/dpkg/status "Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: amd64\nDepends: libssl3 (>= 3.0.0), nginx-common | other\n\nPackage: nginx-common\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: all\nDepends: httpd-mime\n\nPackage: mailcap\nStatus: install ok installed\nVersion: 3\nArchitecture: all\nProvides: httpd-mime\n\nPackage: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\nArchitecture: amd64\n\nPackage: passwd\nStatus: install ok installed\nVersion: 4.13\nArchitecture: amd64\n\nPackage: tzdata\nStatus: install ok installed\nVersion: 2024a\nArchitecture: all\n\n"
  file var/lib/dpkg/info/nginx.list "/.\n/usr/sbin/nginx\n"
  file var/lib/dpkg/info/passwd.list "/.\n/bin/passwd\n"
  link bin -> usr/bin
  mode 0755 file usr/sbin/nginx "x"
  mode 4755 file usr/bin/passwd "x"
"#;

/// The packages that are exposed, with how.
fn exposed(text: &str, run: Value) -> Vec<String> {
    let report = Scan::default().image(&image(text).run(run)).unwrap();
    let words = |package: &plimsoll_types::Package| {
        package.exposure.iter().map(|exposure| exposure.word()).collect::<Vec<_>>().join(" ")
    };
    let marked = report.packages.iter().filter(|package| !package.exposure.is_empty());
    marked.map(|package| format!("{}: {}", package.name, words(package))).collect()
}

#[test]
fn what_an_image_starts_and_what_that_needs() {
    let expected = [
        "libssl3: entry-closure",
        "mailcap: entry-closure",
        "nginx: entry-point",
        "nginx-common: entry-closure",
        "passwd: set-uid",
    ];
    for run in [
        json!({ "Entrypoint": ["/usr/sbin/nginx"], "Cmd": ["-g", "daemon off;"] }),
        json!({ "Cmd": ["nginx"], "Env": ["PATH=/usr/local/bin:/usr/sbin"] }),
        json!({ "Cmd": ["/bin/sh", "-c", "exec nginx -g 'daemon off;'"], "Env": ["PATH=/usr/sbin"] }),
        json!({ "Cmd": ["./nginx"], "WorkingDir": "/usr/sbin" }),
    ] {
        assert_eq!(exposed(DEBIAN, run.clone()), expected, "{run}");
    }
    for run in [json!({}), json!({ "Cmd": ["nothing"] }), json!({ "Cmd": ["/usr/sbin"] })] {
        assert_eq!(exposed(DEBIAN, run.clone()), ["passwd: set-uid"], "{run}");
    }
}

#[test]
fn what_a_runtime_loads() {
    let app = r#"
layer
  mode 0755 file usr/local/bin/node "x"
  file app/server.js "x"
  file app/node_modules/lodash/package.json "{\"name\": \"lodash\", \"version\": \"4.17.4\"}"
  file usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"
"#;
    let run = json!({ "Cmd": ["node", "server.js"], "WorkingDir": "/app", "Env": ["PATH=/usr/local/bin"] });
    assert_eq!(exposed(app, run), ["lodash: entry-closure"]);
    assert_eq!(exposed(app, json!({ "Cmd": ["python3", "x.py"], "Env": ["PATH=/usr/local/bin"] })), [""; 0]);
}
