//! Hashes of passwords (crypt(5)) and a short list of passwords that everyone tries. Some tries are all that a scan can afford, so the
//! cost of a hash decides how many there are.

use md5::{Digest, Md5};
use sha_crypt::{PasswordVerifier, ShaCrypt};
use yescrypt::Yescrypt;

/// What images ship most and attackers try first, the likeliest first.
const WORDS: &[&str] = &[
    "password",
    "root",
    "toor",
    "screencast",
    "admin",
    "123456",
    "docker",
    "changeme",
    "test",
    "1234",
    "12345",
    "ubuntu",
    "vagrant",
    "alpine",
    "pass",
    "secret",
    "guest",
    "user",
    "default",
    "12345678",
    "123456789",
    "qwerty",
    "letmein",
    "debian",
    "centos",
    "raspberry",
    "kali",
    "admin123",
    "root123",
    "password1",
    "password123",
    "Password1",
    "P@ssw0rd",
    "p@ssw0rd",
    "passw0rd",
    "Passw0rd",
    "welcome",
    "welcome1",
    "abc123",
    "111111",
    "000000",
    "123123",
    "654321",
    "1q2w3e4r",
    "1qaz2wsx",
    "q1w2e3r4",
    "iloveyou",
    "monkey",
    "dragon",
    "master",
    "login",
    "hello",
    "demo",
    "dev",
    "developer",
    "deploy",
    "app",
    "service",
    "server",
    "system",
    "oracle",
    "postgres",
    "mysql",
    "mongo",
    "redis",
    "tomcat",
    "jenkins",
    "ansible",
    "hadoop",
    "spark",
    "git",
    "gitlab",
    "nagios",
    "zabbix",
    "elastic",
    "elasticsearch",
    "minio",
    "minioadmin",
    "rabbitmq",
    "ftp",
    "ftpuser",
    "www",
    "www-data",
    "backup",
    "support",
    "operator",
    "manager",
    "supervisor",
    "public",
    "private",
    "linux",
    "ssh",
    "sshd",
    "cloud",
    "container",
    "THEPASSWORDYOUCREATED",
    "mypassword",
    "newpassword",
    "temp",
    "temp123",
    "changeit",
    "calvin",
];

/// The most rounds of SHA-crypt for one file.
const ROUNDS: u64 = 600_000;
/// The most tries of yescrypt for one file.
const YESCRYPT: u32 = 16;
/// The most tries of MD5-crypt for one file.
const MD5: u32 = 1_000;

/// What a hash was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// SHA-crypt, with its number of rounds.
    Sha(u64),
    /// MD5-crypt.
    Md5,
    /// yescrypt with the settings that distributions use.
    Yescrypt,
}

impl Kind {
    /// What `hash` was made with; `None` for a locked account and for what is not tried.
    pub(super) fn of(hash: &str) -> Option<Kind> {
        if hash.len() > 200 {
            return None;
        }
        if let Some(rest) = hash.strip_prefix("$6$").or_else(|| hash.strip_prefix("$5$")) {
            let rounds = match rest.strip_prefix("rounds=") {
                Some(rounds) => rounds.split('$').next()?.parse().ok()?,
                None => 5_000,
            };
            return Some(Kind::Sha(rounds));
        }
        if hash.starts_with("$1$") {
            return Some(Kind::Md5);
        }
        // The memory that the others take is for the hash to say, which is not to be trusted.
        ["$y$j9T$", "$y$j8T$", "$y$j7T$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix))
            .then_some(Kind::Yescrypt)
    }

    /// The beginning of such a hash, which gives nothing away.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Kind::Sha(_) => "$6$",
            Kind::Md5 => "$1$",
            Kind::Yescrypt => "$y$",
        }
    }
}

/// Tries passwords, as many as a file may cost.
#[derive(Default)]
pub(super) struct Guesser {
    rounds: u64,
    yescrypt: u32,
    md5: u32,
}

impl Guesser {
    /// True when the password of `hash` is one of the list or the account's name.
    pub(super) fn guess(&mut self, kind: Kind, name: &str, hash: &str) -> bool {
        let words = std::iter::once(name).chain(WORDS.iter().copied().filter(|word| *word != name));
        for word in words {
            let fits = match kind {
                Kind::Sha(rounds) => {
                    self.rounds = self.rounds.saturating_add(rounds);
                    if self.rounds > ROUNDS {
                        return false;
                    }
                    ShaCrypt::default().verify_password(word.as_bytes(), hash).is_ok()
                }
                Kind::Yescrypt => {
                    self.yescrypt += 1;
                    if self.yescrypt > YESCRYPT {
                        return false;
                    }
                    Yescrypt::default().verify_password(word.as_bytes(), hash).is_ok()
                }
                Kind::Md5 => {
                    self.md5 += 1;
                    if self.md5 > MD5 {
                        return false;
                    }
                    md5_crypt(word.as_bytes(), hash).is_some_and(|made| made == hash)
                }
            };
            if fits {
                return true;
            }
        }
        false
    }
}

