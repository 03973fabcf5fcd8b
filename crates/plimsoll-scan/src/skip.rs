//! Paths that the user wants left out. They are left out of the report, not of the analysis: what is cached of a layer
//! never depends on them.

use plimsoll_archive::path::normalize;

/// Paths to leave out.
#[derive(Debug, Clone, Default)]
pub struct Skip {
    directories: Vec<Vec<u8>>,
    files: Vec<Vec<u8>>,
}

/// A pattern that cannot be a path in an image.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a path in an image")]
pub struct SkipError(pub String);

impl Skip {
    /// Leaves out the directories and files that match these patterns: paths from the image's root with `*`, `?`,
    /// `[…]`, `{a,b}` within a component and `**` over any number of them.
    ///
    /// # Errors
    ///
    /// When a pattern climbs out of the root.
    pub fn new(directories: &[String], files: &[String]) -> Result<Skip, SkipError> {
        let patterns = |list: &[String]| {
            list.iter()
                .map(|pattern| {
                    let mut out = Vec::new();
                    normalize(pattern.as_bytes(), &mut out).map_err(|_| SkipError(pattern.clone()))?;
                    Ok(out)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Skip { directories: patterns(directories)?, files: patterns(files)? })
    }

    /// True when `path` is left out.
    pub fn skips(&self, path: &[u8]) -> bool {
        self.files.iter().any(|pattern| fast_glob::glob_match(pattern, path))
            || (!self.directories.is_empty()
                && path.iter().enumerate().filter(|&(_, &byte)| byte == b'/').any(|(at, _)| {
                    self.directories.iter().any(|pattern| fast_glob::glob_match(pattern, &path[..at]))
                }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_files_and_whole_directories() {
        let skip = Skip::new(&["/opt/app/".into(), "**/testdata".into()], &["usr/bin/*".into()]).unwrap();
        for path in ["opt/app/a.jar", "opt/app/b/c", "a/b/testdata/x/y", "testdata/x", "usr/bin/go"] {
            assert!(skip.skips(path.as_bytes()), "{path}");
        }
        for path in ["opt/application/a", "opt/app", "usr/bin/x/y", "testdata"] {
            assert!(!skip.skips(path.as_bytes()), "{path}");
        }
        assert!(Skip::new(&["../x".into()], &[]).is_err());
    }
}
