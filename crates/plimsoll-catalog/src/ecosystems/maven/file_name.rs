//! What a jar's file name says: `artifact-version[-classifier].jar`, the layout of Maven repositories.

/// A file name in its parts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct FileName<'f> {
    /// All of it without the ending.
    pub(super) stem: &'f str,
    /// The artifact.
    pub(super) artifact: &'f str,
    /// The version, with the classifier when there is one; empty when the name has none.
    pub(super) version: &'f str,
}

impl<'f> FileName<'f> {
    /// Takes the last component of a path apart.
    pub(super) fn parse(name: &'f str) -> FileName<'f> {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        // No file system holds a longer name.
        if stem.len() > 255 {
            return FileName { stem, artifact: stem, version: "" };
        }
        // OSGi bundles: `org.eclipse.core.runtime_3.19.0.v20200724-1004`.
        if let Some((artifact, rest)) = stem.split_once('_')
            && is_bundle_version(rest)
        {
            return FileName { stem, artifact, version: rest };
        }
        // The version begins at the first hyphen with something like a version behind it.
        for (at, _) in stem.match_indices('-') {
            let (artifact, rest) = (&stem[..at], &stem[at + 1..]);
            if !artifact.is_empty() && begins_version(rest) {
                return FileName { stem, artifact, version: rest };
            }
        }
        // Other conventions: `commons-io_2.11`, `log4j.1.2.17`.
        for (at, _) in stem.match_indices(['_', '.']) {
            let (artifact, rest) = (&stem[..at], &stem[at + 1..]);
            if is_scala_release(rest) {
                break;
            }
            let digit = rest.starts_with(|c: char| c.is_ascii_digit());
            if !artifact.is_empty() && digit && !rest.contains('_') {
                return FileName { stem, artifact, version: rest };
            }
        }
        FileName { stem, artifact: stem, version: "" }
    }

    /// The version without a classifier, as far as the classifier is known to be one: `4.1.74.Final` of
    /// `4.1.74.Final-linux-x86_64`.
    pub(super) fn plain_version(&self) -> &'f str {
        const WHOLE: &[&str] = &[
            "-sources",
            "-javadoc",
            "-tests",
            "-test",
            "-test-sources",
            "-jar-with-dependencies",
            "-shaded",
            "-all",
            "-standalone",
            "-fat",
            "-uber",
            "-exec",
            "-plain",
            "-bin",
            "-noarch",
        ];
        const BEGINNINGS: &[&str] =
            &["-linux", "-osx", "-macos", "-darwin", "-windows", "-win32", "-win64", "-natives", "-shaded-"];
        let mut version = self.version;
        for beginning in BEGINNINGS {
            if let Some(at) = version.find(beginning) {
                version = &version[..at];
            }
        }
        for whole in WHOLE {
            if let Some(rest) = version.strip_suffix(whole) {
                version = rest;
            }
        }
        version
    }
}

/// True for what can begin a version: a digit, `build235`, `r06`, `rc1`.
fn begins_version(text: &str) -> bool {
    let digits = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let all_digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let without = |prefix: &str| {
        text.get(..prefix.len())
            .filter(|start| start.eq_ignore_ascii_case(prefix))
            .map(|_| &text[prefix.len()..])
    };
    digits(text)
        || without("build").is_some_and(digits)
        || without("rc").is_some_and(all_digits)
        || without("r").is_some_and(all_digits)
}

/// True for a number of at least three parts.
fn is_bundle_version(text: &str) -> bool {
    let mut parts = text.splitn(3, '.');
    let mut number =
        || parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    number() && number() && parts.next().is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Scala libraries carry the release of Scala they are built for in their name: `scala-xml_2.12`.
fn is_scala_release(text: &str) -> bool {
    matches!(text, "2.8" | "2.9" | "2.10" | "2.11" | "2.12" | "2.13" | "3")
}

/// The artifact without the release of Scala that it is built for.
pub(super) fn without_scala_release(artifact: &str) -> &str {
    match artifact.rsplit_once('_') {
        Some((name, release)) if is_scala_release(release) => name,
        _ => artifact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // All rows up to the one with an underscore before its version are cases of Syft's own tests.
    #[test]
    fn takes_names_apart_as_syft_does() {
        for (name, artifact, version) in [
            ("pkg-maven-4.3.2.jar", "pkg-maven", "4.3.2"),
            ("pkg-extra-field-maven-4.3.2-rc1.ear", "pkg-extra-field-maven", "4.3.2-rc1"),
            ("liferay-package.lpkg", "liferay-package", ""),
            ("wagon-webdav-1.0.2-beta-2.2.3a-hudson.jar", "wagon-webdav", "1.0.2-beta-2.2.3a-hudson"),
            ("jtidy-4aug2000r7-dev-hudson-1.jar", "jtidy", "4aug2000r7-dev-hudson-1"),
            ("trilead-ssh2-build212-hudson-5.jar", "trilead-ssh2", "build212-hudson-5"),
            ("guava-r06.jar", "guava", "r06"),
            ("spring-data-r2dbc-1.1.0.RELEASE.jar", "spring-data-r2dbc", "1.1.0.RELEASE"),
            ("jboss-saaj-api_1.4_spec-1.0.2.Final.jar", "jboss-saaj-api_1.4_spec", "1.0.2.Final"),
            ("algebra_2.12-2.0.1.jar", "algebra_2.12", "2.0.1"),
            ("algebra_2.12.jar", "algebra_2.12", ""),
            (
                "org.eclipse.core.runtime_3.19.0.v20200724-1004.jar",
                "org.eclipse.core.runtime",
                "3.19.0.v20200724-1004",
            ),
            ("app.jar", "app", ""),
            ("jar", "jar", ""),
        ] {
            let parsed = FileName::parse(name);
            assert_eq!((parsed.artifact, parsed.version), (artifact, version), "{name}");
        }
    }

    #[test]
    fn cuts_classifiers_that_are_known() {
        for (name, version) in [
            ("netty-transport-native-epoll-4.1.74.Final-linux-x86_64.jar", "4.1.74.Final"),
            ("spark-tags_2.12-3.3.0-tests.jar", "3.3.0"),
            ("guava-30.1.1-jre.jar", "30.1.1-jre"),
            ("hive-exec-2.3.9-core.jar", "2.3.9-core"),
        ] {
            assert_eq!(FileName::parse(name).plain_version(), version, "{name}");
        }
    }
}
