//! Which Maven artifact a jar is, from the evidence in it.
//!
//! In the order of their weight: the coordinates that Maven left in the jar, the manifest, the file name. A group that
//! nothing states is never made up: the jar is then known by its artifact alone.

use super::file_name::{FileName, without_scala_release};
use super::known;
use super::manifest::Manifest;
use super::pom::Pom;

/// What is known of a jar.
pub(super) struct Evidence<'e> {
    pub(super) file: FileName<'e>,
    pub(super) manifest: &'e Manifest,
    /// The coordinates found under `META-INF/maven` and the like, each once.
    pub(super) poms: &'e [Pom],
}

impl Evidence<'_> {
    /// Which of the poms is the jar's own; the others are of what was copied into it.
    pub(super) fn own_pom(&self) -> Option<usize> {
        self.pom_of_file_name().or_else(|| self.only_pom())
    }

    /// The pom whose artifact is in the file name.
    fn pom_of_file_name(&self) -> Option<usize> {
        let weight = |pom: &Pom| {
            if pom.artifact.is_empty() {
                return None;
            }
            let rest = self.file.stem.strip_prefix(&*pom.artifact);
            let versioned = rest.and_then(|rest| rest.strip_prefix(['-', '_'])).is_some_and(|rest| {
                let after = rest.strip_prefix(&*pom.version);
                !pom.version.is_empty()
                    && after.is_some_and(|after| after.is_empty() || after.starts_with(['-', '.']))
            });
            let same_version = !pom.version.is_empty() && self.file.version.starts_with(&*pom.version);
            let level = if versioned {
                4
            } else if pom.artifact == self.file.artifact || rest == Some("") {
                3
            } else if same_version && self.file.artifact.ends_with(&format!(".{}", pom.artifact)) {
                // OSGi bundles are often named after their symbolic name.
                2
            } else if self.poms.len() == 1 && pom.artifact.starts_with(self.file.artifact) {
                1
            } else {
                return None;
            };
            // A fork can have the same artifact under another group: the manifest tells which is which.
            let vendor = self.manifest.get("implementation-vendor-id");
            let grouped = !pom.group.is_empty()
                && (vendor == pom.group || self.manifest.symbolic_name().starts_with(&*pom.group));
            Some((level, pom.artifact.len(), same_version, grouped))
        };
        let weighed = self.poms.iter().enumerate().filter_map(|(i, pom)| Some((weight(pom)?, i)));
        // Of equals the first, so that the answer does not change.
        weighed.max_by_key(|(weight, i)| (*weight, std::cmp::Reverse(*i))).map(|(_, i)| i)
    }

    /// The only pom of a jar that was renamed (`app.jar`), when the manifest bears it out.
    fn only_pom(&self) -> Option<usize> {
        let [pom] = self.poms else { return None };
        let names =
            ["implementation-title", "automatic-module-name", "extension-name", "short-name", "bundle-name"];
        let named = names.iter().any(|name| self.manifest.get(name).eq_ignore_ascii_case(&pom.artifact))
            || self.manifest.symbolic_name().ends_with(&*pom.artifact)
            || self.manifest.get("implementation-vendor-id") == pom.group;
        let versioned = !pom.version.is_empty() && self.manifest.versions().next() == Some(&pom.version);
        let contradicts = !self.file.version.is_empty() && !self.file.version.starts_with(&*pom.version);
        (!pom.artifact.is_empty() && (named || versioned) && !contradicts).then_some(0)
    }

    /// What the jar is when no pom is its own. `has_directory` tells whether it holds a directory.
    pub(super) fn without_pom(&self, mut has_directory: impl FnMut(&str) -> bool) -> Pom {
        let mut artifact = self.file.artifact;
        // Jenkins plugins are mostly renamed to their short name; the manifest has all of it.
        let short_name = self.manifest.get("short-name");
        if !self.manifest.get("plugin-version").is_empty() && !short_name.is_empty() {
            artifact = short_name;
        }
        let mut group = "";
        for row in known::rows(without_scala_release(artifact)) {
            if has_directory(row.directory) {
                (group, artifact) = row.coordinates(artifact);
                break;
            }
        }
        let stated = self.manifest_is_own().then(|| self.group_of_manifest(artifact)).flatten();
        Pom {
            group: if group.is_empty() { stated.unwrap_or_default() } else { group.to_owned() },
            artifact: artifact.to_owned(),
            version: self.version(),
            licenses: Vec::new(),
        }
    }

    /// The version of a jar without a pom of its own.
    pub(super) fn version(&self) -> String {
        let file = self.file.plain_version();
        // A manifest that knows the version tells it from a classifier that nobody has heard of.
        let stated = self.manifest.get("implementation-version");
        let classifier = file.strip_prefix(stated).and_then(|rest| rest.strip_prefix('-'));
        if !stated.is_empty() && classifier.is_some_and(|rest| !is_qualifier(rest)) {
            return stated.to_owned();
        }
        if !file.is_empty() {
            return file.to_owned();
        }
        self.manifest.versions().next().unwrap_or_default().to_owned()
    }

    /// False for the manifest of something else that was copied into the jar.
    fn manifest_is_own(&self) -> bool {
        let file = self.file.version;
        let mut versions = self.manifest.versions().peekable();
        if file.is_empty() || versions.peek().is_none() {
            return self.poms.is_empty();
        }
        versions.any(|version| version.starts_with(file) || file.starts_with(version))
    }

    /// The group that the manifest states, or that follows from what it states.
    fn group_of_manifest(&self, artifact: &str) -> Option<String> {
        // Organisations whose id some builds write although their artifacts are in groups below it.
        const UMBRELLAS: &[&str] = &[
            "com.sun",
            "com.oracle",
            "com.google",
            "com.ibm",
            "com.microsoft",
            "org.apache",
            "org.eclipse",
            "org.jboss",
            "org.codehaus",
            "net.java",
            "net.sf",
            "net.sourceforge",
            "com.github",
            "io.github",
        ];
        for stated in [self.manifest.get("group-id"), self.manifest.get("implementation-vendor-id")] {
            if is_group(stated) && !UMBRELLAS.contains(&stated) {
                return Some(stated.to_owned());
            }
        }
        let symbolic = self.manifest.symbolic_name();
        if !is_group(symbolic) {
            return None;
        }
        // Maven's bundle plugin makes the symbolic name of group and artifact and leaves out what would be said twice.
        // Turned round, this is unique only where the artifact is no plain word, or the part before is no group.
        let artifact = without_scala_release(artifact);
        let group = symbolic.strip_suffix(artifact)?.strip_suffix('.')?;
        if artifact.contains(['-', '_']) && is_group(group) {
            Some(group.to_owned())
        } else if !group.contains('.') || UMBRELLAS.contains(&group) {
            Some(symbolic.to_owned())
        } else {
            None
        }
    }
}

