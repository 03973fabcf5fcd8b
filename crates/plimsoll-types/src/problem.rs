//! Problems: what could not be analysed. A problem is part of the result, never only a log line.

/// The stable code of a kind of problem. Codes are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemCode {
    /// `PRB-0001`: an analyzer could not read a file it is responsible for.
    UnreadableFile,
    /// `PRB-0002`: a file is larger than its analyzer's limit.
    FileTooLarge,
    /// `PRB-0003`: an analyzer stopped with an internal error on a file.
    AnalyzerPanic,
    /// `PRB-0004`: a distribution was recognised but no package database was found.
    NoPackageDatabase,
    /// `PRB-0005`: no distribution could be recognised although operating-system packages are installed.
    UnknownDistribution,
    /// `PRB-0006`: a link could not be followed to the file it stands for.
    BrokenLink,
    /// `PRB-0007`: an entry of a layer was left out because its path leaves the image's root.
    UnsafePath,
    /// `PRB-0008`: a version cannot be ordered in its ecosystem's grammar.
    UnorderableVersion,
    /// `PRB-0009`: the advisory database holds nothing for this distribution or release.
    NoAdvisories,
    /// `PRB-0010`: a limit of the scan was reached; what lies beyond it was not analysed.
    LimitReached,
    /// `PRB-0011`: the time allowed for the scan ended before it was complete.
    Timeout,
}

impl ProblemCode {
    /// All of them, in the order of their codes.
    pub const ALL: [ProblemCode; 11] = [
        ProblemCode::UnreadableFile,
        ProblemCode::FileTooLarge,
        ProblemCode::AnalyzerPanic,
        ProblemCode::NoPackageDatabase,
        ProblemCode::UnknownDistribution,
        ProblemCode::BrokenLink,
        ProblemCode::UnsafePath,
        ProblemCode::UnorderableVersion,
        ProblemCode::NoAdvisories,
        ProblemCode::LimitReached,
        ProblemCode::Timeout,
    ];

    /// The stable code, such as `PRB-0001`.
    pub const fn code(self) -> &'static str {
        match self {
            ProblemCode::UnreadableFile => "PRB-0001",
            ProblemCode::FileTooLarge => "PRB-0002",
            ProblemCode::AnalyzerPanic => "PRB-0003",
            ProblemCode::NoPackageDatabase => "PRB-0004",
            ProblemCode::UnknownDistribution => "PRB-0005",
            ProblemCode::BrokenLink => "PRB-0006",
            ProblemCode::UnsafePath => "PRB-0007",
            ProblemCode::UnorderableVersion => "PRB-0008",
            ProblemCode::NoAdvisories => "PRB-0009",
            ProblemCode::LimitReached => "PRB-0010",
            ProblemCode::Timeout => "PRB-0011",
        }
    }

    /// What the problem means, in one sentence for people.
    pub const fn title(self) -> &'static str {
        match self {
            ProblemCode::UnreadableFile => "a file could not be read by its analyzer",
            ProblemCode::FileTooLarge => "a file is larger than its analyzer's limit",
            ProblemCode::AnalyzerPanic => "an analyzer failed with an internal error",
            ProblemCode::NoPackageDatabase => {
                "a distribution was recognised but no package database was found"
            }
            ProblemCode::UnknownDistribution => "packages are installed but the distribution is unknown",
            ProblemCode::BrokenLink => "a link could not be followed",
            ProblemCode::UnsafePath => "an entry's path leaves the image's root",
            ProblemCode::UnorderableVersion => "a version cannot be ordered",
            ProblemCode::NoAdvisories => "the advisory database holds nothing for this distribution",
            ProblemCode::LimitReached => "a limit of the scan was reached",
            ProblemCode::Timeout => "the time for the scan ended",
        }
    }

    /// What it means and what to do about it.
    pub const fn explanation(self) -> &'static str {
        match self {
            ProblemCode::UnreadableFile => {
                "A file that names packages is damaged, cut short or of an unknown form. What it would have named is \
                 missing from the report. Look at the file in the image."
            }
            ProblemCode::FileTooLarge => {
                "A file is larger than its analyzer takes, or than can be held in memory where a compressed layer \
                 gives no other way. Scan the image from an uncompressed archive, or look at the file by hand."
            }
            ProblemCode::AnalyzerPanic => {
                "An analyzer failed on a file because of a bug in Plimsoll. Other analyzers and files are not \
                 affected. Please report it with the file."
            }
            ProblemCode::NoPackageDatabase => {
                "The image says which distribution it is but holds no database of installed packages that Plimsoll \
                 knows: it was deleted to save space, or moved. The packages of the system cannot be listed."
            }
            ProblemCode::UnknownDistribution => {
                "There is a database of installed packages, but no os-release or similar file says which distribution \
                 they belong to. They are listed but cannot be matched."
            }
            ProblemCode::BrokenLink => {
                "A well-known file is a link that leads in a circle or to nothing in the image, so what it stands for \
                 could not be read."
            }
            ProblemCode::UnsafePath => {
                "A layer holds an entry whose path would lead out of the image when unpacked. It was left out. Some \
                 runtimes refuse such an image, others unpack the entry inside the image's root; no honest builder \
                 writes one."
            }
            ProblemCode::UnorderableVersion => {
                "A package's version is not one in its ecosystem's grammar, so it cannot be compared with the versions \
                 that advisories name. `plimsoll compare-versions` shows the reason."
            }
            ProblemCode::NoAdvisories => {
                "The advisory database in use has nothing for this distribution or release: no finding does not mean \
                 no vulnerability. Use a database that covers it."
            }
            ProblemCode::LimitReached => {
                "There is more of something than Plimsoll takes: more faults, paths or entries than in any real image."
            }
            ProblemCode::Timeout => {
                "The time that --timeout allows ended first. What was found until then is in the report."
            }
        }
    }

    /// True when the problem means that something of the image was not analysed, so that the scan is not complete.
    pub const fn incomplete(self) -> bool {
        !matches!(self, ProblemCode::NoAdvisories)
    }
}

/// Something that could not be analysed, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The kind.
    pub code: ProblemCode,
    /// The analyzer that met it; empty when none did.
    pub analyzer: String,
    /// The file, from the image's root; empty when it is about the whole image.
    pub path: String,
    /// The layer, counted from the base, from 0.
    pub layer: Option<u32>,
    /// The reason, in lower case without a final stop.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(ProblemCode::ALL.is_sorted_by(|a, b| a.code() < b.code()));
    }
}
