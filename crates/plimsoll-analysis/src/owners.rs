//! Which files belong to packages of the operating system, and how those brought them.

use std::cell::OnceCell;
use std::collections::HashMap;

use bstr::BString;
use plimsoll_archive::path::{file_name, parent};

use crate::facts::{Fact, SumsFact};
use crate::files::Files;
use crate::rules::ImageContext;

/// The attribute that a diversion of dpkg becomes: `FROM\nTO\nPACKAGE`, paths relative to the root.
pub const DIVERSION: &str = "integrity/diversion";

/// What is known of the owner of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned<'c> {
    /// The id of the package's ecosystem.
    pub ecosystem: &'c str,
    /// The package's name.
    pub package: &'c str,
    /// What the package's database says of how the file was brought, where it says anything: see the flags of [`SumsFact`].
    pub flags: u8,
}

impl Owned<'_> {
    /// Whether the package brought the file with the bit of [`SumsFact::SET_ID`]; `None` where its database does not say.
    pub fn set_id(&self) -> Option<bool> {
        (self.flags & SumsFact::HAS_MODE != 0).then_some(self.flags & SumsFact::SET_ID != 0)
    }
}

/// The owners of all files that packages of the operating system have. Like [`crate::files::Links`] it holds no borrowed data.
///
/// Databases list tens of thousands of files, and few are asked for. So paths are only dealt out to the directories in which they
/// really are, and a directory is put in order when the first file in it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    /// Ecosystem and name of each package.
    packages: Vec<(String, String)>,
    /// The numbers of directories, by where they really are.
    numbers: HashMap<Vec<u8>, usize>,
    directories: Vec<Directory>,
    /// The last components of all paths, one after the other.
    names: Vec<u8>,
    /// Whether there is a package database that lists files at all.
    any: bool,
}

/// What is owned in a directory.
#[derive(Debug, Default)]
struct Directory {
    /// In the order of the databases.
    listed: Vec<Entry>,
    /// The same by name, once that was asked for; see [`Owners::sorted`].
    sorted: OnceCell<Vec<Entry>>,
}

/// That a package has a file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where its name begins and ends in the list of names.
    name: (usize, usize),
    /// The package's number in the list of packages.
    package: usize,
    flags: u8,
}

impl Owners {
    /// Goes through the live package databases.
    pub(crate) fn new(context: &ImageContext<'_>) -> Owners {
        let mut builder =
            Builder { files: context.files(), owners: Owners::default(), listed: HashMap::new(), last: None };
        for file in context.live() {
            for fact in &file.facts.facts {
                builder.take(fact);
            }
        }
        builder.owners
    }

    /// Whether there is a package database that lists files at all.
    pub(crate) fn any(&self) -> bool {
        self.any
    }

    /// The owner of the file at the real path `path`.
    pub(crate) fn of(&self, path: &[u8]) -> Option<Owned<'_>> {
        let directory = self.directories.get(*self.numbers.get(parent(path))?)?;
        let sorted = directory.sorted.get_or_init(|| self.sorted(&directory.listed));
        let at = sorted.binary_search_by(|entry| self.name(entry).cmp(file_name(path))).ok()?;
        let entry = sorted.get(at)?;
        let (ecosystem, package) = self.packages.get(entry.package)?;
        Some(Owned { ecosystem, package, flags: entry.flags })
    }

    /// `listed` in the order of names, one entry for each: with the first package that has a name, and the flags of all.
    fn sorted(&self, listed: &[Entry]) -> Vec<Entry> {
        let mut entries = listed.to_vec();
        entries.sort_by(|a, b| self.name(a).cmp(self.name(b)));
        let is_named =
            |entry: &Entry| self.packages.get(entry.package).is_some_and(|(_, name)| !name.is_empty());
        entries.dedup_by(|next, kept| {
            let same = self.name(next) == self.name(kept);
            if same {
                kept.flags |= next.flags;
                if !is_named(kept) {
                    kept.package = next.package;
                }
            }
            same
        });
        entries
    }

    fn name(&self, entry: &Entry) -> &[u8] {
        self.names.get(entry.name.0..entry.name.1).unwrap_or_default()
    }
}

