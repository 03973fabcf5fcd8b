//! What Maven puts into a jar under `META-INF/maven/GROUP/ARTIFACT/`: `pom.properties` (a Java properties file) and
//! `pom.xml` (POM 4.0.0).

use bstr::ByteSlice;
use quick_xml::events::Event;

/// The largest `pom.properties` that is read; real ones have a few hundred bytes.
pub(super) const MAX_PROPERTIES: u64 = 64 << 10;

/// The largest `pom.xml` that is read.
pub(super) const MAX_XML: u64 = 2 << 20;

/// Maven coordinates with what else is declared; what is not known is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Pom {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
    pub(super) licenses: Vec<String>,
}

impl Pom {
    /// The coordinates that the directory states: `META-INF/maven/GROUP/ARTIFACT`.
    pub(super) fn of_directory(directory: &str) -> Pom {
        let mut parts = directory.strip_prefix("META-INF/maven/").unwrap_or_default().split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(group), Some(artifact), None) => {
                Pom { group: group.to_owned(), artifact: artifact.to_owned(), ..Pom::default() }
            }
            _ => Pom::default(),
        }
    }

    /// Fills in what is not known yet.
    pub(super) fn or(mut self, other: Pom) -> Pom {
        for (mine, theirs) in [
            (&mut self.group, other.group),
            (&mut self.artifact, other.artifact),
            (&mut self.version, other.version),
        ] {
            if mine.is_empty() {
                *mine = theirs;
            }
        }
        if self.licenses.is_empty() {
            self.licenses = other.licenses;
        }
        self
    }

    /// `group:artifact`, or the artifact alone.
    pub(super) fn name(&self) -> String {
        if self.group.is_empty() {
            self.artifact.clone()
        } else {
            format!("{}:{}", self.group, self.artifact)
        }
    }

    /// Reads `pom.properties`.
    pub(super) fn from_properties(bytes: &[u8]) -> Pom {
        let mut pom = Pom::default();
        for line in bytes.lines() {
            let line = line.trim_ascii();
            if line.starts_with(b"#") || line.starts_with(b"!") {
                continue;
            }
            let Some(end) = line.find_byteset(b"=: \t") else { continue };
            let value =
                line[end..].trim_ascii_start().trim_start_with(|c| matches!(c, '=' | ':')).trim_ascii();
            let value = concrete(value.to_str_lossy().replace('\\', ""));
            match &line[..end] {
                b"groupId" => pom.group = value,
                b"artifactId" => pom.artifact = value,
                b"version" => pom.version = value,
                _ => {}
            }
        }
        pom
    }

    /// Reads `pom.xml`: the project's own coordinates, its parent's where it has none, and its licences.
    ///
    /// # Errors
    ///
    /// What is wrong with the XML, where it is not well-formed.
    pub(super) fn from_xml(bytes: &[u8]) -> Result<Pom, String> {
        let text = bytes.to_str_lossy();
        let mut reader = quick_xml::Reader::from_str(&text);
        reader.config_mut().check_end_names = false;
        let mut pom = Pom::default();
        let mut parent = Pom::default();
        let mut properties: Vec<(String, String)> = Vec::new();
        // Only the path down to the fourth level matters; what is deeper is only counted.
        let mut path: [String; 4] = Default::default();
        let mut depth = 0_usize;
        let mut text = String::new();
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(element) => {
                    if let Some(slot) = path.get_mut(depth) {
                        slot.clear();
                        slot.push_str(element.local_name().as_ref());
                    }
                    depth += 1;
                    text.clear();
                }
                Event::Text(event) => text.push_str(&event),
                Event::CData(event) => text.push_str(&event),
                Event::GeneralRef(event) => {
                    let known = quick_xml::escape::resolve_predefined_entity(&event);
                    let numbered = event.resolve_char_ref().ok().flatten();
                    text.extend(known.into_iter().flat_map(str::chars).chain(numbered));
                }
                Event::End(_) => {
                    let value = || text.trim().to_owned();
                    let names = path.get(..depth).unwrap_or_default();
                    match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                        ["project", "groupId"] => pom.group = value(),
                        ["project", "artifactId"] => pom.artifact = value(),
                        ["project", "version"] => pom.version = value(),
                        ["project", "parent", "groupId"] => parent.group = value(),
                        ["project", "parent", "artifactId"] => parent.artifact = value(),
                        ["project", "parent", "version"] => parent.version = value(),
                        ["project", "licenses", "license", "name"]
                            if pom.licenses.len() < 20 && !text.trim().is_empty() =>
                        {
                            pom.licenses.push(value());
                        }
                        ["project", "properties", name] if properties.len() < 500 => {
                            properties.push((name.to_owned(), value()));
                        }
                        _ => {}
                    }
                    depth = depth.saturating_sub(1);
                    text.clear();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let lookup = |value: &str| resolve(value, &parent, &properties);
        pom.group = lookup(if pom.group.is_empty() { &parent.group } else { &pom.group });
        pom.version = lookup(if pom.version.is_empty() { &parent.version } else { &pom.version });
        pom.artifact = lookup(&pom.artifact);
        Ok(pom)
    }
}

