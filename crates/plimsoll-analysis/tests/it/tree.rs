//! Directories as targets.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use plimsoll_analysis::{
    AnalyzeError, Analyzer, Driver, Fact, File, Interest, LayerError, LayerFacts, Limits, MemoryBudget,
    NodeKind, Output, PackageFact, TreeError, open_tree_file,
};

struct Teller;

impl Analyzer for Teller {
    fn id(&self) -> &'static str {
        "test/teller"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { names: &["wanted", "secret"], magics: &[b"\x7fELF"], max_size: 100, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let version = String::from_utf8_lossy(&file.bytes()?).into_owned();
        out.package(PackageFact { name: file.path().to_string(), version, ..PackageFact::default() });
        Ok(())
    }
}

fn analyse(root: &Path, stop: bool) -> Result<LayerFacts, TreeError> {
    let (memory, stop) = (MemoryBudget::new(1000), AtomicBool::new(stop));
    let limits = Limits { layer_bytes: 1 << 40, memory: &memory, stop: &stop };
    let driver = Driver::of(vec![&Teller]);
    driver.tree(root, driver.all(), &limits)
}

fn told(facts: &LayerFacts) -> Vec<String> {
    let mut out = Vec::new();
    for file in &facts.files {
        for fact in &file.facts {
            let Fact::Package(package) = fact else { panic!("{fact:?}") };
            out.push(format!("{} {}", package.name, package.version));
        }
        out.extend(
            file.problems.iter().map(|fault| format!("{}: {}: {}", file.path, fault.code, fault.message)),
        );
    }
    out.extend(
        facts.problems.iter().map(|(path, fault)| format!("{path}: {}: {}", fault.code, fault.message)),
    );
    out
}

fn fifo(path: &Path) {
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
    // There is no FIFO in the standard library, and no analyzer needs one.
    #[allow(unsafe_code)]
    let result = unsafe { libc::mkfifo(path.as_ptr(), 0o644) };
    assert_eq!(result, 0);
}

#[test]
fn a_tree_is_walked_without_leaving_it() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("wanted"), "outside").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a/wanted"), "one").unwrap();
    fs::write(root.join("a/b/wanted"), "two").unwrap();
    fs::write(root.join("a/large"), [b'x'; 200]).unwrap();
    fs::create_dir(root.join("large")).unwrap();
    fs::write(root.join("large/wanted"), [b'x'; 200]).unwrap();
    fs::write(root.join("tool"), b"\x7fELF").unwrap();
    fs::set_permissions(root.join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
    // Looked at by its first bytes only when it can run, or is a shared library.
    fs::write(root.join("no-tool"), b"\x7fELF").unwrap();
    fs::write(root.join("large/lib.so.1"), b"\x7fELF").unwrap();
    symlink(outside.path(), root.join("out")).unwrap();
    symlink(outside.path().join("wanted"), root.join("wanted")).unwrap();
    symlink("..", root.join("a/up")).unwrap();
    fs::write(root.join(".wh.a"), "a file like any other").unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"a/\xff")), "").unwrap();
    let facts = analyse(root, false).unwrap();
    assert_eq!(
        told(&facts),
        [
            "a/b/wanted two",
            "a/wanted one",
            "large/lib.so.1 \u{7f}ELF",
            "large/wanted: PRB-0002: 200 bytes are more than the limit of 100",
            "tool \u{7f}ELF",
        ]
    );
    let index = &facts.index;
    let paths: Vec<_> =
        index.nodes().iter().map(|node| index.path(node).escape_ascii().to_string()).collect();
    assert_eq!(
        paths,
        [
            "a",
            "a/b",
            "a/b/wanted",
            "a/large",
            "a/up",
            "a/wanted",
            "a/\\xff",
            "large",
            "large/lib.so.1",
            "large/wanted",
            "no-tool",
            "out",
            "tool",
            "wanted"
        ]
    );
    let link = index.get(b"out").unwrap();
    assert_eq!((link.kind, index.link(link)), (NodeKind::Symlink, outside.path().as_os_str().as_bytes()));
    assert!(!index.deletes(b"a"));
}

#[test]
fn nothing_but_files_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // To open it would wait for ever for somebody to write.
    fifo(&root.join("wanted"));
    let _socket = std::os::unix::net::UnixListener::bind(root.join("secret")).unwrap();
    let facts = analyse(root, false).unwrap();
    assert_eq!(told(&facts), [""; 0]);
    assert_eq!(facts.index.get(b"wanted").unwrap().kind, NodeKind::Special);
    assert_eq!(facts.index.get(b"secret").unwrap().kind, NodeKind::Special);
    // Nor on a second look, should a file have become one.
    assert!(open_tree_file(root, b"wanted").is_err());
    symlink("/etc/passwd", root.join("link")).unwrap();
    assert!(open_tree_file(root, b"link").is_err());
    assert!(open_tree_file(root, b"none").is_err());
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("closed")).unwrap();
    fs::write(root.join("closed/wanted"), "x").unwrap();
    fs::write(root.join("secret"), "x").unwrap();
    fs::write(root.join("wanted"), "x").unwrap();
    for path in ["closed", "secret"] {
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let facts = analyse(root, false).unwrap();
    let told = told(&facts);
    // Who may read everything is refused nothing.
    if fs::read(root.join("secret")).is_ok() {
        assert_eq!(told, ["closed/wanted x", "secret x", "wanted x"]);
    } else {
        assert_eq!(told[0], "wanted x");
        assert!(
            told.iter().any(|line| line.starts_with("closed: PRB-0001: cannot list the directory: ")),
            "{told:?}"
        );
        assert!(
            told.iter().any(|line| line.starts_with("secret: PRB-0001: cannot open the file: ")),
            "{told:?}"
        );
    }
    fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn errors_name_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none");
    let error = analyse(&none, false).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read the directory {}", none.display()));
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = analyse(&file, false).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    let error = analyse(folder.path(), true).unwrap_err();
    assert!(matches!(error, TreeError::Layer(LayerError::Stopped)));
}
