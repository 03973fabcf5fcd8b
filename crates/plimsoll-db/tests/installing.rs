//! Putting an index in its place while others read it, several at once, and on a disk that fills: a reader sees a whole
//! index, the old one or the new one, and never an error.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_db::{Extras, FactRecord, Index, OpenError, Record, WriteOptions, install, write};

/// Tells a child process of this test what it is to do.
const ROLE: &str = "PLIMSOLL_TEST_ROLE";
const FOLDER: &str = "PLIMSOLL_TEST_FOLDER";

/// An index of `count` advisories, each of which names that number.
fn index_of(count: usize) -> Vec<u8> {
    let record = |number| Record {
        id: format!("TEST-{number}"),
        source: "test".to_owned(),
        aliases: vec![format!("COUNT-{count}")],
        facts: vec![FactRecord {
            ecosystem: "PyPI".to_owned(),
            package: format!("package-{number}"),
            versions: vec!["1".to_owned()],
            ..FactRecord::default()
        }],
        ..Record::default()
    };
    let options = WriteOptions { built: None, digest: true };
    write((0..count).map(record).collect(), Extras::default(), &options).unwrap()
}

/// Opens the index and looks at all of it; it must be one of those that are written here.
fn read_whole(path: &Path) {
    let index = Index::open(path).unwrap();
    index.verify().unwrap();
    let count = index.advisory_count();
    assert!(count == 1 || count == 700, "{count} advisories");
    assert_eq!(index.by_identifier(&format!("COUNT-{count}")).unwrap().count(), count as usize);
    assert_eq!(index.lookup("PyPI", &format!("package-{}", count - 1)).unwrap().count(), 1);
}

#[test]
fn threads_that_write_and_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.index");
    let both = [index_of(1), index_of(700)];
    install(&both[0], &path).unwrap();
    let (done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for own in &both {
            let (path, done) = (&path, &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    install(own, path).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    read_whole(&path);
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(Duration::from_secs(1));
        done.store(true, Ordering::Relaxed);
    });
    assert!(reads.into_inner() > 2);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// This test in another process, with a role.
fn child(role: &str, folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_child_process", "--nocapture"]);
    command.env(ROLE, role).env(FOLDER, folder).spawn().unwrap()
}

/// What the children of the other tests do; nothing when it is run by itself.
#[test]
fn a_child_process() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else { return };
    let path = Path::new(&folder).join("x.index");
    let until = Instant::now() + Duration::from_secs(1);
    match role.as_str() {
        "one" | "many" => {
            let own = index_of(if role == "one" { 1 } else { 700 });
            while Instant::now() < until {
                install(&own, &path).unwrap();
            }
        }
        "read" => {
            while Instant::now() < until {
                read_whole(&path);
            }
        }
        "full" => {
            let error = install(&index_of(700), &path).unwrap_err();
            assert!(error.to_string().contains("x.index"), "{error}");
            assert_eq!(error.source.kind(), std::io::ErrorKind::FileTooLarge);
        }
        role => panic!("no role {role}"),
    }
}

#[test]
fn processes_that_write_and_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    install(&index_of(1), &folder.path().join("x.index")).unwrap();
    let children: Vec<Child> =
        ["one", "many", "read", "read"].iter().map(|role| child(role, folder.path())).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    read_whole(&folder.path().join("x.index"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A limit on the size of files stands for a full disk: writing fails in the middle all the same (POSIX.1-2017, `write`,
/// EFBIG). The signal that comes with it is ignored, as `trap ''` leaves it to the programs that a shell starts.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_leaves_the_old_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.index");
    install(&index_of(1), &path).unwrap();
    assert!(index_of(700).len() > 8 * 1024, "the new index fits under the limit");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact a_child_process --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(ROLE, "full")
        .env(FOLDER, folder.path())
        // Pipes: were the test's own output a file, the limit would hold for that, too.
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    read_whole(&path);
    assert_eq!(Index::open(&path).unwrap().advisory_count(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left beside the index");
}

#[test]
fn what_is_no_index_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.index");
    let good = index_of(700);
    for (bytes, what) in [
        (&good[..0], "empty"),
        (&good[..8], "only the magic"),
        (&good[..good.len() / 2], "half"),
        (&good[..good.len() - 1], "a byte short"),
        (b"not an index, but long enough to hold a header and a table of sections".as_slice(), "text"),
        (&vec![0; 1 << 20], "zeros"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = match Index::open(&path) {
            Ok(_) => panic!("{what} is taken for an index"),
            Err(error) => error,
        };
        assert!(error.to_string().contains("x.index"), "{what}: {error}");
        assert!(!matches!(error, OpenError::Io { .. }), "{what}: {error}");
    }
}
