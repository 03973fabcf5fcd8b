//! What package databases say of the files that packages brought.

pub(crate) mod apk;
pub(crate) mod dpkg;
pub(crate) mod rpm;

use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output};
use plimsoll_types::Scanner;

/// Asks the driver for the digests of files that a package manager could own. It looks at no file itself.
pub(crate) struct Sums;

impl Analyzer for Sums {
    fn id(&self) -> &'static str {
        "integrity/sums"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn interest(&self) -> Interest {
        Interest { wants: |_| false, ..Interest::NONE }
    }

    fn sums(&self) -> Option<fn(&[u8]) -> bool> {
        Some(is_system_path)
    }

    fn analyze(&self, _file: &File<'_>, _out: &mut Output) -> Result<(), AnalyzeError> {
        Ok(())
    }
}

/// Whether packages of the operating system bring files at `path`: the directories of the Filesystem Hierarchy Standard for
/// programs, libraries, data and configuration. Not `/usr/local` and `/usr/src`, nor `/home`, `/opt`, `/root`, `/srv`, `/var` and
/// what an image has beside them: there applications live, and what packages have there changes as it runs.
pub(crate) fn is_system_path(path: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', path) else { return false };
    let (first, rest) = path.split_at(slash);
    match first {
        b"bin" | b"sbin" | b"lib" | b"lib32" | b"lib64" | b"libx32" | b"boot" | b"etc" => true,
        b"usr" => !rest.starts_with(b"/local/") && !rest.starts_with(b"/src/"),
        _ => false,
    }
}

/// Reads hexadecimal digits into bytes, as many as `out` holds; false when they are none.
pub(crate) fn hex(digits: &[u8], out: &mut [u8]) -> bool {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits.len() == out.len() * 2
        && digits.chunks_exact(2).zip(out.iter_mut()).all(|(pair, byte)| match *pair {
            [high, low] => match (value(high), value(low)) {
                (Some(high), Some(low)) => {
                    *byte = high << 4 | low;
                    true
                }
                _ => false,
            },
            _ => false,
        })
}

/// A path of a database relative to the root.
pub(crate) fn relative(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b".").filter(|rest| rest.starts_with(b"/")).unwrap_or(path);
    let slashes = path.iter().take_while(|&&byte| byte == b'/').count();
    &path[slashes..]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use plimsoll_analysis::{Fact, SumsFact};

    /// What an analyzer says of a file, in lines; also of every part of it, which must not panic.
    pub(crate) fn told(analyzer: &dyn Analyzer, path: &str, bytes: &[u8]) -> Vec<String> {
        let run = |bytes: &[u8]| {
            let mut out = Output::default();
            let result = analyzer.analyze(&File::new(path.as_bytes(), 0o644, &bytes), &mut out);
            assert!(result.is_ok());
            out
        };
        for end in 0..bytes.len() {
            run(&bytes[..end]);
        }
        let out = run(bytes);
        let mut lines = Vec::new();
        for fact in &out.facts {
            match fact {
                Fact::Sums(fact) => {
                    assert_eq!(fact.entries().count(), fact.len());
                    for (path, digest, flags) in fact.entries() {
                        let digest: String = digest[..2].iter().map(|byte| format!("{byte:02x}")).collect();
                        let flags: String = [
                            (SumsFact::CONFIG, 'c'),
                            (SumsFact::LINK, 'l'),
                            (SumsFact::SET_ID, 's'),
                            (SumsFact::CAPABILITIES, 'p'),
                            (SumsFact::HAS_MODE, 'm'),
                        ]
                        .into_iter()
                        .filter(|(flag, _)| flags & flag != 0)
                        .map(|(_, letter)| letter)
                        .collect();
                        let path = String::from_utf8_lossy(path);
                        lines.push(format!("{} {} {path} {digest} {flags}", fact.name, fact.version));
                    }
                }
                Fact::Attribute(key, value) => lines.push(format!("{key} {value:?}")),
                _ => panic!("another fact"),
            }
        }
        lines.extend(out.problems.into_iter().map(|problem| problem.message));
        lines
    }

    #[test]
    fn paths_that_packages_own() {
        for path in
            ["bin/ls", "usr/bin/ls", "lib64/ld.so", "etc/passwd", "usr/share/doc/a/copyright", "boot/vmlinuz"]
        {
            assert!(is_system_path(path.as_bytes()), "{path}");
        }
        for path in
            ["usr/local/bin/a", "usr/src/linux/a.h", "opt/a/b", "home/a/b", "app/bin/ls", "bin", "var/lib/a"]
        {
            assert!(!is_system_path(path.as_bytes()), "{path}");
        }
        assert_eq!(relative(b"./usr/bin"), b"usr/bin");
        assert_eq!(relative(b"//usr"), b"usr");
        assert_eq!(relative(b".hidden"), b".hidden");
        let mut digest = [0; 2];
        assert!(hex(b"00fF", &mut digest) && digest == [0, 255]);
        assert!(!hex(b"00f", &mut digest) && !hex(b"00fg", &mut digest) && !hex(b"00ffff", &mut digest));
    }
}
