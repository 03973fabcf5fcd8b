//! What holds no secrets and need not be read: pictures, fonts, sound, film, lists of sums, what is compressed in ways that are not
//! opened.

use plimsoll_archive::path::file_name;

/// Endings of names, in lower case.
const ENDINGS: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "gif",
    "ico",
    "webp",
    "bmp",
    "tif",
    "tiff",
    "avif",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "pfb",
    "afm",
    "mp3",
    "mp4",
    "m4a",
    "ogg",
    "oga",
    "opus",
    "flac",
    "wav",
    "avi",
    "mkv",
    "webm",
    "mov",
    "mo",
    "gmo",
    "qm",
    "bz2",
    "xz",
    "lzma",
    "br",
    "lz4",
    "7z",
    "rar",
    "idx",
    "md5sums",
    "sha256sums",
    "symbols",
    "shlibs",
    "list",
];

/// Folders of the system that hold translations, time zones, pictures and the like.
const FOLDERS: &[&[u8]] = &[
    b"usr/share/man/",
    b"usr/share/info/",
    b"usr/share/locale/",
    b"usr/share/i18n/",
    b"usr/lib/locale/",
    b"usr/share/zoneinfo",
    b"usr/share/fonts/",
    b"usr/share/icons/",
    b"usr/share/X11/",
    b"usr/share/unicode/",
    b"usr/share/mime/",
    b"usr/lib/gconv/",
    b"usr/share/terminfo/",
    b"usr/share/misc/magic",
    b"proc/",
    b"sys/",
];

/// True when the path says it.
pub(super) fn by_path(path: &[u8]) -> bool {
    let name = file_name(path);
    if let Some(dot) = memchr::memrchr(b'.', name)
        && let Some(ending) = name.get(dot + 1..)
    {
        let is = |known: &&str| ending.eq_ignore_ascii_case(known.as_bytes());
        // A list of sums or files is skipped where the package manager keeps its own.
        let lists = ["md5sums", "sha256sums", "symbols", "shlibs", "list"];
        if lists.iter().any(&is) {
            return path.starts_with(b"var/lib/dpkg/info/");
        }
        let indexes = ["idx", "rev", "bitmap"];
        if indexes.iter().any(&is) {
            return memchr::memmem::find(path, b"objects/pack/").is_some();
        }
        if is(&"pack") {
            return false;
        }
        if ENDINGS.iter().any(is) {
            return true;
        }
    }
    let first = path.first();
    if matches!(first, Some(b'u' | b'p' | b's')) && FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return true;
    }
    // A package's own history: prose of thousands of lines.
    path.starts_with(b"usr/share/doc/") && (name.starts_with(b"changelog") || name.starts_with(b"NEWS"))
        || name == b"RECORD" && path.ends_with(b".dist-info/RECORD")
}

/// True when the first bytes say it.
pub(super) fn by_content(head: &[u8]) -> bool {
    const MAGICS: &[&[u8]] = &[
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"\0\0\x01\0",
        b"wOFF",
        b"wOF2",
        b"OTTO\0",
        b"\0\x01\0\0\0",
        b"\xde\x12\x04\x95",
        b"\x95\x04\x12\xde",
        b"OggS",
        b"fLaC",
        b"ID3",
        b"BZh",
        b"\xfd7zXZ\0",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
        b"\x04\x22\x4d\x18",
        b"TZif",
        b"\xfftOc",
    ];
    let riff = head.starts_with(b"RIFF") && matches!(head.get(8..12), Some(b"WEBP" | b"WAVE" | b"AVI "));
    riff || head.get(4..8) == Some(b"ftyp") || MAGICS.iter().any(|magic| head.starts_with(magic))
}
