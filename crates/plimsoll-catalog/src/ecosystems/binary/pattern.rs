//! Where a version stands in an executable: beside a fixed text, found in one pass over the file.

use std::io;

use memchr::memmem;

/// Where a version stands. The number is how many dots it has at least.
#[derive(Debug, Clone, Copy)]
pub(super) enum Evidence {
    /// Behind this text.
    After(&'static [u8], usize, Then),
    /// In front of this text.
    Before(&'static [u8], usize),
    /// By itself between two NULs, where it goes on from the number in the file's name: `3.11.2` in `python3.11`.
    OfName,
    /// In front of the host and the second of the build, all of it one text, as Redis and Valkey have it:
    /// `7.0.14buildkitsandbox-1702957741000000000`, `4.0.11841ce7054bd9-1542359302000000000` built in a container, and
    /// `7.0.151790282056000000000` built without a host's name.
    OfBuild,
}

/// What must stand behind a version.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// Anything that is no part of it.
    Any,
    /// Exactly this.
    At(&'static [u8]),
    /// This, soon.
    Near(&'static [u8]),
}

/// How much is searched at a time.
const CHUNK: usize = 1 << 20;

/// How much of the end of a part is searched again with the next, so that no text is lost between the two. Longer than
/// any text with its version and what stands near it.
const OVERLAP: usize = 256;

/// How far behind a version the text that must be near it may begin.
const NEAR: usize = 48;

/// The longest version that is taken.
const MAX_VERSION: usize = 40;

/// The version that the first of `evidence` shows that is in the file at all.
pub(super) fn version(
    content: &dyn plimsoll_archive::ReadAt,
    name: &[u8],
    evidence: &[Evidence],
) -> io::Result<Option<String>> {
    let sought: Vec<Sought> = evidence.iter().filter_map(|evidence| Sought::new(*evidence, name)).collect();
    let mut found: Vec<Option<String>> = vec![None; sought.len()];
    let mut look = |bytes: &[u8], last: bool| {
        for (sought, found) in sought.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            *found = sought.find(bytes, last);
        }
        // What comes first decides, so nothing better can follow.
        found.first().is_some_and(Option::is_some)
    };
    if let Some(bytes) = content.as_slice() {
        look(bytes, true);
    } else {
        let mut buffer = vec![0; CHUNK + OVERLAP];
        let (mut offset, mut kept) = (0_u64, 0);
        while let Some(free) = buffer.get_mut(kept..) {
            let read = content.read_at(free, offset)?;
            let end = kept + read;
            offset += read as u64;
            let last = read == 0 || offset >= content.len();
            if look(buffer.get(..end).unwrap_or_default(), last) || last {
                break;
            }
            let keep = end.min(OVERLAP);
            buffer.copy_within(end - keep..end, 0);
            kept = keep;
        }
    }
    Ok(found.into_iter().flatten().next())
}

/// A piece of evidence, ready to be searched for.
struct Sought {
    evidence: Evidence,
    text: Vec<u8>,
    finder: memmem::Finder<'static>,
}

impl Sought {
    fn new(evidence: Evidence, name: &[u8]) -> Option<Sought> {
        let text = match evidence {
            Evidence::After(text, ..) | Evidence::Before(text, _) => text.to_vec(),
            // Seconds, in nanoseconds.
            Evidence::OfBuild => b"000000000".to_vec(),
            Evidence::OfName => {
                let digits = name.iter().position(u8::is_ascii_digit)?;
                let number: Vec<u8> = name
                    .get(digits..)?
                    .iter()
                    .copied()
                    .take_while(|b| b.is_ascii_digit() || *b == b'.')
                    .collect();
                let number = number.strip_suffix(b".").unwrap_or(&number);
                // `python3` says too little: 3 and a dot begin many numbers.
                if !number.contains(&b'.') {
                    return None;
                }
                [b"\0", number, b"."].concat()
            }
        };
        let finder = memmem::Finder::new(&text).into_owned();
        Some(Sought { evidence, text, finder })
    }

    /// The first version in `bytes`. Unless they are the `last`, what begins in their end is left for the next look.
    fn find(&self, bytes: &[u8], last: bool) -> Option<String> {
        let limit = if last { bytes.len() } else { bytes.len().saturating_sub(OVERLAP) };
        self.finder.find_iter(bytes).take_while(|at| *at < limit || last).find_map(|at| {
            let (before, rest) = bytes.split_at_checked(at)?;
            let after = rest.get(self.text.len()..)?;
            let version = match self.evidence {
                Evidence::After(_, dots, then) => behind(after, dots, then),
                Evidence::Before(_, dots) => in_front(before, dots),
                Evidence::OfBuild => of_build(before),
                Evidence::OfName => {
                    let whole = rest.get(1..)?;
                    behind(whole, 2, Then::At(b"\0"))
                }
            }?;
            String::from_utf8(version.to_vec()).ok()
        })
    }
}

fn behind(bytes: &[u8], dots: usize, then: Then) -> Option<&[u8]> {
    let version = bytes.get(..length(bytes)?)?;
    let rest = bytes.get(version.len()..)?;
    let fits = match then {
        Then::Any => true,
        Then::At(text) => rest.starts_with(text),
        Then::Near(text) => memmem::find(rest.get(..NEAR + text.len()).unwrap_or(rest), text).is_some(),
    };
    let enough = version.iter().filter(|byte| **byte == b'.').count() >= dots;
    (fits && enough).then_some(version)
}

/// The version that ends where `bytes` end: numbers and dots.
fn in_front(bytes: &[u8], dots: usize) -> Option<&[u8]> {
    let part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let count = bytes.iter().rev().take(MAX_VERSION).take_while(|byte| part(byte)).count();
    let version = bytes.get(bytes.len() - count..)?;
    (length(version) == Some(count)).then_some(())?;
    (version.iter().filter(|byte| **byte == b'.').count() >= dots).then_some(version)
}

/// The version in front of a build's host and of its time's ten digits.
fn of_build(bytes: &[u8]) -> Option<&[u8]> {
    let (front, time) = bytes.split_at_checked(bytes.len().checked_sub(10)?)?;
    if !time.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let hex = |host: &[u8]| host.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let version = match front.strip_suffix(b"-") {
        Some(front) => match front.strip_suffix(b"buildkitsandbox") {
            Some(version) => version,
            // A container's name is the beginning of its identifier.
            None => front.split_at_checked(front.len().checked_sub(12)?).filter(|(_, host)| hex(host))?.0,
        },
        None => front,
    };
    in_front(version, 2)
}

/// Words that may follow the numbers of a version, with a number of their own.
const WORDS: &[&[u8]] = &[b"alpha", b"beta", b"dev", b"pre", b"preview", b"rc", b"RC", b"p"];

/// How many bytes of the beginning are a version: numbers with dots, then a letter (`1.1.1w`) or a word that marks a
/// release as early (`15beta4`, `3.0.0-alpha2`) or patched (`2.7.7p221`).
fn length(bytes: &[u8]) -> Option<usize> {
    let digits =
        |at: usize| bytes.iter().skip(at).take(MAX_VERSION).take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    if end == 0 {
        return None;
    }
    while bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
        if end > MAX_VERSION {
            return None;
        }
    }
    let dash = usize::from(bytes.get(end) == Some(&b'-'));
    let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    let word = WORDS.iter().find_map(|word| {
        let behind = end + dash + word.len();
        let long = behind + digits(behind);
        (bytes.get(end + dash..)?.starts_with(word) && !letter(long)).then_some(long)
    });
    match word {
        Some(long) => Some(long),
        // Another word behind the number belongs to something else; one letter, or two, are OpenSSL's patch levels.
        _ if letter(end) => {
            let letters =
                (1..=2).find(|count| !bytes.get(end + count).is_some_and(u8::is_ascii_alphanumeric))?;
            Some(end + letters)
        }
        _ => Some(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_archive::ReadAt;

    struct Slow(Vec<u8>);
    impl ReadAt for Slow {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            self.0.read_at(buf, offset)
        }
    }

    #[test]
    fn versions_end_where_they_end() {
        for (text, expected) in [
            ("1.25.1\n", Some("1.25.1")),
            ("1.1.1w  11 Sep 2023", Some("1.1.1w")),
            ("1.0.2zh-fips", Some("1.0.2zh")),
            ("15beta4 (Debian", Some("15beta4")),
            ("3.0.0-alpha2\0", Some("3.0.0-alpha2")),
            ("3.4.0preview1 (2024", Some("3.4.0preview1")),
            ("3.1.2p20 (2022", Some("3.1.2p20")),
            ("2.6.12-1+deb12u4", Some("2.6.12")),
            ("5.1.9-0+deb12u1", Some("5.1.9")),
            ("7.88.1", Some("7.88.1")),
            ("1.2.", Some("1.2")),
            ("1.2.3abc", None),
            ("v1", None),
            ("", None),
        ] {
            let found = length(text.as_bytes()).map(|end| &text[..end]);
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(length("1".repeat(100).as_bytes()).map(|end| end <= MAX_VERSION), Some(true));
        assert_eq!(length("1.".repeat(100).as_bytes()), None);
    }

    #[test]
    fn a_text_is_found_wherever_the_parts_of_a_file_meet() {
        let text = b"nginx version: nginx/1.25.13\n";
        let evidence = [Evidence::After(b"nginx version: nginx/", 2, Then::Any)];
        for before in (CHUNK - 60..CHUNK + 320).step_by(9).chain([0, CHUNK + OVERLAP - 1, 2 * CHUNK]) {
            let mut bytes = vec![b'x'; before];
            bytes.extend_from_slice(text);
            for after in [0, 1, 300] {
                let mut bytes = bytes.clone();
                bytes.resize(bytes.len() + after, b'y');
                let found = version(&Slow(bytes), b"nginx", &evidence).unwrap();
                assert_eq!(found.as_deref(), Some("1.25.13"), "{before} {after}");
            }
        }
    }

    #[test]
    fn the_evidence_that_comes_first_decides() {
        let evidence = [Evidence::Before(b"-MariaDB", 2), Evidence::After(b"\0v", 2, Then::At(b"\0"))];
        let of = |bytes: &[u8]| version(&bytes.to_vec(), b"x", &evidence).unwrap();
        assert_eq!(of(b"\0v1.2.3\0 10.6.15-MariaDB").as_deref(), Some("10.6.15"));
        assert_eq!(of(b"\0v1.2\0\0v7.0.15\0 6.15-MariaDB").as_deref(), Some("7.0.15"));
        assert_eq!(of(b"-MariaDB\0v1.2.3"), None);
    }

    // The first three are what Redis 7.0.14, 4.0.11 and Debian's 7.0.15 hold.
    #[test]
    fn a_build_stands_behind_its_version() {
        for (text, expected) in [
            ("A7.0.14buildkitsandbox-1702957741000000000\0", Some("7.0.14")),
            ("4.0.11841ce7054bd9-1542359302000000000\0", Some("4.0.11")),
            ("A7.0.151790282056000000000\0", Some("7.0.15")),
            ("7.0somewhere-1702957741000000000", None),
            ("1702957741000000000", None),
            ("000000000", None),
            ("0000000000000000000000000000000000", None),
        ] {
            let found = version(&text.as_bytes().to_vec(), b"redis-server", &[Evidence::OfBuild]).unwrap();
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_number_in_the_name_says_which_number_is_meant() {
        let bytes = b"\x003.1.4\0\x003.11.2\0\x003.12.1\0".to_vec();
        let of = |name: &[u8]| version(&bytes, name, &[Evidence::OfName]).unwrap();
        assert_eq!(of(b"python3.11").as_deref(), Some("3.11.2"));
        assert_eq!(of(b"libpython3.12.so.1.0").as_deref(), Some("3.12.1"));
        assert_eq!(of(b"python3"), None);
        assert_eq!(of(b"python3.9"), None);
    }
}
