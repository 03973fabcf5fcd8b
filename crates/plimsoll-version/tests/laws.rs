//! The laws of an order over generated strings: for each scheme versions put together from the pieces that its
//! grammar knows, and for all of them strings that no packager would write.
//!
//! Where the tool itself goes in circles, the circles are named here and everything around them is held to the law.

#![allow(clippy::unwrap_used, clippy::panic)] // a law that is broken must fail the test

use std::cmp::Ordering;
use std::time::Instant;

use plimsoll_version::{SCHEMES, VersionScheme, scheme};

/// What the versions of a scheme are made of, by its id. Pieces that come twice come more often.
const PIECES: [(&str, &str); 20] = [
    ("apk", "0 1 2 9 10 05 . . . a z _alpha _beta1 _pre _rc2 _git20240101 _p _p1 ~ab12 -r0 -r1 -r10"),
    ("bitnami", "0 1 2 10 . . . - - + r1 r9 r10 rc1 a Z 01 1 x-y"),
    ("composer", "0 1 2 10 . . . - _ alpha beta2 RC rc1 p pl stable STABLE dev -dev +a x * v 2010-01-02 a B"),
    ("conan", "0 1 2 9 10 00 01 . . . - + a 5a 10a 1_0 _ rc cci -1 20240101"),
    ("cran", "0 1 2 9 10 00 01 . . - -"),
    ("dpkg", "0 1 2 10 01 . . - + ~ ~~ : a Z rc deb12u1 ~bpo 1:"),
    ("generic", "0 1 2 10 01 . . - _ + alpha beta rc RC pre dev k p p1 z SNAPSHOT"),
    ("golang", "v 0 1 2 10 . . . - -rc.1 rc1 beta2 +incompatible go go1 0- 20240101000000-0123456789ab"),
    ("hackage", "0 1 2 9 10 00 01 . . . - -a"),
    ("hex", "0 1 2 10 01 . . . - -rc.1 + a A dev"),
    ("maven", "0 1 2 10 . . - - _ alpha a1 beta b2 m3 rc RC1 cr SNAPSHOT sp ga final release x redhat 1x"),
    ("npm", "v = 0 1 2 10 01 30 . . . - -rc.1 + a Z -- next"),
    ("nuget", "0 1 2 10 01 . . . - -beta.1 + Beta beta a 2147483648 -1"),
    ("pacman", "0 1 2 10 01 . . .. _ + - -1 -2 1: a rc r12 Z ~ ^"),
    ("pep440", "0 1 2 10 01 1! . . . a1 b rc2 .post1 -1 .dev0 dev +a +1 +ubuntu.1 v - _ A"),
    ("portage", "0 1 2 10 01 010 . . . a z _alpha _beta1 _pre _rc2 _p _p0 _p1 -r0 -r1 -r01"),
    ("pub", "0 1 2 10 01 . . . - -1 -dev + +1 +a 0x1F -0x2 a A 9223372036854775808"),
    ("rpm", "0 1 2 10 01 . . - ~ ~~ ^ ^^ + _ : 1: a Z git el9"),
    ("rubygems", "0 1 2 10 01 . . . a b rc rc1 pre - -x A z10"),
    ("semver", "v = 0 1 2 10 01 . . . - -rc.1 + a Z --"),
];

/// Strings from which hostile ones are made.
const HOSTILE: [&str; 24] = [
    "99999999999999999999999999999999",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "00000000000000000000000000000000",
    "é",
    "\u{663}",
    "\u{1F980}",
    "\u{feff}",
    "\u{a0}",
    "\u{2028}",
    "\0",
    "\n",
    "\t",
    " ",
    "\u{7f}",
    "\u{ff11}",
    "İ",
    "%s",
    "-",
    ".",
    "+",
    "~",
    ":",
];

