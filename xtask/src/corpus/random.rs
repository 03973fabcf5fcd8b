//! The numbers behind the corpus: SplitMix64 (Steele, Lea and Flood, 2014), started from a text, so that the same template
//! gives the same values on every machine and whatever other templates there are.

/// Digits, capitals and small letters.
pub(crate) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Capitals and digits.
pub(crate) const UPPER36: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Small letters and digits.
pub(crate) const LOWER36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// RFC 4648, base32.
pub(crate) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// RFC 4648, base64.
pub(crate) const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// RFC 4648, base64 for URLs.
pub(crate) const URL64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// crypt(5).
pub(crate) const CRYPT64: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Small hexadecimal digits.
pub(crate) const HEX: &[u8] = b"0123456789abcdef";
/// Capital hexadecimal digits.
pub(crate) const UPPER_HEX: &[u8] = b"0123456789ABCDEF";
/// Digits.
pub(crate) const DIGITS: &[u8] = b"0123456789";
/// Letters.
pub(crate) const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A source of values that looks random and is always the same.
pub(crate) struct Random {
    state: u64,
    /// Whose turn it is among things that are used one after the other.
    turn: u64,
}

impl Random {
    /// A source of its own for everything called `seed` (FNV-1a).
    pub(crate) fn new(seed: &str) -> Random {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Random { state: seed.bytes().fold(0xcbf2_9ce4_8422_2325, hash), turn: 0 }
    }

    /// A source for one of several copies of the same thing.
    pub(crate) fn for_copy(seed: &str, copy: usize) -> Random {
        let turn = Random::new(seed).state.wrapping_add(copy as u64);
        Random { turn, ..Random::new(&format!("{seed}\n{copy}")) }
    }

    /// One of several by turns, so that neighbours and copies get different ones where there are enough.
    pub(crate) fn turn<'a>(&mut self, among: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.turn % (among.len().max(1) as u64)).unwrap_or_default();
        self.turn = self.turn.wrapping_add(1);
        among.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // The remainder of a word that is far larger than any limit here.
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// One of several; the empty text of none.
    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    /// A text of `length` characters of `alphabet`.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length)
            .filter_map(|_| alphabet.get(self.below(alphabet.len())))
            .map(|&byte| char::from(byte))
            .collect()
    }

    /// A number of `length` digits that does not begin with 0.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        let first = self.text(b"123456789", 1);
        first + &self.text(DIGITS, length.saturating_sub(1))
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}