/// MD5-crypt of `password` with the salt of `hash` (Poul-Henning Kamp, FreeBSD 2.0; crypt(5), "md5crypt").
fn md5_crypt(password: &[u8], hash: &str) -> Option<String> {
    let salt = hash.strip_prefix("$1$")?.split('$').next()?;
    let salt = salt.get(..salt.len().min(8))?;
    let digest = |parts: &[&[u8]]| -> [u8; 16] {
        let mut md5 = Md5::new();
        parts.iter().for_each(|part| md5.update(part));
        md5.finalize().into()
    };
    let inner = digest(&[password, salt.as_bytes(), password]);
    let mut first = Md5::new();
    first.update(password);
    first.update(b"$1$");
    first.update(salt);
    for part in (0..password.len()).step_by(16) {
        first.update(inner.get(..(password.len() - part).min(16))?);
    }
    let mut length = password.len();
    while length > 0 {
        let byte = if length & 1 == 1 { &[0][..] } else { password.get(..1)? };
        first.update(byte);
        length >>= 1;
    }
    let mut state: [u8; 16] = first.finalize().into();
    for round in 0..1_000 {
        let odd = round & 1 == 1;
        let begin: &[u8] = if odd { password } else { &state };
        let end: &[u8] = if odd { &state } else { password };
        let salted: &[u8] = if round % 3 == 0 { b"" } else { salt.as_bytes() };
        let doubled: &[u8] = if round % 7 == 0 { b"" } else { password };
        state = digest(&[begin, salted, doubled, end]);
    }
    const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut out = format!("$1${salt}$");
    let mut push = |bits: u32, count: u32| {
        (0..count).for_each(|at| out.push(char::from(LETTERS[(bits >> (6 * at)) as usize & 63])));
    };
    for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        push(u32::from(state[a]) << 16 | u32::from(state[b]) << 8 | u32::from(state[c]), 4);
    }
    push(u32::from(state[11]), 2);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with crypt(3) of libxcrypt 4.4, called from Perl.
    const HASHES: &[(&str, bool)] = &[
        ("$1$abcdefgh$0U6aaUAwSZjVZE/SDEFfD0", true),
        ("$5$abcdefgh$4cU3DOgHAjXlsOYovfq4MKv.koe3Ug1sWpFeGCesyDC", true),
        (
            "$6$abcdefgh$CyJxxUk5VUlNabQuQIHfA1J8npOYwVvnxLgoycbt.o6vBy7e4LhQtsJZKm.ha8BdXZ6Y98.MFvC8j/xjXePxg.",
            true,
        ),
        (
            "$6$rounds=10000$abcdefgh$sJK15g1F/3A9beeBB5ZcrYg90hp7dSQ5HhHM/5MCl8VLrgqkc2msWxaQzPfmsDEjvRssJ4yIiefdrBDtMfcHO1",
            true,
        ),
        ("$y$j9T$abcdefghijklmnop$HtWIT6FzWKPnEx0/JiMMA5Rm2Dy/0ddsU8lc1180lGA", true),
        ("$1$abcdefgh$rV6RhG4no19bGJfmub3Ui1", true),
        ("$5$abcdefgh$R6RGSMgggXQz2wdKz0HpXWjK9oI5Hjvxad6awq8YNS4", true),
        (
            "$6$abcdefgh$cnW4XDznaFa1hR9LnqrjoiAqed87oTXop3rUraOEgMC9xZ8cZ4bnv81B/PgWNFtDN0PNbtGZlCIhm8Jws2OPr0",
            true,
        ),
        (
            "$6$rounds=10000$abcdefgh$2yTBiDJyEJhYRBCyYmXfxkoiYlvtxy16hNHWK3IOrA2vyhY/omXcv59wa9VCuKruh0U3FlxcYvBzRc0DCRC9t/",
            true,
        ),
        ("$y$j9T$abcdefghijklmnop$QzY3lMEiU4Tqswuvs54VCA9.r9a3315dMJMfRmiCxUD", true),
        ("$1$abcdefgh$WcUot7pNhrus3f3idATEO.", false),
        ("$5$abcdefgh$Aq5JwBy4O3xgrrwGfP9RwPul39q7Sz5YAXcLM7wwAz/", false),
        (
            "$6$abcdefgh$7mK1sbRUovO8Ir6NPlJwioyM0KT6ovd7qIiCg2RB0.S5WhDVPFtpXAYGYo9FJzMPH6EDlj3.K0naToSfEpIMj0",
            false,
        ),
        (
            "$6$rounds=10000$abcdefgh$LXEQcFtmnj4iPDwwK5MCV50HrnouFYlECECfyBnv7Cx4OBGq7aZn0sCnNrC0BRo9Qq6.SUmmtIzsCU1L0CAk51",
            false,
        ),
        ("$y$j9T$abcdefghijklmnop$JCCj5QXgCV/3smdx7jQIm8McR9eyqe07lOYkj0ah/j.", false),
    ];

    #[test]
    fn hashes_are_told_and_tried() {
        for (hash, is_weak) in HASHES {
            let kind = Kind::of(hash).unwrap();
            assert_eq!(Guesser::default().guess(kind, "somebody", hash), *is_weak, "{hash}");
        }
        for locked in ["!", "*", "!!", "x", "", "!$6$a$b", "$2b$12$abc", "$y$jFT$a$b"] {
            assert_eq!(Kind::of(locked), None, "{locked}");
        }
    }

    #[test]
    fn tries_end_and_nothing_panics() {
        let mut guesser = Guesser::default();
        assert!(!guesser.guess(Kind::Sha(999_999_999), "a", "$6$rounds=999999999$a$b"));
        for hash in ["$1$", "$6$", "$1$é$", "$y$j9T$", "$6$rounds=x$", "$5$rounds=1$a$b", "$6$a", "$y$j9T$é$"]
        {
            if let Some(kind) = Kind::of(hash) {
                assert!(!Guesser::default().guess(kind, "a", hash), "{hash}");
            }
        }
    }
}