/// Replaces what stands in `${…}`, where the file itself says what it stands for; empty when it does not.
fn resolve(value: &str, parent: &Pom, properties: &[(String, String)]) -> String {
    let mut out = value.to_owned();
    // A property can be made of others; a few rounds are enough for what people write, and bound a loop.
    for _ in 0..4 {
        let Some((before, rest)) = out.split_once("${") else { break };
        let Some((name, after)) = rest.split_once('}') else { break };
        let found = match name {
            "project.parent.version" | "parent.version" | "project.version" | "version" => &parent.version,
            "project.parent.groupId" | "parent.groupId" | "project.groupId" | "groupId" => &parent.group,
            name => match properties.iter().find(|(known, _)| known == name) {
                Some((_, value)) => value,
                None => return String::new(),
            },
        };
        out = format!("{before}{found}{after}");
        if out.len() > 1000 {
            return String::new();
        }
    }
    concrete(out)
}

/// A template that nobody filled in says nothing.
fn concrete(value: String) -> String {
    if value.contains("${") || value.contains('@') { String::new() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_properties() {
        let pom = Pom::from_properties(
            b"#Generated by Maven\n#Sun\nversion=1.0\\:x\ngroupId = org.example\r\nartifactId:demo\n",
        );
        assert_eq!((pom.name().as_str(), pom.version.as_str()), ("org.example:demo", "1.0:x"));
        assert_eq!(Pom::from_properties(b"version=${project.version}\n").version, "");
    }

    #[test]
    fn a_project_inherits_from_its_parent() {
        let pom = Pom::from_xml(
            br#"<?xml version="1.0"?><!-- c --><project xmlns="http://maven.apache.org/POM/4.0.0">
            <parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>${revision}</version></parent>
            <artifactId>demo</artifactId><properties><revision>2.1</revision></properties>
            <dependencies><dependency><groupId>x</groupId><version>9</version></dependency></dependencies>
            <licenses><license><name>MIT</name></license></licenses></project>"#,
        )
        .unwrap();
        assert_eq!((pom.name().as_str(), pom.version.as_str()), ("org.example:demo", "2.1"));
        assert_eq!(pom.licenses, ["MIT"]);
    }

    #[test]
    fn a_property_that_stands_for_itself_ends() {
        let pom = Pom::from_xml(
            b"<project><version>${a}</version><properties><a>${b}</a><b>${a}${a}</b></properties></project>",
        )
        .unwrap();
        assert_eq!(pom.version, "");
        assert!(Pom::from_xml(b"<project><version>1</").is_err());
    }

    #[test]
    fn a_directory_states_coordinates() {
        assert_eq!(Pom::of_directory("META-INF/maven/org.a/b").name(), "org.a:b");
        assert_eq!(Pom::of_directory("META-INF/maven/org.a/b/c").name(), "");
    }
}
