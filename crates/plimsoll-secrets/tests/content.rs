//! Files and archives as the analyzer sees them: whole and in pieces, in every encoding, and hostile ones.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{self, Write};
use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ByteSlice, DetectionFact, Fact, File, FileInfo, Output};
use plimsoll_archive::ReadAt;
use plimsoll_secrets::{Config, analyzer, analyzers};

const TOKEN: &str = "gh§p_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";

fn unmark(text: &str) -> String {
    text.replace('§', "")
}

fn content() -> Arc<dyn Analyzer> {
    analyzers().into_iter().find(|analyzer| analyzer.id() == "secrets/content").unwrap()
}

fn facts(output: &Output) -> Vec<DetectionFact> {
    let detections = output.facts.iter().filter_map(|fact| match fact {
        Fact::Detection(fact) => Some(fact.clone()),
        _ => None,
    });
    detections.collect()
}

fn whole(path: &str, bytes: &[u8]) -> Output {
    let mut output = Output::default();
    content().analyze(&File::new(path.as_bytes(), 0o644, &bytes), &mut output).unwrap();
    output
}

/// Bytes that do not lie in memory.
struct OnDisk<'a>(&'a [u8]);

impl ReadAt for OnDisk<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
}

fn on_disk(path: &str, bytes: &[u8]) -> Output {
    let mut output = Output::default();
    content().analyze(&File::new(path.as_bytes(), 0o644, &OnDisk(bytes)), &mut output).unwrap();
    output
}

fn pieces(path: &str, bytes: &[u8], size: usize) -> Output {
    let content = content();
    let info = FileInfo { path: path.as_bytes().as_bstr(), mode: 0o644, size: bytes.len() as u64 };
    let mut output = Output::default();
    let mut feed = content.begin(&info).unwrap();
    bytes.chunks(size).for_each(|piece| feed.piece(piece));
    feed.finish(&mut output).unwrap();
    output
}

fn same(a: &Output, b: &Output, what: &str) {
    assert_eq!(a.facts, b.facts, "{what}");
    assert_eq!(a.problems, b.problems, "{what}");
}

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

#[test]
fn line_column_and_evidence() {
    let text = unmark(&format!("# caf\u{e9}\nA=1\n  GITHUB = \"{TOKEN}\" # x\n"));
    let found = facts(&whole("app/settings.ini", text.as_bytes()));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].class.as_str(), found[0].line, found[0].column), ("SEC-TOKEN", 3, 13));
    assert_eq!(found[0].evidence, "GITHUB = \"ghp_********\" # x");
    assert!(found[0].message.contains("GitHub"));
}

#[test]
fn the_same_in_pieces_of_any_size() {
    let token = unmark(TOKEN);
    let mut random = Random(7);
    for (round, total) in [2_000_000usize, 1_100_000, 300_000, 5_000].into_iter().enumerate() {
        let mut text = String::with_capacity(total);
        while text.len() < total {
            match random.next(400) {
                0 => text.push_str(&format!("token = {token}\n")),
                1 => text.push_str(&format!(
                    "db_password = \"Tr0ub{}x-{}\"\n",
                    random.next(1 << 20),
                    random.next(1 << 20)
                )),
                2 => text.push_str("postgres://app:k8Lm-zQ2p@db/app\n"),
                _ => text.push_str("the quick brown fox jumps over the lazy dog; password of a token\n"),
            }
        }
        // A token over the border of a block.
        for border in [256 << 10, 512 << 10, 1 << 20] {
            if let Some(start) = (border as usize).checked_sub(random.next(40))
                && start + token.len() < text.len()
            {
                text.replace_range(start..start + token.len(), &token);
            }
        }
        for bytes in [text.as_bytes().to_vec(), [b"\x7fELF\0\0\0\0", text.as_bytes()].concat()] {
            let expected = whole("app/data.txt", &bytes);
            assert!(total < 100_000 || !expected.facts.is_empty(), "round {round}");
            same(&expected, &on_disk("app/data.txt", &bytes), "on disk");
            for size in [1 + random.next(64), 4096, 65_536, 1_000_003] {
                same(
                    &expected,
                    &pieces("app/data.txt", &bytes, size),
                    &format!("round {round}, pieces of {size}"),
                );
            }
        }
    }
}

