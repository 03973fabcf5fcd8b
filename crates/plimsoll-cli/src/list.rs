//! `plimsoll list`: what the registers hold.

use std::fmt::Write;

use plimsoll_types::{ProblemCode, Scanner, classes};

use crate::args::What;
use crate::exit::Exit;
use crate::output;

/// Lists a register, one entry a line: id, then what it is.
pub(crate) fn list(what: What) -> anyhow::Result<Exit> {
    let rows: Vec<(String, String)> = match what {
        What::Ecosystems => plimsoll_catalog::ecosystems::ECOSYSTEMS
            .iter()
            .map(|entry| {
                let spec = entry.spec;
                (
                    spec.id.to_owned(),
                    format!("{} (purl {}, versions {})", spec.title, spec.purl_type, spec.versions.id()),
                )
            })
            .collect(),
        What::Distros => plimsoll_catalog::distros::DISTROS
            .iter()
            .map(|entry| {
                (entry.spec.id.to_owned(), format!("{} ({})", entry.spec.title, entry.spec.package_ecosystem))
            })
            .collect(),
        What::Analyzers => plimsoll_scan::analyzers()
            .iter()
            .map(|analyzer| (analyzer.id().to_owned(), format!("version {}", analyzer.version())))
            .collect(),
        What::Formats => plimsoll_report::FORMATS
            .iter()
            .map(|format| (format.id.to_owned(), format.title.to_owned()))
            .collect(),
        What::Targets => plimsoll_image::sources::SOURCES
            .iter()
            .map(|source| (source.id.to_owned(), source.description.to_owned()))
            .chain([
                ("dir".to_owned(), "a directory or a mounted root file system (also rootfs:)".to_owned()),
                ("registry".to_owned(), "an image in a registry".to_owned()),
            ])
            .collect(),
        What::Sources => plimsoll_advisory::sources::SOURCES
            .iter()
            .map(|source| (source.id.to_owned(), source.title.to_owned()))
            .collect(),
        What::Grammars => {
            plimsoll_version::SCHEMES.iter().map(|scheme| (scheme.id().to_owned(), String::new())).collect()
        }
        What::Rules => classes()
            .map(|class| {
                (
                    class.code.to_owned(),
                    format!("{:<10}  {:<9}  {}", class.severity, class.scanner.word(), class.title),
                )
            })
            .collect(),
        What::Scanners => Scanner::ALL
            .into_iter()
            .map(|scanner| {
                let count = classes().filter(|class| class.scanner == scanner).count();
                (scanner.word().to_owned(), format!("{count} classes of findings"))
            })
            .collect(),
        What::Problems => {
            ProblemCode::ALL.iter().map(|code| (code.code().to_owned(), code.title().to_owned())).collect()
        }
    };
    let width = rows.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (id, title) in rows {
        writeln!(text, "{}", format!("{id:width$}  {title}").trim_end())?;
    }
    output::standard(text.as_bytes())?;
    Ok(Exit::Success)
}