/// Puts owners together.
struct Builder<'c, 'a> {
    files: Files<'c, 'a>,
    owners: Owners,
    /// The numbers of directories as databases name them; `None` for what is not there.
    listed: HashMap<&'a [u8], Option<usize>>,
    /// The directory of the last path: lists go through one after the other.
    last: Option<(&'a [u8], Option<usize>)>,
}

impl<'a> Builder<'_, 'a> {
    fn take(&mut self, fact: &'a Fact) {
        let (ecosystem, name, paths): (_, _, &'a [BString]) = match fact {
            Fact::Package(fact) => (&fact.ecosystem, &fact.name, &fact.owned),
            Fact::Owned(fact) => (&fact.ecosystem, &fact.name, &fact.paths),
            // dpkg keeps checksums of what another package has taken over; its lists say who owns.
            Fact::Sums(fact) if fact.ecosystem != "deb" && !fact.is_empty() => {
                let package = self.package(&fact.ecosystem, &fact.name);
                for (path, _, flags) in fact.entries() {
                    self.own(path, package, flags);
                }
                return;
            }
            Fact::Attribute(key, value) if key == DIVERSION => {
                let mut parts = value.split('\n');
                let mut next = || parts.next().unwrap_or_default();
                let (from, to, by) = (next(), next(), next());
                let package = self.package("deb", by);
                self.own(from.as_bytes(), package, 0);
                self.own(to.as_bytes(), package, 0);
                return;
            }
            _ => return,
        };
        if paths.is_empty() {
            return;
        }
        self.owners.any = true;
        let package = self.package(ecosystem, name);
        for path in paths {
            self.own(path, package, 0);
        }
    }

    fn package(&mut self, ecosystem: &str, name: &str) -> usize {
        self.owners.packages.push((ecosystem.to_owned(), name.to_owned()));
        self.owners.packages.len() - 1
    }

    fn own(&mut self, path: &'a [u8], package: usize, flags: u8) {
        let Some(directory) = self.directory(path) else { return };
        let Owners { directories, names, .. } = &mut self.owners;
        let Some(directory) = directories.get_mut(directory) else { return };
        let begin = names.len();
        names.extend_from_slice(file_name(path));
        directory.listed.push(Entry { name: (begin, names.len()), package, flags });
    }

