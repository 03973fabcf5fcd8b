//! Paths inside an image: bytes, relative to the image's root, without `.` and `..`.

/// Why a path cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It climbs above the root.
    #[error("the path leaves the image's root")]
    Escapes,
    /// It holds a NUL byte.
    #[error("the path holds a NUL byte")]
    Nul,
    /// It is longer than [`MAX_LEN`] bytes.
    #[error("the path is longer than {MAX_LEN} bytes")]
    TooLong,
}

/// The longest path that is taken, in bytes. Linux opens no longer one, so no runtime can unpack it.
pub const MAX_LEN: usize = 4096;

/// Writes the normal form of an archive member's `path` to `out`: no leading or trailing slash, no empty or `.`
/// component. The root itself is the empty path.
///
/// A `..` takes back the component before it without a look at links, as container runtimes do it before they unpack an
/// entry. At the root of an absolute path it stays there.
///
/// # Errors
///
/// When the path leaves the root, holds a NUL or is too long.
pub fn normalize(path: &[u8], out: &mut Vec<u8>) -> Result<(), PathError> {
    out.clear();
    if path.len() > MAX_LEN {
        return Err(PathError::TooLong);
    }
    if memchr::memchr(0, path).is_some() {
        return Err(PathError::Nul);
    }
    for component in path.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." if out.is_empty() && path.starts_with(b"/") => {}
            b".." if out.is_empty() => return Err(PathError::Escapes),
            b".." => out.truncate(parent(out).len()),
            component => {
                if !out.is_empty() {
                    out.push(b'/');
                }
                out.extend_from_slice(component);
            }
        }
    }
    Ok(())
}

/// The path that a symbolic link at `link` with the given `target` stands for, resolved against the image's root. As
/// in a chroot, `..` at the root stays at the root, so the result never leaves the image.
pub fn join_link(link: &[u8], target: &[u8]) -> Vec<u8> {
    let mut components: Vec<&[u8]> = Vec::new();
    if !target.starts_with(b"/") {
        components.extend(parent(link).split(|&byte| byte == b'/').filter(|component| !component.is_empty()));
    }
    for component in target.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop();
            }
            component => components.push(component),
        }
    }
    components.join(&b'/')
}

/// The directory of `path`; empty at the root.
pub fn parent(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(&[], |at| &path[..at])
}

/// The last component of `path`.
pub fn file_name(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(path, |at| &path[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes() {
        let mut out = Vec::new();
        for (path, expected) in [
            ("./etc//passwd", "etc/passwd"),
            ("/etc/", "etc"),
            ("./", ""),
            ("", ""),
            ("a/./b", "a/b"),
            ("...", "..."),
            ("a/../b", "b"),
            ("a/b/../../c/..", ""),
            ("/../../etc", "etc"),
        ] {
            normalize(path.as_bytes(), &mut out).unwrap();
            assert_eq!(out, expected.as_bytes());
        }
        assert_eq!(normalize(b"a/../../b", &mut out), Err(PathError::Escapes));
        assert_eq!(normalize(b"../b", &mut out), Err(PathError::Escapes));
        assert_eq!(normalize(b"a\0b", &mut out), Err(PathError::Nul));
        assert_eq!(normalize(&[b'a'; 70_000], &mut out), Err(PathError::TooLong));
    }

    #[test]
    fn links_stay_in_the_root() {
        assert_eq!(join_link(b"var/lib/dpkg", b"../../data/dpkg"), b"data/dpkg");
        assert_eq!(join_link(b"var/lib/dpkg", b"/data"), b"data");
        assert_eq!(join_link(b"a", b"../../../etc/shadow"), b"etc/shadow");
        assert_eq!(join_link(b"a/b", b"c"), b"a/c");
        assert_eq!(parent(b"a/b/c"), b"a/b");
        assert_eq!(parent(b"a"), b"");
        assert_eq!(file_name(b"a/b"), b"b");
    }
}
