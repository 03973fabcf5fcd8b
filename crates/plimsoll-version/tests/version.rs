//! Every scheme against the table that its own tool made (`tables/*.tsv`), and against the laws
//! of an order.
//!
//! A table holds lines `A<tab>op<tab>B` with `<`, `=` or `>` for op, below comment lines that
//! name the tool.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot read its table must fail

use std::cmp::Ordering;
use std::path::Path;
use std::time::Instant;

use plimsoll_version::{SCHEMES, VersionScheme};

/// The tools behind these go in circles themselves (see the modules), so the order is not held to be transitive.
const CIRCLES: [&str; 2] = ["conan", "pacman"];

struct Row {
    a: String,
    order: Ordering,
    b: String,
}

fn table(scheme: &dyn VersionScheme) -> Vec<Row> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(format!("{}.tsv", scheme.id()));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [a, op, b] = fields[..] else { panic!("{}: malformed line '{line}'", path.display()) };
            let order = match op {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                _ => panic!("{}: unknown op in '{line}'", path.display()),
            };
            Row { a: a.to_owned(), order, b: b.to_owned() }
        })
        .collect()
}

/// The versions of a table, each once.
fn versions(scheme: &dyn VersionScheme) -> Vec<String> {
    let mut all: Vec<String> = table(scheme).into_iter().flat_map(|row| [row.a, row.b]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A small generator of pseudo-random numbers (xorshift), the same ones in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        &from[self.below(from.len())]
    }

    /// The version with one character replaced, added or dropped.
    fn mutate(&mut self, version: &str) -> String {
        const ALPHABET: [char; 32] = [
            '0',
            '1',
            '2',
            '9',
            '.',
            '.',
            '-',
            '-',
            '_',
            '+',
            '~',
            '^',
            ':',
            '!',
            '*',
            ' ',
            'a',
            'b',
            'c',
            'm',
            'p',
            'r',
            'v',
            'x',
            'z',
            'A',
            'R',
            'Z',
            '\u{e9}',
            '\u{1F980}',
            '\0',
            '\u{663}',
        ];
        let mut characters: Vec<char> = version.chars().collect();
        let at = self.below(characters.len() + 1);
        let new = ALPHABET[self.below(ALPHABET.len())];
        match self.below(3) {
            0 => characters.insert(at, new),
            1 if at < characters.len() => characters[at] = new,
            _ if at < characters.len() => drop(characters.remove(at)),
            _ => characters.push(new),
        }
        characters.into_iter().collect()
    }

    /// A version of the table, perhaps with a few changes.
    fn near(&mut self, from: &[String]) -> String {
        let mut version = self.pick(from).to_owned();
        for _ in 0..self.below(3) {
            version = self.mutate(&version);
        }
        version
    }
}

#[test]
fn every_scheme_orders_as_its_own_tool() {
    for scheme in SCHEMES {
        let rows = table(*scheme);
        assert!(rows.len() >= 1_000, "{}: only {} pairs", scheme.id(), rows.len());
        let mut wrong = Vec::new();
        for row in &rows {
            let ours = scheme.compare(&row.a, &row.b);
            let reversed = scheme.compare(&row.b, &row.a);
            if ours != Ok(row.order) || reversed != Ok(row.order.reverse()) {
                wrong.push(format!("{} {:?} {}: {ours:?}, reversed {reversed:?}", row.a, row.order, row.b));
            }
        }
        assert!(wrong.is_empty(), "{}: {} of {}\n{}", scheme.id(), wrong.len(), rows.len(), wrong.join("\n"));
    }
}

#[test]
fn a_version_equals_itself_and_two_orders_mirror_each_other() {
    let mut random = Random(0x5eed_0001);
    for scheme in SCHEMES {
        let versions = versions(*scheme);
        for _ in 0..20_000 {
            let (a, b) = (random.near(&versions), random.near(&versions));
            let (forth, back) = (scheme.compare(&a, &b), scheme.compare(&b, &a));
            assert_eq!(forth.clone().map(Ordering::reverse).ok(), back.ok(), "{}: '{a}' '{b}'", scheme.id());
            if forth.is_ok() {
                assert_eq!(scheme.compare(&a, &a), Ok(Ordering::Equal), "{}: '{a}'", scheme.id());
            }
        }
    }
}

#[test]
fn the_order_is_transitive() {
    let mut random = Random(0x5eed_0002);
    for scheme in SCHEMES.iter().filter(|scheme| !CIRCLES.contains(&scheme.id())) {
        let versions = versions(*scheme);
        let mut checked = 0;
        for _ in 0..60_000 {
            let a = random.near(&versions);
            let b = if random.below(2) == 0 { random.mutate(&a) } else { random.near(&versions) };
            let c = if random.below(2) == 0 { random.mutate(&b) } else { random.near(&versions) };
            let (Ok(ab), Ok(bc), Ok(ac)) =
                (scheme.compare(&a, &b), scheme.compare(&b, &c), scheme.compare(&a, &c))
            else {
                continue;
            };
            checked += 1;
            let expected = match (ab, bc) {
                (Ordering::Equal, order) | (order, Ordering::Equal) => order,
                (first, second) if first == second => first,
                _ => continue,
            };
            assert_eq!(ac, expected, "{}: '{a}' {ab:?} '{b}' {bc:?} '{c}'", scheme.id());
        }
        assert!(checked > 3_000, "{}: only {checked} triples", scheme.id());
    }
}

#[test]
fn whatever_is_refused_is_refused_on_both_sides_and_nothing_panics() {
    let mut random = Random(0x5eed_0003);
    for scheme in SCHEMES {
        let known = versions(*scheme);
        let anchor = known.iter().find(|version| version.as_str() == "1.0.0").or(known.last()).unwrap();
        for version in &known {
            for end in (0..=version.len()).filter(|end| version.is_char_boundary(*end)) {
                let prefix = &version[..end];
                assert_eq!(
                    scheme.compare(prefix, anchor).is_ok(),
                    scheme.compare(anchor, prefix).is_ok(),
                    "{}: '{prefix}'",
                    scheme.id()
                );
            }
        }
        for _ in 0..20_000 {
            let bytes: Vec<u8> =
                (0..random.below(24)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
            let text = String::from_utf8_lossy(&bytes);
            if let Err(error) = scheme.compare(&text, anchor) {
                assert_eq!((error.version.as_str(), error.scheme), (&*text, scheme.id()));
                assert!(scheme.compare(anchor, &text).is_err());
            }
        }
    }
}

#[test]
fn huge_versions_take_linear_time_and_no_stack() {
    let patterns =
        ["1.", "1-", "a1-", "0.", "-", ".", "9", "a", "1~", "1^", "1_p1", "0-a-", "x-0.", "~", "1:", "1!"];
    for scheme in SCHEMES {
        for pattern in patterns {
            let a = format!("1.0-{}", pattern.repeat(50_000));
            let b = format!("{a}1");
            let start = Instant::now();
            let forth = scheme.compare(&a, &b);
            let back = scheme.compare(&b, &a);
            assert_eq!(forth.map(Ordering::reverse).ok(), back.ok(), "{} '{pattern}'", scheme.id());
            assert!(start.elapsed().as_secs() < 5, "{} '{pattern}': {:?}", scheme.id(), start.elapsed());
        }
    }
}
