//! `META-INF/MANIFEST.MF` (JAR File Specification, "Manifest specification"): the main attributes.

use bstr::ByteSlice;

/// How much of a manifest is read: signed jars list a digest for each of their files behind the main attributes.
pub(super) const MAX_READ: u64 = 64 << 10;

/// The attributes that say what a jar is.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Names in lower case, with the first value of each.
    attributes: Vec<(String, String)>,
    /// `Implementation-Version` of a section for one package, where the main attributes have none.
    section_version: String,
}

impl Manifest {
    /// Reads the beginning of a manifest. Lines that make no sense are passed over, as Java does with many of them.
    pub(super) fn parse(bytes: &[u8]) -> Manifest {
        let mut manifest = Manifest::default();
        let mut current: Option<(String, Vec<u8>)> = None;
        let mut in_main = true;
        // A file that was cut ends in the middle of a line, which must not pass for a whole value.
        for line in bytes.lines().chain([&b""[..]]) {
            if let (Some(rest), Some((_, value))) = (line.strip_prefix(b" "), &mut current) {
                value.extend_from_slice(rest);
                continue;
            }
            if let Some((name, value)) = current.take() {
                manifest.attribute(in_main, name, &value.to_str_lossy());
            }
            if line.is_empty() {
                in_main = in_main && manifest.attributes.is_empty();
                if !in_main && !manifest.section_version.is_empty() {
                    break;
                }
            } else if let Some(colon) = line.find_byte(b':') {
                let name = line[..colon].trim_ascii().to_ascii_lowercase();
                current =
                    Some((name.to_str_lossy().into_owned(), line[colon + 1..].trim_ascii_start().to_vec()));
            }
        }
        manifest
    }

    fn attribute(&mut self, in_main: bool, name: String, value: &str) {
        let value = value.trim();
        if value.is_empty() {
        } else if in_main {
            if !self.attributes.iter().any(|(known, _)| *known == name) && self.attributes.len() < 200 {
                self.attributes.push((name, value.to_owned()));
            }
        } else if name == "implementation-version" && self.section_version.is_empty() {
            self.section_version = value.to_owned();
        }
    }

    /// The value of a main attribute, whose name is given in lower case; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// `Bundle-SymbolicName` without its directives.
    pub(super) fn symbolic_name(&self) -> &str {
        self.get("bundle-symbolicname").split(';').next().unwrap_or_default().trim()
    }

    /// The versions that are stated, the most telling first.
    pub(super) fn versions(&self) -> impl Iterator<Item = &str> {
        [
            self.get("implementation-version"),
            self.get("plugin-version"),
            self.get("bundle-version"),
            self.get("specification-version"),
            &self.section_version,
        ]
        .into_iter()
        .map(|value| value.split_ascii_whitespace().next().unwrap_or_default())
        .filter(|value| value.contains(|c: char| c.is_ascii_digit()) && !value.contains("${"))
    }

    /// Licences as declared.
    pub(super) fn licenses(&self) -> Vec<String> {
        // Several are separated by commas, and each can have attributes behind semicolons.
        let declared = [self.get("bundle-license"), self.get("plugin-license-name")];
        let value = declared.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        let mut names: Vec<String> = Vec::new();
        for part in split_outside_quotes(value) {
            let name = part.split(';').next().unwrap_or_default().trim().trim_matches('"').trim();
            if !name.is_empty() && names.len() < 20 && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The vendor as declared.
    pub(super) fn vendor(&self) -> &str {
        let declared =
            [self.get("implementation-vendor"), self.get("bundle-vendor"), self.get("specification-vendor")];
        // A name that begins so stands in another file, in one's own language.
        declared.into_iter().find(|value| !value.is_empty() && !value.starts_with('%')).unwrap_or_default()
    }
}

fn split_outside_quotes(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_lines_and_stops_at_the_first_section() {
        let manifest = Manifest::parse(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.apache.com\r\n mons.lang3;singleton:=true\r\n\
              Bundle-License: \"Apache-2.0\";link=\"https://x, y\",MIT\r\n\r\nName: a/\r\nBundle-Name: not this\r\n\
              Implementation-Version: 2.0.8 2003-12-28\r\n\r\n",
        );
        assert_eq!(manifest.symbolic_name(), "org.apache.commons.lang3");
        assert_eq!(manifest.get("bundle-name"), "");
        assert_eq!(manifest.versions().collect::<Vec<_>>(), ["2.0.8"]);
        assert_eq!(manifest.licenses(), ["Apache-2.0", "MIT"]);
    }

    #[test]
    fn a_template_that_was_not_filled_in_is_no_version() {
        let manifest = Manifest::parse(b"Implementation-Version: ${project.version}\nBundle-Version: 1.0\n");
        assert_eq!(manifest.versions().collect::<Vec<_>>(), ["1.0"]);
    }
}