    /// The number of the directory of `path`; `None` when it is not there.
    fn directory(&mut self, path: &'a [u8]) -> Option<usize> {
        let listed = parent(path);
        if let Some((last, number)) = self.last
            && last == listed
        {
            return number;
        }
        let number = match self.listed.get(listed) {
            Some(number) => *number,
            None => {
                let Owners { directories, numbers, .. } = &mut self.owners;
                let number = self.files.in_directory(path, |real| {
                    let real = real?;
                    Some(numbers.get(real).copied().unwrap_or_else(|| {
                        directories.push(Directory::default());
                        numbers.insert(real.to_vec(), directories.len() - 1);
                        directories.len() - 1
                    }))
                });
                self.listed.insert(listed, number);
                number
            }
        };
        self.last = Some((listed, number));
        number
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use plimsoll_types::{TargetKind, Timestamp};

    use super::*;
    use crate::facts::{FileFacts, OwnedFiles, PackageFact};
    use crate::index::{IndexBuilder, LayerIndex, NewNode, NodeKind};
    use crate::rules::SeenFile;
    use crate::sums::SumKind;
    use crate::view::View;

    fn layer(entries: &[(&str, &str)]) -> LayerIndex {
        let mut index = IndexBuilder::default();
        for (path, link) in entries {
            let kind = if link.is_empty() { NodeKind::File } else { NodeKind::Symlink };
            let (path, link) = (path.as_bytes(), link.as_bytes());
            let new =
                NewNode { path, link, kind, mode: 0o755, size: 0, offset: 0, sparse: false, uid: 0, gid: 0 };
            assert_eq!(index.push(&new), Ok(true));
        }
        index.finish()
    }

    fn list(name: &str, paths: &[&str]) -> Fact {
        Fact::Owned(OwnedFiles {
            ecosystem: "deb".to_owned(),
            name: name.to_owned(),
            arch: String::new(),
            paths: paths.iter().map(|&path| BString::from(path)).collect(),
        })
    }

    /// Whether there are lists of files, and who owns the files at `paths`, as `ECOSYSTEM/NAME FLAGS`.
    fn told(
        layers: &[LayerIndex],
        facts: &[(Option<usize>, Vec<Fact>)],
        paths: &[&str],
    ) -> (bool, Vec<String>) {
        let view = View::new(layers.iter().collect());
        let facts: Vec<(Option<usize>, FileFacts)> = facts
            .iter()
            .map(|(hidden_by, facts)| {
                let (path, analyzer, facts) = (BString::from("db"), "test".to_owned(), facts.clone());
                (*hidden_by, FileFacts { path, analyzer, facts, problems: Vec::new() })
            })
            .collect();
        let files: Vec<SeenFile<'_>> = facts
            .iter()
            .map(|(hidden_by, facts)| SeenFile { layer: 0, hidden_by: *hidden_by, facts })
            .collect();
        let context = ImageContext {
            name: "test",
            kind: TargetKind::Filesystem,
            image: None,
            view: &view,
            layers: &[],
            files: &files,
            packages: &[],
            findings: &[],
            started: &HashSet::new(),
            distro: None,
            lifecycle: None,
            now: Timestamp::from_seconds(0),
            settings: &[],
            derived: Default::default(),
        };
        let told = paths.iter().map(|path| match context.owner(path.as_bytes()) {
            Some(owned) => format!("{}/{} {}", owned.ecosystem, owned.package, owned.flags),
            None => String::new(),
        });
        (context.has_file_lists(), told.collect())
    }

    #[test]
    fn owners_are_found_through_linked_directories() {
        let base = layer(&[
            ("bin", "usr/bin"),
            ("usr/bin/ls", ""),
            ("usr/bin/vi", "/etc/alternatives/vi"),
            ("usr/lib/tool", "/opt/tool"),
            ("opt/tool/run", ""),
            ("etc/alternatives/vi", "/usr/bin/ls"),
        ]);
        let above = layer(&[("bin/new", ""), ("bin/ls", "")]);
        let lists = vec![
            list("", &["bin/ls"]),
            list("coreutils", &["", "bin", "bin/ls", "usr/bin/vi", "gone/a"]),
            list("tool", &["usr/lib/tool/run", "usr/bin/ls"]),
        ];
        let (any, told) = told(
            &[base, above],
            &[(None, lists), (Some(1), vec![list("gone", &["usr/bin/new"])])],
            &[
                "usr/bin/ls",
                "bin/ls",
                "opt/tool/run",
                "usr/bin/vi",
                "etc/alternatives/vi",
                "usr/bin/new",
                "gone/a",
            ],
        );
        assert!(any);
        // The link is the package's, what it leads to is not. What a layer deletes says nothing.
        let expected = ["deb/coreutils 0", "deb/coreutils 0", "deb/tool 0", "deb/coreutils 0", "", "", ""];
        assert_eq!(told, expected);
    }

    #[test]
    fn checksums_and_diversions_count_too() {
        let base = layer(&[("usr/bin/a", ""), ("usr/bin/b", "")]);
        let mut sums = SumsFact::new("rpm", "a", SumKind::Md5);
        sums.push(b"usr/bin/a", &[0; 16], SumsFact::HAS_MODE | SumsFact::SET_ID);
        // dpkg's checksums say nothing of owners.
        let mut stale = SumsFact::new("deb", "stale", SumKind::Md5);
        stale.push(b"usr/bin/b", &[0; 16], 0);
        let sums = vec![Fact::Sums(sums), Fact::Sums(stale)];
        let paths = ["usr/bin/a", "usr/bin/b", "usr/bin/b.real"];
        let (any, found) = told(std::slice::from_ref(&base), &[(None, sums.clone())], &paths);
        assert!(!any, "no list of files");
        assert_eq!(found, ["rpm/a 20", "", ""]);
        let divert = Fact::Attribute(DIVERSION.to_owned(), "usr/bin/b\nusr/bin/b.real\nc".to_owned());
        let package = PackageFact {
            ecosystem: "rpm".to_owned(),
            name: "other".to_owned(),
            owned: vec![BString::from("usr/bin/a")],
            ..PackageFact::default()
        };
        let (any, found) =
            told(&[base], &[(None, vec![divert, Fact::Package(package)]), (None, sums)], &paths);
        assert!(any);
        assert_eq!(found, ["rpm/other 20", "deb/c 0", "deb/c 0"]);
        let owned = |flags| Owned { ecosystem: "rpm", package: "a", flags }.set_id();
        assert_eq!([owned(0), owned(16), owned(20)], [None, Some(false), Some(true)]);
    }
}
