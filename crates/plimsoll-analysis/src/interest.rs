//! Which files an analyzer wants to see, as data, and one matcher built from the interests of all of them.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_archive::path::{file_name, parent};

use crate::Analyzer;

/// The files that an analyzer wants to see. A file that any of the lists names is offered once.
///
/// Paths are relative to the image's root, without a leading slash. `paths` and `children_of` are also found when a
/// link in the image leads there.
#[derive(Debug, Clone, Copy)]
pub struct Interest {
    /// Every regular file, whatever its name and content; `wants` narrows it. Links do not count: their target is offered.
    pub any: bool,
    /// Exact paths, such as `lib/apk/db/installed`.
    pub paths: &'static [&'static str],
    /// Directories whose direct children are wanted, such as `var/lib/dpkg/status.d`.
    pub children_of: &'static [&'static str],
    /// Exact file names in any directory, such as `package.json`. To want a name only in certain directories, name
    /// it here and look at the path first thing in `wants`.
    pub names: &'static [&'static str],
    /// Endings of file names, such as `.jar` or `.deps.json`, compared without regard to ASCII case. Each begins with
    /// a dot.
    pub suffixes: &'static [&'static str],
    /// First bytes of the content, four at least, such as `\x7fELF`.
    pub magics: &'static [&'static [u8]],
    /// Endings that name files which belong to a wanted file, such as `-wal` for `rpmdb.sqlite-wal`; their content is
    /// at hand in [`crate::File::companion`].
    pub companions: &'static [&'static str],
    /// A last look at the path before any content is read; `|_| true` when the lists say it all.
    pub wants: fn(path: &[u8]) -> bool,
    /// The largest file in bytes that is taken. A larger one becomes a problem, never silence.
    pub max_size: u64,
}

impl Interest {
    /// An interest in nothing, to be filled in.
    pub const NONE: Interest = Interest {
        any: false,
        paths: &[],
        children_of: &[],
        names: &[],
        suffixes: &[],
        magics: &[],
        companions: &[],
        wants: |_| true,
        max_size: 64 << 20,
    };
}

/// A set of analyzers, as bits over the register that a [`Matcher`] was built from.
pub type Selection = u64;

/// Tells for a file which analyzers want it, in one look for all of them.
pub struct Matcher {
    paths: HashMap<&'static [u8], Selection>,
    children_of: HashMap<&'static [u8], Selection>,
    names: HashMap<&'static [u8], Selection>,
    /// By the part after the last dot, in lower case: the whole suffix and who wants it.
    suffixes: HashMap<Vec<u8>, Vec<(&'static [u8], Selection)>>,
    magics: Vec<(&'static [u8], Selection)>,
    any: Selection,
    wants: Vec<fn(&[u8]) -> bool>,
}

impl Matcher {
    /// The most bytes at a file's beginning that [`Matcher::by_magic`] wants to see.
    pub const HEAD: usize = 16;

    /// Builds the matcher for `analyzers`, of which there may be 64 at most.
    pub fn new(analyzers: &[Arc<dyn Analyzer>]) -> Matcher {
        assert!(analyzers.len() <= 64, "a selection has 64 bits");
        let mut matcher = Matcher {
            paths: HashMap::new(),
            children_of: HashMap::new(),
            names: HashMap::new(),
            suffixes: HashMap::new(),
            magics: Vec::new(),
            any: 0,
            wants: Vec::new(),
        };
        for (i, analyzer) in analyzers.iter().enumerate() {
            let bit = 1 << i;
            let interest = analyzer.interest();
            for (list, map) in [
                (interest.paths, &mut matcher.paths),
                (interest.children_of, &mut matcher.children_of),
                (interest.names, &mut matcher.names),
            ] {
                for item in list {
                    *map.entry(item.as_bytes()).or_default() |= bit;
                }
            }
            for suffix in interest.suffixes {
                let last = suffix.rfind('.').map_or(0, |dot| dot + 1);
                let key = suffix.as_bytes()[last..].to_ascii_lowercase();
                matcher.suffixes.entry(key).or_default().push((suffix.as_bytes(), bit));
            }
            matcher.magics.extend(interest.magics.iter().map(|magic| (*magic, bit)));
            matcher.any |= if interest.any { bit } else { 0 };
            matcher.wants.push(interest.wants);
        }
        matcher
    }

    /// Who wants the file at `path`, judged by its path alone.
    pub fn by_path(&self, path: &[u8]) -> Selection {
        self.named(path) | self.wanted(self.any, path)
    }

    /// Who wants the file at `path` because it is called so; not who wants every file.
    pub fn named(&self, path: &[u8]) -> Selection {
        let name = file_name(path);
        let mut found = self.paths.get(path).copied().unwrap_or(0)
            | self.names.get(name).copied().unwrap_or(0)
            | self.children_of.get(parent(path)).copied().unwrap_or(0);
        if let Some(dot) = memchr::memrchr(b'.', name) {
            let extension = &name[dot + 1..];
            // No suffix of interest is longer, and the copy stays on the stack.
            let mut lower = [0; 16];
            if let Some(lower) = lower.get_mut(..extension.len()) {
                lower.copy_from_slice(extension);
                lower.make_ascii_lowercase();
                for (suffix, bit) in self.suffixes.get(&*lower).into_iter().flatten() {
                    let tail = name.len().checked_sub(suffix.len()).map(|at| &name[at..]);
                    if tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix)) {
                        found |= bit;
                    }
                }
            }
        }
        self.wanted(found, path)
    }

    /// Who wants the file at `path` for the first bytes of its content.
    pub fn by_magic(&self, path: &[u8], head: &[u8]) -> Selection {
        let mut found = 0;
        for (magic, bit) in &self.magics {
            if head.starts_with(magic) {
                found |= bit;
            }
        }
        self.wanted(found, path)
    }

    /// The exact paths of interest and who wants them, in no order.
    pub fn paths(&self) -> impl Iterator<Item = (&'static [u8], Selection)> + '_ {
        self.paths.iter().map(|(path, selection)| (*path, *selection))
    }

    /// The directories whose children are of interest and who wants them, in no order.
    pub fn directories(&self) -> impl Iterator<Item = (&'static [u8], Selection)> + '_ {
        self.children_of.iter().map(|(path, selection)| (*path, *selection))
    }

    fn wanted(&self, mut found: Selection, path: &[u8]) -> Selection {
        let mut rest = found;
        while rest != 0 {
            let i = rest.trailing_zeros();
            rest &= rest - 1;
            if !self.wants.get(i as usize).is_some_and(|wants| wants(path)) {
                found &= !(1 << i);
            }
        }
        found
    }
}
