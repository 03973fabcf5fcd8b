//! Which files belong to packages of the operating system, and how those brought them.

use std::collections::{HashMap, HashSet};

use bstr::ByteSlice;
use plimsoll_analysis::{BString, Fact, SumsFact};
use plimsoll_archive::path::file_name;

use crate::expected::dpkg::DIVERSION;
use crate::files::Files;

/// What is known of the owner of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned {
    /// The package's ecosystem and name.
    pub(crate) package: (String, String),
    /// What the package's database says of how the file was brought, where it says anything: see the flags of [`SumsFact`].
    pub(crate) flags: u8,
}

/// The owners of some files.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    owned: HashMap<Vec<u8>, Owned>,
    /// Whether the target has a package database that lists files at all.
    pub(crate) any: bool,
}

impl Owners {
    /// Finds the owners of the files at the real paths `wanted`.
    pub(crate) fn new(files: &mut Files<'_, '_>, wanted: &HashSet<Vec<u8>>) -> Owners {
        // Few files are asked for and tens of thousands are listed: the last component tells nearly all apart.
        let names: HashSet<&[u8]> = wanted.iter().map(|path| file_name(path)).collect();
        let mut owners = Owners::default();
        let context = files.context;
        let mut take = |files: &mut Files<'_, '_>, path: &[u8], package: (&str, &str), flags: u8| {
            if names.contains(file_name(path))
                && let Some(real) = files.real(path)
                && wanted.contains(&real)
            {
                let owned = owners.owned.entry(real).or_default();
                owned.flags |= flags;
                if owned.package.1.is_empty() {
                    owned.package = (package.0.to_owned(), package.1.to_owned());
                }
            }
        };
        let mut any = false;
        for file in context.live() {
            for fact in &file.facts.facts {
                let (package, paths): (_, &[BString]) = match fact {
                    Fact::Package(fact) => ((fact.ecosystem.as_str(), fact.name.as_str()), &fact.owned),
                    Fact::Owned(fact) => ((fact.ecosystem.as_str(), fact.name.as_str()), &fact.paths),
                    Fact::Sums(fact) => {
                        let package = (fact.ecosystem.as_str(), fact.name.as_str());
                        for (path, _, flags) in fact.entries() {
                            // dpkg keeps checksums of what another package has taken over; its lists say who owns.
                            if fact.ecosystem != "deb" {
                                take(files, path, package, flags);
                            }
                        }
                        continue;
                    }
                    Fact::Attribute(key, value) if key == DIVERSION => {
                        let mut parts = value.split('\n');
                        let (from, to) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                        let by = parts.next().unwrap_or_default();
                        for path in [from, to] {
                            take(files, path.as_bytes(), ("deb", by), 0);
                        }
                        continue;
                    }
                    _ => continue,
                };
                any |= !paths.is_empty();
                for path in paths {
                    take(files, path, package, 0);
                }
            }
        }
        owners.any = any;
        owners
    }

    /// The owner of the file at the real path `path`.
    pub(crate) fn of(&self, path: &[u8]) -> Option<&Owned> {
        self.owned.get(path)
    }
}

impl Owned {
    /// Whether the package brought the file with the bit of [`SumsFact::SET_ID`]; `None` where its database does not say.
    pub(crate) fn set_id(&self) -> Option<bool> {
        (self.flags & SumsFact::HAS_MODE != 0).then_some(self.flags & SumsFact::SET_ID != 0)
    }
}

/// A path as text.
pub(crate) fn text(path: &[u8]) -> String {
    path.to_str_lossy().into_owned()
}