/// The form of a group: a domain name turned round.
fn is_group(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() < 200
        && text.contains('.')
        && text.split('.').all(part)
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// What can follow a version with a hyphen and belongs to it, unlike a classifier.
fn is_qualifier(text: &str) -> bool {
    const QUALIFIERS: &[&str] = &[
        "alpha",
        "beta",
        "milestone",
        "m",
        "rc",
        "cr",
        "snapshot",
        "ga",
        "final",
        "release",
        "sp",
        "b",
        "build",
        "pre",
        "jre",
        "android",
        "incubating",
        "redhat",
        "jbossorg",
        "preview",
        "ea",
        "r",
        "p",
        "patch",
    ];
    let word = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    word.is_empty() || QUALIFIERS.contains(&&*word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identify(file: &str, manifest: &str, poms: &[Pom], directories: &[&str]) -> (String, String) {
        let manifest = Manifest::parse(manifest.as_bytes());
        let evidence = Evidence { file: FileName::parse(file), manifest: &manifest, poms };
        let mut jar = match evidence.own_pom() {
            Some(own) => poms[own].clone(),
            None => evidence.without_pom(|wanted| directories.contains(&wanted)),
        };
        if jar.version.is_empty() {
            jar.version = evidence.version();
        }
        (jar.name(), jar.version)
    }

    fn pom(group: &str, artifact: &str, version: &str) -> Pom {
        Pom {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: version.to_owned(),
            licenses: Vec::new(),
        }
    }

    // The manifests are those of jars in Maven Central, and the names the coordinates they are published under.
    #[test]
    fn jars_without_poms_are_named_by_what_their_manifests_state() {
        for (file, manifest, name, version) in [
            (
                "scala-library-2.12.15.jar",
                "Bundle-SymbolicName: org.scala-lang.scala-library\nBundle-Version: 2.12.15.v20210914-044957-VFINAL\n",
                "org.scala-lang:scala-library",
                "2.12.15",
            ),
            (
                "scala-xml_2.12-1.2.0.jar",
                "Bundle-SymbolicName: org.scala-lang.modules.scala-xml\nBundle-Version: 1.2.0\n",
                "org.scala-lang.modules:scala-xml_2.12",
                "1.2.0",
            ),
            (
                "shapeless_2.12-2.3.7.jar",
                "Bundle-SymbolicName: shapeless\nImplementation-Vendor-Id: com.chuusai\nImplementation-Version: 2.3.7\n",
                "com.chuusai:shapeless_2.12",
                "2.3.7",
            ),
            (
                "objenesis-3.2.jar",
                "Bundle-SymbolicName: org.objenesis\nImplementation-Version: 3.2\n",
                "org.objenesis:objenesis",
                "3.2",
            ),
            // Here the manifest would mislead: the group is org.eclipse.jetty.toolchain.
            (
                "jetty-servlet-api-4.0.6.jar",
                "Bundle-SymbolicName: org.eclipse.jetty.servlet-api\nBundle-Version: 4.0.6\n",
                "jetty-servlet-api",
                "4.0.6",
            ),
            // The manifest of a library that was copied into the jar.
            (
                "client-runtime-3.3.2.jar",
                "Implementation-Version: 1.1.1\nImplementation-Vendor-Id: org.apache.hadoop.thirdparty\n",
                "client-runtime",
                "3.3.2",
            ),
            ("demo-1.0-x86.jar", "Implementation-Version: 1.0\n", "demo", "1.0"),
            ("demo-1.0-rc1.jar", "Implementation-Version: 1.0\n", "demo", "1.0-rc1"),
            ("demo.jar", "Implementation-Version: 1.0 (2020)\n", "demo", "1.0"),
        ] {
            assert_eq!(identify(file, manifest, &[], &[]), (name.to_owned(), version.to_owned()), "{file}");
        }
    }

    #[test]
    fn a_known_name_needs_its_directory() {
        let named = |directories: &[&str]| identify("gson-2.2.4.jar", "", &[], directories).0;
        assert_eq!(named(&["com/google/gson/"]), "com.google.code.gson:gson");
        assert_eq!(named(&[]), "gson");
        let named =
            identify("catalina.jar", "Implementation-Version: 9.0.65\n", &[], &["org/apache/catalina/core/"]);
        assert_eq!(named, ("org.apache.tomcat:tomcat-catalina".to_owned(), "9.0.65".to_owned()));
    }

    #[test]
    fn the_pom_that_the_file_is_named_after_is_its_own() {
        let poms = [
            pom("org.apache.hadoop", "hadoop-client", "3.3.2"),
            pom("org.apache.hadoop", "hadoop-client-api", "3.3.2"),
            pom("org.apache.hadoop", "hadoop-common", "3.3.2"),
        ];
        let name = |file| identify(file, "", &poms, &[]).0;
        assert_eq!(name("hadoop-client-api-3.3.2.jar"), "org.apache.hadoop:hadoop-client-api");
        assert_eq!(name("hadoop-client-3.3.2-tests.jar"), "org.apache.hadoop:hadoop-client");
        assert_eq!(name("hadoop-client-runtime-3.3.2.jar"), "hadoop-client-runtime");
        // Two groups publish an artifact of this name.
        let poms =
            [pom("com.sun.xml.bind", "jaxb-core", "2.3"), pom("org.glassfish.jaxb", "jaxb-core", "2.3")];
        let vendor = "Implementation-Vendor-Id: org.glassfish.jaxb\n";
        assert_eq!(identify("jaxb-core-2.3.jar", vendor, &poms, &[]).0, "org.glassfish.jaxb:jaxb-core");
        assert_eq!(identify("jaxb-core-2.3.jar", "", &poms, &[]).0, "com.sun.xml.bind:jaxb-core");
    }

    #[test]
    fn a_renamed_jar_is_its_only_pom_when_the_manifest_says_so() {
        let poms = [pom("com.acme", "service", "0.1")];
        let name = |file, manifest| identify(file, manifest, &poms, &[]).0;
        assert_eq!(name("app.jar", "Implementation-Title: service\n"), "com.acme:service");
        assert_eq!(name("app.jar", "Implementation-Version: 0.1\n"), "com.acme:service");
        assert_eq!(name("tool-2.0.jar", "Implementation-Title: service\n"), "tool");
        assert_eq!(name("app.jar", ""), "app");
    }
}
