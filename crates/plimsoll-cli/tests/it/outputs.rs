//! Where reports go: standard output, files, pipes that nobody reads, disks that are full.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use jsonschema::{Registry, Validator};
use serde_json::Value;

use crate::place::{DATABASE, Run};
use crate::samples::{demo_place, image, shared_data};

fn scan<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["scan", "demo.tar", "--db", DATABASE, "--no-cache"], arguments].concat()
}

/// What is in the folder when nothing was written.
const BEFORE: [&str; 3] = [DATABASE, "demo.tar", "home"];

#[test]
fn every_format() {
    let place = demo_place();
    for (format, name) in [
        ("table", "demo-table"),
        ("json", "demo-json"),
        ("sarif", "demo-sarif"),
        ("cyclonedx", "demo-cyclonedx"),
        ("cyclonedx-1.6", "demo-cyclonedx-1.6"),
        ("spdx-json", "demo-spdx-json"),
    ] {
        let run = place.run(&scan(&["--format", format])).code(0).silent();
        crate::place::snapshot(&format!("{name}.txt"), &run.plain(&run.stdout));
        let again = place.run(&scan(&["--format", format])).code(0);
        assert_eq!(run.stdout, again.stdout, "the same twice");
    }
    let run = place.run(&scan(&["--list-all-pkgs"])).code(0).silent();
    assert!(run.stdout.contains("zlib"));
    crate::place::snapshot("demo-table-all.txt", &run.plain(&run.stdout));
    assert!(!place.run(&scan(&[])).code(0).stdout.contains("zlib"));
    assert_eq!(place.names("."), BEFORE);
}

