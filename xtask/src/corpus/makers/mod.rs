//! Makers of values: each gives a value of a kind in the form that its vendor or specification documents.

mod clouds;
mod forges;
mod hashes;
mod keys;
mod neutral;
mod passwords;
mod services;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::random::{BASE62, Random};

/// A name and the function that makes such a value.
pub(crate) type Maker = (&'static str, fn(&mut Random) -> String);

const ALL: &[&[Maker]] = &[
    clouds::MAKERS,
    forges::MAKERS,
    hashes::MAKERS,
    keys::MAKERS,
    neutral::MAKERS,
    passwords::MAKERS,
    services::MAKERS,
];

/// Makes a value. `name` may begin with `b64-` (base64 of it), `json-` (line ends escaped) or `url-` (percent-encoded), and
/// `~a|b|c` is one of several; `None` where there is no such maker.
pub(crate) fn make(name: &str, random: &mut Random) -> Option<String> {
    if let Some(inner) = name.strip_prefix("b64-") {
        return make(inner, random).map(|value| STANDARD.encode(value));
    }
    if let Some(inner) = name.strip_prefix("json-") {
        return make(inner, random).map(|value| value.replace('\n', "\\n"));
    }
    if let Some(inner) = name.strip_prefix("url-") {
        return make(inner, random).map(|value| percent_encoded(&value));
    }
    if let Some(choices) = name.strip_prefix('~') {
        let choices: Vec<&str> = choices.split('|').collect();
        return Some(random.pick(&choices).to_owned());
    }
    let maker = ALL.iter().copied().flatten().find(|(known, _)| *known == name);
    maker.map(|(_, make)| make(random))
}

/// The names of all makers.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().copied().flatten().map(|(name, _)| *name)
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// CRC-32 as in gzip.
fn crc32(text: &str) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}

/// Six digits of base 62, as GitHub and npm end their tokens ("Behind GitHub's new authentication token formats", 2021).
fn checksum62(text: &str) -> String {
    let mut rest = crc32(text) as usize;
    let mut out = [b'0'; 6];
    for place in out.iter_mut().rev() {
        *place = BASE62.get(rest % 62).copied().unwrap_or(b'0');
        rest /= 62;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the article that describes the format's implementation.
    #[test]
    fn the_checksum_is_the_documented_one() {
        assert_eq!(checksum62("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"), "0mLq17");
    }

    #[test]
    fn names_are_unique_and_every_maker_makes_two_values() {
        let mut all: Vec<&str> = names().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a maker's name is there twice");
        for name in all {
            let first = make(name, &mut Random::new("a")).unwrap();
            assert_eq!(Some(&first), make(name, &mut Random::new("a")).as_ref(), "{name}");
            assert!(!first.is_empty(), "{name}");
            let other = (0..40).any(|seed| make(name, &mut Random::for_copy("b", seed)).unwrap() != first);
            let single = ["dsa", "openssh-encrypted", "pkcs8-encrypted", "pgp-private", "pgp-public"];
            assert!(other || single.contains(&name), "{name} always makes the same");
        }
        assert_eq!(make("no-such-maker", &mut Random::new("a")), None);
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(percent_encoded("a/b+c="), "a%2Fb%2Bc%3D");
        let plain = make("password", &mut Random::new("x")).unwrap();
        assert_eq!(make("b64-password", &mut Random::new("x")).unwrap(), STANDARD.encode(plain));
        assert!(!make("json-rsa-pkcs1", &mut Random::new("x")).unwrap().contains('\n'));
    }
}
