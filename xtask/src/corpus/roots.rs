//! The corpus as files: several root file systems, so that every file lies where it would in an image and yet there are
//! several of a kind.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, ensure};

use super::template::{Label, Template};

/// A file of the corpus.
pub(crate) struct File {
    pub(crate) kind: String,
    /// The root that it lies in, from 0.
    pub(crate) root: usize,
    /// Below that root.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) labels: Vec<Label>,
}

/// The path and bytes of a member of an archive.
type Member = (String, Vec<u8>);

/// All files, in the order of root and path.
pub(crate) fn files(templates: &[Template]) -> anyhow::Result<Vec<File>> {
    let mut made: BTreeMap<(usize, String), File> = BTreeMap::new();
    let mut packed: BTreeMap<(usize, String), Vec<Member>> = BTreeMap::new();
    for template in templates {
        for section in &template.sections {
            for copy in 0..section.copies {
                let kind = template.kind.clone();
                let rendered =
                    section.render(&kind, copy).with_context(|| format!("{kind}: {}", section.path))?;
                let path = section.archive.as_ref().unwrap_or(&section.path).clone();
                let place = (copy, path.clone());
                if section.archive.is_some() {
                    let members = packed.entry(place.clone()).or_default();
                    let first = members.is_empty();
                    members.push((section.path.clone(), rendered.bytes));
                    if !first {
                        let file = made.get_mut(&place).with_context(|| format!("{path} is gone"))?;
                        ensure!(file.kind == kind, "{path} is in two templates");
                        // Numbers of secrets are a section's own.
                        let used = file.labels.iter().map(|label| label.secret).max().unwrap_or_default();
                        file.labels.extend(rendered.labels.into_iter().map(|mut label| {
                            label.secret += used;
                            label
                        }));
                        continue;
                    }
                    let file = File {
                        kind,
                        root: copy,
                        path: path.clone(),
                        bytes: Vec::new(),
                        labels: rendered.labels,
                    };
                    ensure!(made.insert(place, file).is_none(), "{path} is there twice");
                    continue;
                }
                let file = File {
                    kind,
                    root: copy,
                    path: path.clone(),
                    bytes: rendered.bytes,
                    labels: rendered.labels,
                };
                ensure!(made.insert(place, file).is_none(), "{path} is there twice");
            }
        }
    }
    for (place, members) in packed {
        let bytes = pack(&place.1, &members).with_context(|| format!("cannot pack {}", place.1))?;
        if let Some(file) = made.get_mut(&place) {
            file.bytes = bytes;
        }
    }
    Ok(made.into_values().collect())
}

fn pack(path: &str, members: &[Member]) -> anyhow::Result<Vec<u8>> {
    if path.ends_with(".zip") || path.ends_with(".jar") {
        let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
        for (name, bytes) in members {
            let (mut entry, config) =
                archive.new_file(name).compression_method(rawzip::CompressionMethod::DEFLATE).start()?;
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes)?;
            let (encoder, descriptor) = writer.finish()?;
            encoder.finish()?;
            entry.finish(descriptor)?;
        }
        return Ok(archive.finish()?);
    }
    let compression = flate2::Compression::default();
    if path.ends_with(".tar.gz") || path.ends_with(".tgz") || path.ends_with(".tar") {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in members {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o600);
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, name, bytes.as_slice())?;
        }
        let bytes = builder.into_inner()?;
        if path.ends_with(".tar") {
            return Ok(bytes);
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), compression);
        encoder.write_all(&bytes)?;
        return Ok(encoder.finish()?);
    }
    ensure!(path.ends_with(".gz"), "the form of archive is not known");
    let [(_, bytes)] = members else { anyhow::bail!("it has more than one member") };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), compression);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// How many roots there are.
pub(crate) fn count(files: &[File]) -> usize {
    files.iter().map(|file| file.root + 1).max().unwrap_or_default()
}

/// The folder of a root.
pub(crate) fn name(root: usize) -> String {
    format!("root-{}", root + 1)
}

/// Writes the roots below `folder`, and beside them what is where: `labels.tsv`, for whoever wants to compare by
/// other means.
pub(crate) fn write(files: &[File], folder: &Path) -> anyhow::Result<()> {
    let mut table =
        "root\tpath\tmember\trole\tsecret\tmaker\tline\tend_line\tcolumn\tend_column\n".to_owned();
    for file in files {
        let path = folder.join(name(file.root)).join(&file.path);
        let parent = path.parent().context("a file has no folder")?;
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        std::fs::write(&path, &file.bytes).with_context(|| format!("cannot write {}", path.display()))?;
        for label in &file.labels {
            let member = label.member.as_deref().unwrap_or_default();
            let span = label.span.map_or("\t\t\t".to_owned(), |span| {
                format!("{}\t{}\t{}\t{}", span.line, span.end_line, span.column, span.end_column)
            });
            table += &format!(
                "{}\t{}\t{member}\t{:?}\t{}\t{}\t{span}\n",
                name(file.root),
                file.path,
                label.role,
                label.secret,
                label.maker.replace(['\t', '\n'], " ")
            );
        }
    }
    let path = folder.join("labels.tsv");
    std::fs::write(&path, table).with_context(|| format!("cannot write {}", path.display()))
}
