//! `BIN`: how programs were hardened.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[EXECSTACK, NOPIE, RELRO, CANARY, FORTIFY, RPATH, TEXTREL];

/// See its title.
pub const EXECSTACK: &Class = &Class {
    code: "BIN-EXECSTACK",
    title: "memory of a program is writable and executable",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[119, 693],
    explanation: "The program's headers ask for a stack, or for a segment, that is writable and executable at once. Whoever can write into the program's memory can then run what was written. Compilers ask for neither; hand-written assembly without a note and some packers do.",
    remedy: "Build the program again with -Wl,-z,noexecstack, or mark assembly with .note.GNU-stack. Where a packer made it so, use the unpacked program.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const NOPIE: &Class = &Class {
    code: "BIN-NOPIE",
    title: "a program is loaded at a fixed address",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[693],
    explanation: "The program is not position-independent, so its code lies at the same address in every run and addresses in an exploit can be fixed numbers. It is a finding of its own for what the image starts and for set-uid programs; others are summed up.",
    remedy: "Build it with -fPIE -pie (for Go: -buildmode=pie).",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const RELRO: &Class = &Class {
    code: "BIN-RELRO",
    title: "the relocations of a program stay writable",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[693],
    explanation: "The program has no read-only relocations (RELRO), so the table through which it calls its libraries can be overwritten at run time. Partial protection is not told. It is a finding of its own for what the image starts and for set-uid programs; others are summed up.",
    remedy: "Link it with -Wl,-z,relro,-z,now, as distributions do.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const CANARY: &Class = &Class {
    code: "BIN-CANARY",
    title: "a C or C++ program has no stack protector",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[121, 693],
    explanation: "The program imports nothing of a stack protector, so an overflow of a buffer on the stack can overwrite a return address unseen. Programs in Go and Rust have none by design and are not told; neither are static programs, of which it cannot be seen.",
    remedy: "Compile it with -fstack-protector-strong.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const FORTIFY: &Class = &Class {
    code: "BIN-FORTIFY",
    title: "a program calls none of the checked library functions",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[676, 693],
    explanation: "The program calls functions of glibc that have a checked form (memcpy, sprintf and others), and none in that form. Overflows that the compiler could have seen are then not caught at run time. musl has no such functions, so its programs are not told.",
    remedy: "Compile it with optimisation and -D_FORTIFY_SOURCE=2 or 3.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const RPATH: &Class = &Class {
    code: "BIN-RPATH",
    title: "libraries are looked for where others can put them",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[426, 427],
    explanation: "The program's own search path (RPATH or RUNPATH) has a relative or world-writable directory, or one of the machine that it was built on. A library put there is loaded with the program's rights.",
    remedy: "Link it without that path, use $ORIGIN for private libraries, or remove it with patchelf --set-rpath.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const TEXTREL: &Class = &Class {
    code: "BIN-TEXTREL",
    title: "the code of a program is changed when it is loaded",
    scanner: Scanner::Integrity,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[693],
    explanation: "The program has text relocations: its code pages are made writable while it is loaded, are not shared between processes, and systems that forbid it do not load it.",
    remedy: "Compile all of its objects with -fPIC or -fPIE.",
    aliases: &[],
    in_deleted_files: false,
};
