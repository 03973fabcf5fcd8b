//! What the tests scan, and the advisory databases with which they do.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use plimsoll_test::images::ImageText;

use crate::place::Place;

/// A file or folder of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub fn fixture_text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

/// A database of the feeds in `tests/fixtures/demo`, made once.
pub fn demo_database() -> &'static [u8] {
    static DATABASE: OnceLock<Vec<u8>> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let place = Place::without_database();
        let feeds = fixture("demo");
        place.run(&["db", "build", "--from", feeds.to_str().unwrap(), "--output", "demo.index"]).code(0);
        std::fs::read(place.path("demo.index")).unwrap()
    })
}

/// The digest of that database.
pub fn demo_digest() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let place = Place::without_database();
        place.write("demo.index", demo_database());
        let status = place.run(&["db", "status", "--db", "demo.index"]).code(0).stdout;
        status.lines().find_map(|line| line.strip_prefix("digest ")).unwrap().trim().to_owned()
    })
}

/// A small image with packages of three ecosystems in two layers.
pub const DEMO: &str = r#"
layer "ADD rootfs.tar.gz / # buildkit"
  dir  etc
  file etc/os-release "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.7.3\nPRETTY_NAME=\"Alpine Linux v3.7\"\n"
  file lib/apk/db/installed "P:musl\nV:1.1.18-r3\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\n\nP:musl-utils\nV:1.1.18-r3\nA:x86_64\nL:MIT BSD GPL2+\no:musl\n\nP:zlib\nV:1.2.11-r1\nA:x86_64\nL:zlib\no:zlib\n\n"
layer "RUN pip install -r requirements.txt"
  file usr/lib/python3.8/site-packages/Capstan-2.10.dist-info/METADATA "Metadata-Version: 2.1\nName: Capstan\nVersion: 2.10\nLicense: BSD-3-Clause\n"
  file usr/lib/python3.8/site-packages/bollard-1.0.dist-info/METADATA "Metadata-Version: 2.1\nName: bollard\nVersion: 1.0\n"
  file app/node_modules/hawser/package.json "{\"name\": \"hawser\", \"version\": \"3.0.1\", \"license\": \"MIT\"}"
"#;

pub fn demo() -> ImageText {
    image(DEMO).tag("demo:1")
}

/// An image with one package and no findings.
pub fn clean() -> ImageText {
    image("layer\nfile app/node_modules/fender/package.json \"{\\\"name\\\": \\\"fender\\\", \\\"version\\\": \\\"1.0.0\\\"}\"")
        .tag("clean:1")
}

pub fn image(text: &str) -> ImageText {
    ImageText::parse(text).unwrap()
}

/// Writes the demonstration image to `demo.tar` and the arguments of a scan of it.
pub fn demo_place() -> Place {
    let place = Place::new();
    place.archive("demo.tar", demo());
    place
}

/// The folder of feeds and root file systems that the repository does not hold, if there is one.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("PLIMSOLL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = data.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("note: not checked, there is no {}", path.display());
    None
}
