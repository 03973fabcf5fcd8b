//! PKCS #12 (RFC 7292): whether a private key is inside, and whether a password opens the file, by its own digest (appendix B).

use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

/// How many rounds all tries at a file may take together: some 20 milliseconds.
const MAX_ROUNDS: usize = 60_000;

/// A value in DER: its tag, its content.
fn value<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[tag, first], after) = rest.split_first_chunk::<2>()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(first), after),
        // Lengths of one to four bytes; what is streamed without a length is not read.
        0x81..=0x84 => {
            let (raw, after) = after.split_at_checked(usize::from(first & 0x7f))?;
            (raw.iter().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte)), after)
        }
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((tag, content))
}

/// The content of a value that must have the tag `tag`.
fn tagged<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    value(rest).filter(|(found, _)| *found == tag).map(|(_, content)| content)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const CONTEXT_0: u8 = 0xa0;

/// What the digest of a file is made of.
#[derive(Debug)]
pub(crate) struct Pfx<'a> {
    content: &'a [u8],
    algorithm: &'a [u8],
    digest: &'a [u8],
    salt: &'a [u8],
    rounds: usize,
}

/// True when the sequence begins with the number 3, as a PFX does.
pub(crate) fn is_pfx(bytes: &[u8]) -> bool {
    let header = match bytes {
        [SEQUENCE, length @ 0x80..=0x84, ..] => 2 + usize::from(length & 0x7f),
        [SEQUENCE, ..] => 2,
        _ => return false,
    };
    bytes.get(header..header + 3) == Some(&[INTEGER, 1, 3])
}

/// True when a bag with a key stands in the open: certificates are encrypted as a whole, keys each by itself. A store whose bags are all
/// encrypted may have a key as well, and is taken for a trust store.
pub(crate) fn has_key(bytes: &[u8]) -> bool {
    // 1.2.840.113549.1.12.10.1.1 (keyBag) and .2 (pkcs8ShroudedKeyBag)
    let bag = [OID, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01];
    memchr::memmem::find_iter(bytes, &bag).any(|at| matches!(bytes.get(at + bag.len()), Some(1 | 2)))
}

/// Reads what the digest is made of; `None` for a file without one, or one that is signed instead.
pub(crate) fn parse(bytes: &[u8]) -> Option<Pfx<'_>> {
    let mut rest = bytes;
    let mut pfx = tagged(&mut rest, SEQUENCE)?;
    tagged(&mut pfx, INTEGER)?;
    let mut safe = tagged(&mut pfx, SEQUENCE)?;
    tagged(&mut safe, OID)?;
    let mut content = tagged(&mut safe, CONTEXT_0)?;
    let content = tagged(&mut content, OCTETS)?;
    let mut mac = tagged(&mut pfx, SEQUENCE)?;
    let mut info = tagged(&mut mac, SEQUENCE)?;
    let mut algorithm = tagged(&mut info, SEQUENCE)?;
    let algorithm = tagged(&mut algorithm, OID)?;
    let digest = tagged(&mut info, OCTETS)?;
    let salt = tagged(&mut mac, OCTETS)?;
    let rounds = match tagged(&mut mac, INTEGER) {
        Some(raw) if raw.len() <= 4 => raw.iter().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte)),
        Some(_) => return None,
        None => 1,
    };
    (salt.len() <= 1024).then_some(Pfx { content, algorithm, digest, salt, rounds })
}

impl Pfx<'_> {
    /// How many of a list of passwords may be tried, so that a file that asks for many rounds costs no more than others.
    pub(crate) fn tries(&self) -> usize {
        MAX_ROUNDS / self.rounds.max(1)
    }

    /// True when the password gives the file's digest.
    pub(crate) fn opens(&self, password: &str) -> bool {
        let mut name: Vec<u8> = password.encode_utf16().flat_map(u16::to_be_bytes).collect();
        name.extend([0, 0]);
        // No password is written in two ways: as an empty string with its end, and as nothing.
        self.opens_with(&name) || (password.is_empty() && self.opens_with(&[]))
    }

    fn opens_with(&self, password: &[u8]) -> bool {
        match self.algorithm {
            [0x2b, 0x0e, 0x03, 0x02, 0x1a] => self.check::<Sha1>(password, 64),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01] => self.check::<Sha256>(password, 64),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03] => self.check::<Sha512>(password, 128),
            _ => false,
        }
    }

    /// The key from the password (B.2, purpose 3: integrity), then HMAC over the content.
    fn check<D: Digest>(&self, password: &[u8], block: usize) -> bool {
        let mut start = vec![3u8; block];
        for part in [self.salt, password] {
            let length = part.len().div_ceil(block) * block;
            start.extend(part.iter().copied().cycle().take(length));
        }
        let mut key = D::digest(&start);
        for _ in 1..self.rounds.min(MAX_ROUNDS) {
            key = D::digest(&key);
        }
        let pad = |with: u8| -> Vec<u8> {
            let mut pad: Vec<u8> = key.iter().map(|byte| byte ^ with).collect();
            pad.resize(block, with);
            pad
        };
        let inner = D::new().chain_update(pad(0x36)).chain_update(self.content).finalize();
        let outer = D::new().chain_update(pad(0x5c)).chain_update(&inner).finalize();
        outer.as_slice() == self.digest
    }
}