#[test]
fn reports_are_what_their_schemas_say() {
    let place = demo_place();
    let report = |format: &str| place.run(&scan(&["--format", format])).code(0).json();
    let check = |validator: &Validator, format: &str| {
        let value = report(format);
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error:.300}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{format}: {errors:#?}");
    };
    let read = |path: &Path| -> Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let validator =
        |schema: &Value| jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/report-v1.schema.json");
    check(&validator(&read(&own)), "json");

    let Some(folder) = shared_data("schemas") else { return };
    let official = |name: &str| read(&folder.join(name));
    check(&validator(&official("sarif-2.1.0.schema.json")), "sarif");
    check(&validator(&official("spdx-2.3.schema.json")), "spdx-json");
    for (format, version) in [("cyclonedx", "1.7"), ("cyclonedx-1.6", "1.6")] {
        let mut registry = Registry::new();
        for (uri, file) in [
            ("http://cyclonedx.org/schema/spdx.schema.json", "cyclonedx-spdx-licences.schema.json"),
            ("http://cyclonedx.org/schema/jsf-0.82.schema.json", "jsf-0.82.schema.json"),
            ("http://cyclonedx.org/schema/cryptography-defs.schema.json", "cryptography-defs.schema.json"),
        ] {
            registry = registry.add(uri, official(file)).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let schema = official(&format!("cyclonedx-bom-{version}.schema.json"));
        let options = jsonschema::options();
        let validator =
            options.with_registry(&registry).should_validate_formats(true).build(&schema).unwrap();
        check(&validator, format);
    }
}

#[test]
fn several_outputs_in_one_run() {
    let place = demo_place();
    let arguments =
        scan(&["-o", "table", "-o", "json=out.json", "-o", "cyclonedx=bom.json", "-o", "sarif=out.sarif"]);
    let run = place.run(&arguments).code(0).silent();
    assert_eq!(run.stdout, place.run(&scan(&[])).code(0).stdout);
    for (file, format) in [("out.json", "json"), ("bom.json", "cyclonedx"), ("out.sarif", "sarif")] {
        let alone = place.run(&scan(&["--format", format])).code(0).stdout;
        assert_eq!(fs::read_to_string(place.path(file)).unwrap(), alone, "{file}");
    }
    assert_eq!(place.names("."), ["bom.json", DATABASE, "demo.tar", "home", "out.json", "out.sarif"]);

    // `-o FILE` takes the format of `-f`, as users of other scanners know it.
    place.run(&scan(&["-f", "json", "-o", "by-name.json"])).code(0).silent();
    assert_eq!(fs::read(place.path("by-name.json")).unwrap(), fs::read(place.path("out.json")).unwrap());
    let run = place.run(&scan(&["-o", "plain.txt"])).code(0).silent();
    assert_eq!(run.stdout, "");
    assert_eq!(fs::read_to_string(place.path("plain.txt")).unwrap(), place.run(&scan(&[])).code(0).stdout);
    // A format's name alone is standard output; so is it in another case of the option.
    assert!(place.run(&scan(&["--output", "json"])).code(0).json()["targets"].is_array());
    // A report that is there is replaced, whatever it was.
    place.write("out.json", "x".repeat(1 << 20));
    place.run(&scan(&["-o", "json=out.json"])).code(0).silent();
    assert_eq!(fs::read(place.path("by-name.json")).unwrap(), fs::read(place.path("out.json")).unwrap());
    place.run(&scan(&["-o", "json=/dev/null"])).code(0).silent();
    assert!(!Path::new("/dev/null").is_file(), "a device stays one");
}

#[test]
fn color() {
    let place = demo_place();
    let escape = "\u{1b}[";
    assert!(!place.run(&scan(&[])).code(0).stdout.contains(escape), "no terminal");
    assert!(place.run(&scan(&["--color", "always"])).code(0).stdout.contains(escape));
    assert!(!place.run(&scan(&["--color", "never"])).code(0).stdout.contains(escape));
    place.run(&scan(&["--color", "always", "-o", "table=out.txt"])).code(0);
    assert!(!fs::read_to_string(place.path("out.txt")).unwrap().contains(escape), "a file has no colours");
}

/// `plimsoll … | head -1`.
#[test]
fn a_reader_that_has_seen_enough() {
    let place = demo_place();
    for arguments in [
        &scan(&[])[..],
        &scan(&["--format", "json"]),
        &["list", "problems"],
        &["explain", "PRB-0001"],
        &["completion", "bash"],
        &["man"],
        &["db", "status", "--db", "builtin"],
        &["--help"],
    ] {
        // Closed before the first byte is written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let run = Run::new(&place, &arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>(), output);
        run.code(0).silent();
    }
    // Closed after the first line, of more than fits into a pipe.
    let text: String = (0..2000)
        .map(|n| format!("file app/node_modules/p{n}/package.json \"{{\\\"name\\\": \\\"p{n}\\\", \\\"version\\\": \\\"1.0.0\\\"}}\"\n"))
        .collect();
    place.archive("demo.tar", image(&format!("layer\n{text}")));
    let mut child = place
        .command(&scan(&["--format", "json"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    assert_eq!(line, "{\n");
    let output = child.wait_with_output().unwrap();
    Run::new(&place, &[], output).code(0).silent();
}

#[test]
fn a_full_disk() {
    let full = || File::options().write(true).open("/dev/full");
    if full().is_err() {
        return eprintln!("note: not checked, there is no /dev/full");
    }
    let place = demo_place();
    for arguments in
        [&scan(&[])[..], &["list", "problems"], &["completion", "zsh"], &["compare-versions", "deb"]]
    {
        let mut command = place.command(arguments);
        place.write("versions", "1 2\n");
        command.stdout(full().unwrap()).stdin(File::open(place.path("versions")).unwrap());
        fs::remove_file(place.path("versions")).unwrap();
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let run = Run::new(&place, &arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>(), output);
        run.code(4).says(&["error: cannot write to standard output: No space left on device"]);
    }
    let run = place.run(&scan(&["-o", "json=/dev/full"])).code(4);
    run.says(&["error: cannot write /dev/full: No space left on device"]);
    assert_eq!(place.names("."), BEFORE);
}

/// A file may not grow beyond two kilobytes (a unit is 512 bytes): as on a disk that fills up while the report is written.
#[test]
fn nothing_half_written_is_left() {
    let place = demo_place();
    let limited = |arguments: &[&str]| {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_plimsoll")])
            .args(arguments)
            .current_dir(place.root())
            .env_clear()
            .env("HOME", place.path("home"))
            .env("SOURCE_DATE_EPOCH", "1700000000");
        place.run_with(command, b"")
    };
    let run = limited(&scan(&["-o", "json=out.json"])).code(4);
    run.says(&["error: cannot write out.json: File too large (os error 27)\n"]);
    assert_eq!(place.names("."), BEFORE);
    // What was there stays as it was.
    place.write("out.json", "the last report");
    limited(&scan(&["-o", "json=out.json"])).code(4);
    assert_eq!(fs::read_to_string(place.path("out.json")).unwrap(), "the last report");
    // An output that cannot be written does not keep the ones before it from being there, whole.
    let run = limited(&scan(&["-o", "table=out.txt", "-o", "json=out.json"])).code(4);
    run.says(&["cannot write out.json"]);
    assert_eq!(place.names("."), [DATABASE, "demo.tar", "home", "out.json", "out.txt"]);
}

#[test]
fn folders_that_cannot_be_written_to() {
    let place = demo_place();
    place
        .run(&scan(&["-o", "json=missing/out.json"]))
        .code(4)
        .says(&["error: cannot write missing/out.json: No such file or directory (os error 2)\n"]);
    place
        .run(&scan(&["-o", "json=demo.tar/out.json"]))
        .code(4)
        .says(&["error: cannot write demo.tar/out.json: Not a directory (os error 20)\n"]);
    place.run(&scan(&["-o", "json=home"])).code(4).says(&["error: cannot write home"]);
    assert_eq!(place.names("."), BEFORE);
    assert_eq!(place.names("home"), [""; 0]);
}

// ---- The cache

fn with_cache<'a>(folder: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    let first = ["scan", "demo.tar", "--db", DATABASE, "--format", "json", "--cache-dir", folder];
    [&first[..], arguments].concat()
}

#[test]
fn a_cache_that_cannot_be_written_to() {
    let place = demo_place();
    let expected = place.run(&scan(&["--format", "json"])).code(0).stdout;
    // A folder below a file: even root cannot make it.
    let run = place.run(&with_cache("demo.tar/cache", &[])).code(0);
    assert_eq!(run.stdout, expected);
    run.says(&[
        "warning: the next scan will not be faster: cannot write to the cache at demo.tar/cache/",
        "Not a directory",
    ]);
    let quiet = place.run(&with_cache("demo.tar/cache", &["--quiet"])).code(0).silent();
    assert_eq!(quiet.stdout, expected);
    assert_eq!(place.names("."), BEFORE);
}

#[test]
fn the_cache_changes_nothing_but_the_time() {
    let place = demo_place();
    let expected = place.run(&scan(&["--format", "json"])).code(0).stdout;
    for _ in 0..2 {
        assert_eq!(place.run(&with_cache("cache", &[])).code(0).silent().stdout, expected);
    }
    // Entries that are damaged or cut short are misses.
    let mut entries = Vec::new();
    let mut folders = vec![place.path("cache")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { entries.push(path) }
        }
    }
    entries.retain(|path| fs::metadata(path).unwrap().len() > 0);
    assert!(entries.len() >= 2, "{entries:?}");
    for cut in [0, 1, 10, 30] {
        for entry in &entries {
            let bytes = fs::read(entry).unwrap();
            fs::write(entry, &bytes[..cut.min(bytes.len())]).unwrap();
        }
        assert_eq!(place.run(&with_cache("cache", &[])).code(0).silent().stdout, expected);
    }
    for entry in &entries {
        let mut bytes = fs::read(entry).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(entry, bytes).unwrap();
    }
    assert_eq!(place.run(&with_cache("cache", &[])).code(0).silent().stdout, expected);
    // Nobody else may see what was found in the images.
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(entries[0].parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn two_runs_at_once() {
    let place = demo_place();
    let expected = place.run(&scan(&["--format", "json"])).code(0).stdout;
    let arguments = with_cache("cache", &[]);
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| place.run(&arguments).code(0).silent().stdout)).collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), expected);
        }
    });
    let no_leftovers = |folder: &str| {
        let listing = Command::new("find").arg(place.path(folder)).args(["-name", ".*"]).output().unwrap();
        assert_eq!(String::from_utf8(listing.stdout).unwrap(), "");
    };
    no_leftovers("cache");
    // A run that fails leaves the other one's output alone.
    let (good, bad) = std::thread::scope(|scope| {
        let good = scope.spawn(|| place.run(&with_cache("cache", &["-o", "json=same.json"])));
        let bad = scope.spawn(|| {
            place.run(&[
                "scan",
                "nothing.tar",
                "--db",
                DATABASE,
                "--cache-dir",
                "cache",
                "-o",
                "json=same.json",
            ])
        });
        (good.join().unwrap(), bad.join().unwrap())
    });
    good.code(0).silent();
    bad.code(4);
    assert_eq!(fs::read_to_string(place.path("same.json")).unwrap(), expected);
    assert_eq!(place.names("."), ["cache", DATABASE, "demo.tar", "home", "same.json"]);
}
