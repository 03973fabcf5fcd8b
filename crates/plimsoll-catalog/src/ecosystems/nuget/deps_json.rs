//! `APP.deps.json`, the dependency manifest of a built .NET application or shared framework (dotnet/sdk,
//! "runtime-configuration-file.md"): under `libraries` what each one is, under `targets` which files it brings for a
//! framework and platform.
//!
//! Stated are packages and runtime packs (the .NET runtime inside a self-contained application) of the runtime target
//! that bring a file of their own or through their dependencies, as Syft has it: analyzers and other packages needed
//! at build time only are in `libraries` as well, but not in the image.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json::{Members, Names, Text};
use crate::limits;

pub(super) struct DepsJson;

impl Analyzer for DepsJson {
    fn id(&self) -> &'static str {
        "nuget/deps-json"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { suffixes: &[".deps.json"], max_size: 64 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_str_lossy();
        // An array would count as the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(AnalyzeError::malformed("not a dependency manifest: not an object"));
        }
        let document: Document<'_> = serde_json::from_str(&text)
            .map_err(|error| AnalyzeError::malformed(format!("not a dependency manifest: {error}")))?;
        let target = document.targets.0.iter().find(|(name, _)| name == document.runtime_target.first());
        let brings_files = target.map(|(_, libraries)| libraries_with_files(&libraries.0));
        for (name_version, library) in &document.libraries.0 {
            let kind = &library.kind.0;
            let runtime_pack = kind.eq_ignore_ascii_case("runtimepack");
            if !runtime_pack && !kind.eq_ignore_ascii_case("package") {
                continue;
            }
            // Without the runtime target nothing says what was left out.
            if brings_files.as_ref().is_some_and(|names| !names.contains(&**name_version)) {
                continue;
            }
            let (name, version) = name_version.split_once('/').unwrap_or((name_version, ""));
            limits::state(
                PackageFact {
                    ecosystem: "nuget".to_owned(),
                    // The manifest prefixes a runtime pack; the package in NuGet has the bare name.
                    name: if runtime_pack { name.strip_prefix("runtimepack.").unwrap_or(name) } else { name }
                        .to_owned(),
                    version: version.to_owned(),
                    ..PackageFact::default()
                },
                out,
            );
        }
        Ok(())
    }
}

/// The libraries (`NAME/VERSION`) of a target that bring a file, or that depend on one that does.
fn libraries_with_files<'a>(libraries: &'a [(Cow<'a, str>, Target<'a>)]) -> HashSet<&'a str> {
    let names: HashSet<&str> = libraries.iter().map(|(library, _)| &**library).collect();
    let mut dependants: HashMap<&str, Vec<&str>> = HashMap::new();
    for (library, target) in libraries {
        for (name, Text(version)) in &target.dependencies.0 {
            if let Some(dependency) = names.get(format!("{name}/{version}").as_str()) {
                dependants.entry(dependency).or_default().push(library);
            }
        }
    }
    let mut with_files = HashSet::new();
    let mut pending: Vec<&str> =
        libraries.iter().filter(|(_, target)| target.has_files()).map(|(library, _)| &**library).collect();
    while let Some(library) = pending.pop() {
        if with_files.insert(library) {
            pending.extend(dependants.get(library).into_iter().flatten());
        }
    }
    with_files
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document<'a> {
    /// An object with a `name`; the first preview versions wrote the bare name.
    #[serde(borrow)]
    runtime_target: Names<'a>,
    #[serde(borrow)]
    targets: Members<'a, Members<'a, Target<'a>>>,
    #[serde(borrow)]
    libraries: Members<'a, Library<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Library<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

/// What one library brings for a target.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Target<'a> {
    #[serde(borrow)]
    dependencies: Members<'a, Text<'a>>,
    #[serde(borrow)]
    runtime: Members<'a, IgnoredAny>,
    runtime_targets: Members<'a, IgnoredAny>,
    native: Members<'a, IgnoredAny>,
    resources: Members<'a, IgnoredAny>,
    compile: Members<'a, IgnoredAny>,
}

impl Target<'_> {
    fn has_files(&self) -> bool {
        [&self.runtime, &self.runtime_targets, &self.native, &self.resources, &self.compile]
            .into_iter()
            .any(|files| !files.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    // Expected: Syft 1.18.1 on these files, less what it leaves out since 1.22 and what the text above says.
    #[test]
    fn reads_packages_of_the_runtime_target() {
        check(
            &DepsJson,
            "app/Shop.deps.json",
            include_bytes!("../../../tests/fixtures/nuget/deps-json/self-contained"),
            &[
                "Microsoft.NETCore.App.Runtime.linux-x64 6.0.5",
                "Newtonsoft.Json 12.0.1",
                "Microsoft.AspNetCore.All 2.1.0",
                "Microsoft.AspNetCore.Hosting 2.1.0",
                "SQLitePCLRaw.lib 2.0.4",
            ],
        );
    }

    #[test]
    fn without_a_target_all_packages_count() {
        check(
            &DepsJson,
            "app/x.DEPS.JSON",
            include_bytes!("../../../tests/fixtures/nuget/deps-json/no-target"),
            &[
                "A.Package 1.0.0",
                "NoVersion ",
                "B 2.0.0/3",
                "problem: the package 'NoVersion' has no version",
            ],
        );
    }

    #[test]
    fn other_json_is_refused() {
        for (json, message) in [
            ("[1]", "not an object"),
            (r#"{"libraries":7}"#, "invalid type: integer `7`, expected an object at line 1 column 14"),
            (r#"{"libraries":{}"#, "EOF while parsing an object at line 1 column 15"),
        ] {
            let expected = format!("error: not a dependency manifest: {message}");
            check(&DepsJson, "x.deps.json", json.as_bytes(), &[expected.as_str()]);
        }
        assert!(!wants(&DepsJson, "app/deps.json"));
        assert!(!wants(&DepsJson, "app/x.runtimeconfig.json"));
    }
}