/// A small generator of pseudo-random numbers (xorshift), the same ones in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    /// A version of up to nine pieces. Numbers and dots come by turns more often than not, because without them
    /// hardly any would be one.
    fn version(&mut self, pieces: &[&str]) -> String {
        let mut version = String::new();
        if self.below(4) > 0 {
            version.push_str(["1", "2", "1.0", "1.2", "1.2.3", "1.2.3"][self.below(6)]);
        }
        for _ in 0..self.below(6) {
            version.push_str(pieces[self.below(pieces.len())]);
        }
        version
    }

    /// A version into which something is put that does not belong there, perhaps a thousand times.
    fn hostile(&mut self, pieces: &[&str]) -> String {
        let mut version = self.version(pieces);
        for _ in 0..=self.below(3) {
            let boundaries: Vec<usize> =
                (0..=version.len()).filter(|at| version.is_char_boundary(*at)).collect();
            let at = boundaries[self.below(boundaries.len())];
            let times = if self.below(40) == 0 { 1_000 } else { 1 };
            let alien =
                if self.below(3) == 0 { pieces[self.below(pieces.len())] } else { HOSTILE[self.below(24)] };
            version.insert_str(at, &alien.repeat(times));
        }
        version
    }
}

fn pieces(scheme: &dyn VersionScheme) -> Vec<&'static str> {
    let (_, pieces) = PIECES.iter().find(|(id, _)| *id == scheme.id()).unwrap();
    pieces.split(' ').collect()
}

/// Up to `count` different strings that the scheme accepts.
fn accepted(scheme: &dyn VersionScheme, count: usize, random: &mut Random) -> Vec<String> {
    let pieces = pieces(scheme);
    let mut all: Vec<String> = (0..count * 40).map(|_| random.version(&pieces)).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|version| scheme.compare(version, version).is_ok());
    // Sorted by bytes, the beginning would hold nothing but what begins with a zero.
    while all.len() > count {
        all.swap_remove(random.below(all.len()));
    }
    assert!(all.len() >= count / 2, "{}: only {} versions", scheme.id(), all.len());
    all
}

/// Whether one of the versions has an item that Conan may order as text on one side of a number and as text of
/// another length on the other (`5a`), or the empty one. Where all items are numbers or plain words there is no circle.
fn has_an_item_of_both_kinds(versions: [&str; 3]) -> bool {
    let is_both = |item: &str| {
        let starts_like_a_number = item.starts_with(|c: char| c.is_ascii_digit() || c == '_');
        item.is_empty() || (starts_like_a_number && !item.bytes().all(|byte| byte.is_ascii_digit()))
    };
    versions.iter().flat_map(|version| version.split(['.', '-', '+'])).any(is_both)
}

/// Whether three versions lie where the scheme's tool goes in a circle.
fn may_be_a_circle(scheme: &dyn VersionScheme, versions: [&str; 3]) -> bool {
    match scheme.id() {
        "conan" => has_an_item_of_both_kinds(versions),
        // A missing package release is equal to any.
        "pacman" => {
            let with_release = versions.iter().filter(|version| version.contains('-')).count();
            with_release == 1 || with_release == 2
        }
        _ => false,
    }
}

#[test]
fn every_scheme_has_its_pieces() {
    let ids: Vec<&str> = PIECES.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, SCHEMES.iter().map(|scheme| scheme.id()).collect::<Vec<_>>());
}

#[test]
fn all_versions_of_a_set_are_in_one_order() {
    let mut random = Random(0x5eed_0011);
    for scheme in SCHEMES {
        let versions = accepted(*scheme, 60, &mut random);
        let orders: Vec<Vec<Ordering>> =
            versions.iter().map(|a| versions.iter().map(|b| compare(*scheme, a, b)).collect()).collect();
        for a in 0..versions.len() {
            assert_eq!(orders[a][a], Ordering::Equal, "{}: '{}'", scheme.id(), versions[a]);
            for b in 0..versions.len() {
                let (v, w) = (&versions[a], &versions[b]);
                assert_eq!(orders[a][b], orders[b][a].reverse(), "{}: '{v}' '{w}'", scheme.id());
                for c in 0..versions.len() {
                    let (first, second) = (orders[a][b], orders[b][c]);
                    let decides = first == second || first == Ordering::Equal || second == Ordering::Equal;
                    if !decides || may_be_a_circle(*scheme, [v, w, &versions[c]]) {
                        continue;
                    }
                    let expected = if first == Ordering::Equal { second } else { first };
                    assert_eq!(orders[a][c], expected, "{}: '{v}' '{w}' '{}'", scheme.id(), versions[c]);
                }
            }
        }
    }
}

