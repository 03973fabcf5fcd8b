//! Passwords as people and generators choose them.

use super::Maker;
use crate::corpus::random::{BASE62, HEX, LOWER36, Random, UPPER_HEX, UPPER36, URL64};

pub(super) const MAKERS: &[Maker] = &[
    ("password", human),
    ("password-plain", |r| {
        // Letters and digits only: for places where a sign would have to be escaped.
        format!("{}{}{}", r.pick(NAMES), r.pick(NAMES).to_lowercase(), r.digits(4))
    }),
    ("password-strong", |r| {
        let mut text = r.text(BASE62, 1);
        text += &r.text(b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!%*+-_.", 17);
        text + &r.text(BASE62, 2)
    }),
    ("password-alnum", |r| {
        let length = r.between(16, 24);
        r.text(BASE62, length)
    }),
    ("password-small", |r| r.text(LOWER36, 12)),
    ("password-url", |r| super::percent_encoded(&(human(r) + r.pick(&["@", "#", "/", "&"])))),
    ("passphrase", |r| {
        let words: Vec<&str> = (0..4).map(|_| r.pick(WORDS)).collect();
        words.join(r.pick(&["-", "_", "."]))
    }),
    ("framework-secret", |r| r.text(b"abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)", 50)),
    ("laravel-key", |r| {
        use base64::Engine as _;
        format!("base64:{}", base64::engine::general_purpose::STANDARD.encode(r.bytes(32)))
    }),
    ("rails-secret", |r| r.text(HEX, 128)),
    ("rails-master-key", |r| r.text(HEX, 32)),
    ("jenkins-master-key", |r| r.text(HEX, 256)),
    ("session-secret", |r| r.text(URL64, 42) + &r.text(BASE62, 1)),
    ("wordpress-salt", |r| {
        r.text(
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#%^&*()-_[]{}<>~`+=,.;:/?|",
            64,
        )
    }),
    ("user-and-password", |r| format!("{}:{}", r.pick(USERS), human(r))),
    ("user-and-token", |r| format!("{}:{}", r.pick(USERS), r.text(BASE62, 32))),
    ("erlang-cookie", |r| r.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 20)),
    ("digits-salt", |r| r.digits(38)),
    ("machine-key", |r| r.text(UPPER_HEX, 128)),
    ("machine-key-short", |r| r.text(UPPER_HEX, 48)),
    ("licence", |r| {
        let groups: Vec<String> = (0..5).map(|_| r.text(UPPER36, 5)).collect();
        groups.join("-")
    }),
];

const NAMES: &[&str] = &[
    "Traktor",
    "Sommer",
    "Winter",
    "Hafen",
    "Bergblick",
    "Zitrone",
    "Falcon",
    "Mustang",
    "Liverpool",
    "Dragon",
    "Kuchen",
    "Bretagne",
    "Lisboa",
    "Pinguin",
    "Orinoco",
    "Sapphire",
    "Thunder",
    "Marzipan",
    "Quetzal",
    "Valencia",
];
const WORDS: &[&str] = &[
    "anchor", "velvet", "copper", "meadow", "lantern", "oyster", "thunder", "pepper", "granite", "willow",
    "marble", "rocket", "saddle", "harbor", "violin", "walnut", "glacier", "mustard", "falcon", "orchid",
];
const USERS: &[&str] = &["deploy", "ci-bot", "anna.weber", "mokafor", "jenkins", "svc-release", "build"];

/// A word, sometimes with digits for letters, a sign, and a number: what a rule of three character classes brings about.
fn human(random: &mut Random) -> String {
    let word = random.pick(NAMES);
    let word = match random.below(3) {
        0 => word.replace('a', "4").replace('o', "0").replace('e', "3"),
        1 => word.replace('i', "1").replace('s', "5"),
        _ => word.to_owned(),
    };
    let sign = random.pick(&["!", "-", "_", ".", "+", "!!"]);
    let number = match random.below(3) {
        0 => format!("{}", random.between(1964, 2026)),
        1 => random.digits(2),
        _ => random.digits(3),
    };
    if random.below(4) == 0 { format!("{number}{sign}{word}") } else { format!("{word}{sign}{number}") }
}