#[test]
fn a_token_over_every_border() {
    let token = unmark(TOKEN);
    for offset in 0..=token.len() + 8 {
        let at = (256 << 10) - offset;
        let mut bytes = vec![b' '; 1_200_000];
        bytes[at..at + token.len()].copy_from_slice(token.as_bytes());
        let found = facts(&pieces("x/a.txt", &bytes, 100_000));
        assert_eq!(found.len(), 1, "{offset} bytes before the border");
        assert_eq!(found[0].column as usize, at + 1);
    }
}

#[test]
fn utf_16() {
    let text = unmark(&format!("\r\nkey={TOKEN}\r\n"));
    let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in
        [le.clone(), be.clone(), [&[0xff, 0xfe], &le[..]].concat(), [&[0xfe, 0xff], &be[..]].concat()]
    {
        let found = facts(&whole("app/x.reg", &bytes));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].column), (2, 5));
        // Large files are read as they come.
        let mut large = bytes.clone();
        let filler: Vec<u8> = if bytes.contains(&0) && (bytes[1] == 0 || bytes.starts_with(&[0xff])) {
            vec![b' ', 0]
        } else {
            vec![0, b' ']
        };
        large.extend(filler.repeat(700_000));
        same(&whole("app/x.reg", &large), &pieces("app/x.reg", &large, 777), "utf-16");
        assert_eq!(facts(&whole("app/x.reg", &large)).len(), 1);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(<[u8]>::len(bytes)).unwrap());
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A zip archive of stored members (APPNOTE 4.3).
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let offset = out.len() as u32;
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut common = vec![0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend((bytes.len() as u32).to_le_bytes());
        common.extend((bytes.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(*bytes);
        central.extend(b"PK\x01\x02\x14\0\x14\0");
        central.extend(&common);
        central.extend([0; 10]);
        central.extend(offset.to_le_bytes());
        central.extend(name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&central);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((files.len() as u16).to_le_bytes());
    out.extend((files.len() as u16).to_le_bytes());
    out.extend((central.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn archives_in_archives() {
    let text = unmark(&format!("a\nb={TOKEN}\n"));
    let text = text.as_bytes();
    let inner = zip(&[("conf/app.properties", text), ("logo.png", text)]);
    let nested = zip(&[("BOOT-INF/lib/a.jar", &inner), ("readme.txt", b"x")]);
    for (path, bytes, inside) in [
        ("opt/a.log.gz", gzip(text), vec![""]),
        ("opt/app.jar", inner.clone(), vec!["!/conf/app.properties"]),
        ("opt/fat.jar", nested, vec!["!/BOOT-INF/lib/a.jar!/conf/app.properties"]),
        ("opt/b.tar", tar(&[("etc/x.conf", text)]), vec!["!/etc/x.conf"]),
        (
            "opt/b.tgz",
            gzip(&tar(&[("etc/x.conf", text), ("lib/c.zip", &inner)])),
            vec!["!/etc/x.conf", "!/lib/c.zip!/conf/app.properties"],
        ),
    ] {
        let found = facts(&whole(path, &bytes));
        let places: Vec<&str> = found.iter().map(|found| found.inside.as_str()).collect();
        assert_eq!(places, inside, "{path}");
        assert!(found.iter().all(|found| found.line == 2), "{path}");
        same(&whole(path, &bytes), &on_disk(path, &bytes), path);
        for len in 0..bytes.len() {
            whole(path, &bytes[..len]);
        }
    }
    // Deeper than is looked at: said, not passed over.
    let mut deep = text.to_vec();
    for _ in 0..6 {
        deep = gzip(&deep);
    }
    let output = whole("opt/deep.gz", &deep);
    assert!(output.facts.is_empty());
    assert_eq!(output.problems[0].code, "PRB-0010");
    // A bomb ends at the limit.
    let bomb = gzip(&vec![b'a'; 80 << 20]);
    assert_eq!(whole("opt/bomb.gz", &bomb).problems[0].code, "PRB-0010");
}

#[test]
fn compiled_code_is_looked_at_where_there_is_little_of_it() {
    let text = unmark(&format!("\x7fELF\0\0\0\0 {TOKEN} "));
    let little = text.as_bytes();
    let much = [little, &vec![0; 2 << 20]].concat();
    let places = |path: &str, files: &[(&str, &[u8])]| -> Vec<String> {
        facts(&whole(path, &zip(files))).into_iter().map(|found| found.inside).collect()
    };
    assert_eq!(places("a.jar", &[("x/lib.so", little)]), ["!/x/lib.so"]);
    assert_eq!(places("a.whl", &[("x/lib.so.1", &much), ("y/b.dll", little)]), Vec::<String>::new());
    assert_eq!(places("a.jar", &[("x/lib.so", &much), ("b.properties", little)]), ["!/b.properties"]);
}

#[test]
fn machine_code_is_left_out() {
    // A program as Go lays it out: code first, then data that is read only (System V ABI, program headers).
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([2u16, 62].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([0u64, 64, 0].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend(0u32.to_le_bytes());
    bytes.extend([64u16, 56, 2, 64, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
    for (flags, offset, size) in [(5u32, 0u64, 8192u64), (4, 8192, 4096)] {
        bytes.extend([1u32, flags].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend([offset, 0, 0, size, size, 4096].iter().flat_map(|n| n.to_le_bytes()));
    }
    bytes.resize(12288, 0);
    let token = unmark(TOKEN);
    let found = |at: usize, size: usize| {
        let mut bytes = bytes.clone();
        bytes[at..at + token.len()].copy_from_slice(token.as_bytes());
        bytes.resize(size, 0);
        same(&whole("bin/x", &bytes), &pieces("bin/x", &bytes, 5000), "in pieces");
        facts(&whole("bin/x", &bytes)).len()
    };
    for size in [12288, 3 << 20] {
        assert_eq!([found(4096, size), found(8200, size)], [0, 1], "of {size} bytes");
    }
}

#[test]
fn base64_once_and_twice() {
    use std::fmt::Write as _;
    let encode = |bytes: &[u8]| {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let number =
                chunk.iter().fold(0u32, |n, byte| n << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for i in 0..4 {
                let digit = DIGITS[(number >> (18 - 6 * i) & 63) as usize] as char;
                let _ = write!(out, "{}", if i <= chunk.len() { digit } else { '=' });
            }
        }
        out
    };
    let once = encode(unmark(&format!("export GITHUB_TOKEN={TOKEN}\n")).as_bytes());
    for encoded in [once.clone(), encode(once.as_bytes())] {
        let text = format!("a: 1\n\nconfig: {encoded}\n");
        let found = facts(&whole("app/x.yaml", text.as_bytes()));
        assert_eq!(found.len(), 1, "{encoded}");
        assert_eq!((found[0].line, found[0].column), (3, 9));
        assert!(found[0].notes.iter().any(|note| note.contains("base64")));
        assert!(!found[0].evidence.contains("zQWB"));
    }
}

#[test]
fn files_by_name_and_samples_by_path() {
    let found = |path: &str, bytes: &[u8]| -> Vec<(String, String)> {
        facts(&whole(path, bytes)).into_iter().map(|fact| (fact.class, fact.severity)).collect()
    };
    let own = |class: &str| vec![(class.to_owned(), String::new())];
    assert_eq!(found("app/.git/HEAD", b"ref: refs/heads/main\n"), own("SEC-VCS"));
    assert_eq!(found("app/x.git/HEAD", b"ref: refs/heads/main\n"), Vec::new());
    assert_eq!(found("var/crash/core.1", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x04\0>\0"), own("SEC-DUMP"));
    assert_eq!(found("usr/bin/true", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0"), Vec::new());
    assert_eq!(found("tmp/x.hprof", b"JAVA PROFILE 1.0.2\0\0\0\x08"), own("SEC-DUMP"));
    let key = unmark(include_str!("fixtures/keys/ec.txt"));
    let severity = |path: &str| found(path, key.as_bytes())[0].1.clone();
    assert_eq!(severity("app/tls.pem"), "");
    assert_eq!(severity("app/tests/tls.pem"), "low");
    assert_eq!(severity("usr/lib/python3/dist-packages/x/tests/tls.pem"), "negligible");
    assert_eq!(found("etc/ssh/ssh_host_ecdsa_key", key.as_bytes())[0].0, "SEC-HOSTKEY");
}

#[test]
fn hostile_bytes() {
    let token = unmark(TOKEN);
    let mut random = Random(11);
    let parts: [&[u8]; 12] = [
        b"-----BEGIN RSA PRIVATE KEY-----",
        b"-----END",
        b"eyJ",
        b".",
        b"AKIA",
        b"password = \"",
        b"\n",
        b"\0",
        b"\xff\xfe",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        token.as_bytes(),
    ];
    for _ in 0..300 {
        let mut bytes = Vec::new();
        for _ in 0..random.next(60) {
            match random.next(3) {
                0 => bytes.extend((0..random.next(50)).map(|_| random.next(256) as u8).collect::<Vec<u8>>()),
                _ => bytes.extend(parts[random.next(parts.len())]),
            }
        }
        for path in ["a", "a.jar", "a.gz", "x.p12", "root/.ssh/id_rsa", "x.env"] {
            same(&whole(path, &bytes), &on_disk(path, &bytes), path);
        }
    }
}

#[test]
fn a_gigantic_line_and_endless_hits_end() {
    let many = unmark("password = \"x\" token: AKI§A eyJ -----BEGIN PRI§VATE KEY----- ").repeat(60_000);
    let start = std::time::Instant::now();
    let output = whole("app/a.js", many.as_bytes());
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
    assert!(output.facts.len() <= 200);
    let flood: String = (0..2_000).map(|i| format!("postgres://app:k8Lm-zQ{i}p@db{i}/app\n")).collect();
    let output = whole("app/b.txt", flood.as_bytes());
    assert_eq!(facts(&output).len(), 200);
    assert_eq!(output.problems[0].code, "PRB-0010");
}

#[test]
fn users_rules() {
    let own = r#"
        [[rule]]
        id = "acme"
        class = "SEC-TOKEN"
        title = "Acme token"
        keywords = ["acme_"]
        pattern = '''\b(acme_[0-9a-z]{16})\b'''
    "#;
    let gitleaks = r#"
        [extend]
        useDefault = true
        disabledRules = ["github-pat"]
        [[rules]]
        id = "acme"
        description = "Acme token"
        regex = '''(?i)acme[_-]key\s*=\s*['"]([a-z0-9{}]{16})['"]'''
        secretGroup = 1
        entropy = 3.0
        [[rules.allowlists]]
        stopwords = ["abcd"]
        [allowlist]
        paths = ['''fixtures/''']
    "#;
    let trivy = r#"
rules:
  - id: acme
    category: general
    title: Acme token
    severity: CRITICAL
    regex: (?i)acme_(?P<value>[0-9a-z]{16})
    secret-group-name: value
    keywords: [acme_]
allow-rules:
  - id: skip
    path: fixtures/
disable-rules: [github-pat]
exclude-block:
  regexes: ['--- begin ignore ---[\s\S]*--- end ignore ---']
"#;
    let run = |name: &str, text: &str, path: &str, content: &str| -> Vec<String> {
        let config = Config { files: vec![(name.to_owned(), text.to_owned())], ..Config::default() };
        let analyzer = analyzer(&config).unwrap_or_else(|error| panic!("{error}"));
        assert_ne!(analyzer.settings(), self::content().settings());
        let mut output = Output::default();
        analyzer.analyze(&File::new(path.as_bytes(), 0o644, &content.as_bytes()), &mut output).unwrap();
        facts(&output).into_iter().map(|fact| fact.rule).collect()
    };
    let github = unmark(TOKEN);
    assert_eq!(run("own.toml", own, "a", &format!("acme_q8zx2vkp9lmwt4rb {github}")), ["acme", "github-pat"]);
    let line = format!("acme_key = \"q8zx2vkp9lmwt4rb\" {github}");
    assert_eq!(run("gitleaks.toml", gitleaks, "a", &line), ["acme"]);
    assert_eq!(run("gitleaks.toml", gitleaks, "fixtures/a", &line), Vec::<String>::new());
    assert_eq!(run("gitleaks.toml", gitleaks, "a", "acme_key = \"q8zx2vabcdmwt4rb\""), Vec::<String>::new());
    let line = format!("x acme_q8zx2vkp9lmwt4rb {github}");
    assert_eq!(run("trivy-secret.yaml", trivy, "a", &line), ["acme"]);
    assert_eq!(run("trivy-secret.yaml", trivy, "fixtures/a", &line), Vec::<String>::new());
    let block = "--- begin ignore ---\nx acme_q8zx2vkp9lmwt4rb\n--- end ignore ---";
    assert_eq!(run("trivy-secret.yaml", trivy, "a", block), Vec::<String>::new());
}

#[test]
fn rules_that_are_wrong_are_named() {
    let gitleaks =
        |regex: &str| format!("[[rules]]\nid = \"bad\"\nregex = '''{regex}'''\nkeywords = [\"acme\"]\n");
    let own = |pattern: &str, more: &str| {
        format!(
            "[[rule]]\nid = \"bad\"\nclass = \"SEC-TOKEN\"\ntitle = \"x\"\nkeywords = [\"acme\"]\npattern = '''{pattern}'''\n{more}\n"
        )
    };
    for (name, text, reason) in [
        ("g.toml", gitleaks("acme[a"), "not valid"),
        ("g.toml", gitleaks("(?:acme[a-z]{1000}){1000}"), "once compiled"),
        ("g.toml", gitleaks(".*"), "matches"),
        ("g.toml", gitleaks("(?s).{4,}"), "any text"),
        ("g.toml", "[[rules]]\nid = \"bad\"\nregex = '''[a-z]{20}'''\n".to_owned(), "keyword"),
        ("o.toml", own("acme_[0-9]{9}", "check = \"nonsense\""), "no check"),
        ("o.toml", own("acme_[0-9]{9}", "severity = \"dreadful\""), "not a severity"),
        ("o.toml", own("acme_[0-9]{9}", "").replace("SEC-TOKEN", "CFG-ROOT"), "no class"),
        ("o.toml", own("acme_[0-9]{9}", "").replace("\"acme\"", "\"ac\""), "bytes"),
        ("o.toml", own("acme_[0-9]{9}", "").replace("\"acme\"", "\"the\""), "every page"),
        ("o.toml", own("acme_[0-9]{9}", "binary = true"), "case-sensitive"),
        ("o.toml", "rule = 5".to_owned(), "invalid type"),
        ("t.yaml", "rules:\n  - id: bad\n    regex: '('\n".to_owned(), "not valid"),
        ("t.yaml", "rules: 5".to_owned(), ""),
        ("x.json", "{}".to_owned(), ".toml"),
    ] {
        let config = Config { files: vec![(name.to_owned(), text.clone())], ..Config::default() };
        let error = analyzer(&config).err().unwrap_or_else(|| panic!("{text} is taken")).to_string();
        assert!(error.starts_with(name) && error.contains(reason), "{text}: {error}");
        if text.contains("id") {
            assert!(error.contains("bad"), "{text}: {error}");
        }
        // No prefix of a file of rules panics.
        for len in 0..text.len() {
            let config =
                Config { files: vec![(name.to_owned(), text[..len].to_owned())], ..Config::default() };
            let _ = analyzer(&config);
        }
    }
}

/// A repository with three commits. The first has `app/.env` with a password, the second takes it away and puts a token into line 61
/// of `deploy.sh`, the third takes that away and has a password in its message.
const HISTORY: &[u8] = include_bytes!("fixtures/git/history.pack");

#[test]
fn what_git_remembers() {
    let path = "app/.git/objects/pack/pack-1.pack";
    let output = whole(path, HISTORY);
    let mut found: Vec<String> =
        facts(&output).iter().map(|fact| format!("{} {} {}", fact.class, fact.inside, fact.line)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "SEC-CREDFILE !/app/.env@f7f85fa927c5 2",
            "SEC-DBURL !/commit@81ad8cfcbbf2 6",
            "SEC-TOKEN !/deploy.sh@0947f06f755d 61",
        ]
    );
    assert_eq!(output.problems, []);
    for size in [7, 512, HISTORY.len()] {
        same(&output, &pieces(path, HISTORY, size), "in pieces");
    }
    same(&output, &on_disk(path, HISTORY), "on disk");
    // Cut short, what came before is told, and that it is not all.
    let cut = whole(path, &HISTORY[..1100]);
    assert!(!facts(&cut).is_empty());
    assert_eq!(cut.problems.len(), 1);
}

#[test]
fn loose_objects_of_git() {
    use flate2::{Compression, write::ZlibEncoder};
    let text = "DB_HOST=db\nDB_PASSWORD=Zq81hhwyPlk3\n";
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    write!(encoder, "blob {}\0{text}", text.len()).unwrap();
    let object = encoder.finish().unwrap();
    let output = whole("srv/.git/objects/f7/f85fa927c5c7798b6d5bef0da261c4033f3272", &object);
    let found = facts(&output);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].class.as_str(), found[0].line), ("SEC-PASSWORD", 2));
    // Of another name it is some compressed file.
    assert_eq!(facts(&whole("srv/objects/f7/f85f", &object)), []);
}