/// The order of two versions that the scheme accepts each for itself.
fn compare(scheme: &dyn VersionScheme, a: &str, b: &str) -> Ordering {
    scheme.compare(a, b).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn hostile_strings_are_compared_or_refused() {
    let mut random = Random(0x5eed_0012);
    for scheme in SCHEMES {
        let pieces = pieces(*scheme);
        let (mut taken, mut refused) = (0, 0);
        for _ in 0..10_000 {
            let (a, b) = (random.hostile(&pieces), random.version(&pieces));
            let (forth, back) = (scheme.compare(&a, &b), scheme.compare(&b, &a));
            assert_eq!(forth.clone().map(Ordering::reverse).ok(), back.ok(), "{}: '{a}' '{b}'", scheme.id());
            let itself = scheme.compare(&a, &a);
            if forth.is_ok() {
                assert_eq!(itself, Ok(Ordering::Equal), "{}: '{a}'", scheme.id());
            }
            if itself.is_ok() {
                taken += 1;
            } else {
                refused += 1;
            }
        }
        assert!(taken > 100, "{}: {taken} taken, {refused} refused", scheme.id());
    }
}

#[test]
fn numbers_beyond_64_bits_are_ordered_by_value() {
    for scheme in SCHEMES {
        let nines = format!("{}.0.0", "9".repeat(40));
        let more = format!("1{}.0.0", "0".repeat(40));
        // Composer takes a first number of more than five digits for a date.
        if scheme.id() != "composer" {
            assert_eq!(scheme.compare(&nines, &more), Ok(Ordering::Less), "{}", scheme.id());
        }
        let (nines, more) = (format!("1.{}.0", "9".repeat(40)), format!("1.1{}.0", "0".repeat(40)));
        assert_eq!(scheme.compare(&nines, &more), Ok(Ordering::Less), "{}", scheme.id());
    }
}

#[test]
fn a_million_comparisons_take_moments() {
    // Optimised, the slowest grammar needs a quarter of a second for a million on an old machine, and an unoptimised
    // build some ten times that. What this must catch is work beyond reading both strings once.
    const COUNT: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let mut random = Random(0x5eed_0013);
    for scheme in SCHEMES {
        let versions = accepted(*scheme, 50, &mut random);
        let start = Instant::now();
        let mut equal = 0;
        for round in 0..COUNT {
            let a = &versions[round % versions.len()];
            let b = &versions[(round / 7 + 3 * round) % versions.len()];
            equal += usize::from(scheme.compare(a, b) == Ok(Ordering::Equal));
        }
        assert!(equal < COUNT, "{}", scheme.id());
        assert!(start.elapsed().as_secs() < 5, "{}: {:?}", scheme.id(), start.elapsed());
    }
}

#[test]
fn the_circles_are_those_of_the_tools() {
    let less = |id: &str, a: &str, b: &str| {
        assert_eq!(scheme(id).unwrap().compare(a, b), Ok(Ordering::Less), "{id}: {a} {b}");
    };
    // Conan 2.34.0.
    for (a, b) in [("9", "10"), ("10", "5a"), ("5a", "9")] {
        less("conan", a, b);
    }
    // libalpm 13.0.2.
    less("pacman", "1.0-1", "1.0-2");
    for release in ["1.0-1", "1.0-2"] {
        assert_eq!(scheme("pacman").unwrap().compare("1.0", release), Ok(Ordering::Equal), "{release}");
    }
}
