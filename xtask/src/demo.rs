//! A small image with old packages, for a first look at Plimsoll and for the registry test. Everything in it is text
//! made here: package databases and metadata as the real tools write them, without the packages.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use plimsoll_archive::sha256;
use serde_json::json;

use crate::saved::{self, Saved};

const NAME: &str = "demo:1";

const OS_RELEASE: &str =
    "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.10.0\nPRETTY_NAME=\"Alpine Linux v3.10\"\n";

/// As apk writes `lib/apk/db/installed`: name, version, architecture, origin.
const APK: &[(&str, &str, &str)] =
    &[("libbz2", "1.0.6-r6", "bzip2"), ("musl", "1.1.22-r2", "musl"), ("zlib", "1.2.11-r1", "zlib")];

/// Builds Plimsoll, makes the image, and scans it.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let plimsoll = crate::build("plimsoll-cli", "plimsoll", "dev")?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    image(folder.path())?;
    let arguments = ["scan", "image.tar", "--db", "builtin", "--offline", "--no-cache", "--list-all-pkgs"];
    crate::note(&format!("$ plimsoll {}", arguments.join(" ")));
    let status = Command::new(plimsoll).args(arguments).current_dir(folder.path()).status()?;
    anyhow::ensure!(status.success(), "the scan failed ({status})");
    Ok(ExitCode::SUCCESS)
}

/// Makes the image in `folder`, as an archive and as a layout.
pub(crate) fn image(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let layers = layers()?;
    let archive = folder.join("image.tar");
    let file = fs::File::create(&archive).with_context(|| format!("cannot make {}", archive.display()))?;
    let mut saved = Saved::new(BufWriter::new(file));
    for (created_by, tar) in &layers {
        saved.layer(created_by, |out| Ok(out.write_all(tar)?))?;
    }
    let config = saved.config();
    saved.finish(NAME)?;
    layout(&folder.join("layout"), &config, &layers)
}

/// Writes an OCI image layout (image-spec v1.1) with gzip layers.
fn layout(folder: &Path, config: &[u8], layers: &[(&str, Vec<u8>)]) -> anyhow::Result<()> {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).with_context(|| format!("cannot make {}", blobs.display()))?;
    let blob = |media_type: &str, bytes: &[u8]| -> anyhow::Result<serde_json::Value> {
        let digest = sha256(bytes);
        fs::write(blobs.join(digest.hex()), bytes)?;
        Ok(json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() }))
    };
    let mut described = Vec::new();
    for (_, tar) in layers {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(tar)?;
        described.push(blob("application/vnd.oci.image.layer.v1.tar+gzip", &gzip.finish()?)?);
    }
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": blob("application/vnd.oci.image.config.v1+json", config)?,
        "layers": described,
    });
    let mut entry = blob(manifest_type, manifest.to_string().as_bytes())?;
    entry["platform"] = json!({ "architecture": "amd64", "os": "linux" });
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": NAME });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry],
    });
    fs::write(folder.join("index.json"), index.to_string())?;
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    Ok(())
}

/// A base, an application, and a layer that takes something away again.
fn layers() -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let installed: String = APK
        .iter()
        .map(|(name, version, origin)| format!("P:{name}\nV:{version}\nA:x86_64\no:{origin}\nL:MIT\n\n"))
        .collect();
    let metadata =
        |name: &str, version: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n");
    let site = "usr/lib/python3.11/site-packages";
    Ok(vec![
        (
            "ADD alpine-minirootfs.tar.gz /",
            layer(&[
                ("etc/os-release".to_owned(), OS_RELEASE.as_bytes().to_vec()),
                ("lib/apk/db/installed".to_owned(), installed.into_bytes()),
            ])?,
        ),
        (
            "RUN install the application",
            layer(&[
                (format!("{site}/PyYAML-5.3.dist-info/METADATA"), metadata("PyYAML", "5.3").into_bytes()),
                (format!("{site}/Django-2.2.0.dist-info/METADATA"), metadata("Django", "2.2.0").into_bytes()),
                (
                    "srv/app/node_modules/lodash/package.json".to_owned(),
                    json!({ "name": "lodash", "version": "4.17.15", "license": "MIT" })
                        .to_string()
                        .into_bytes(),
                ),
                ("srv/app/lib/log4j-core-2.14.1.jar".to_owned(), jar()?),
            ])?,
        ),
        ("RUN pip uninstall Django", layer(&[(format!("{site}/.wh.Django-2.2.0.dist-info"), Vec::new())])?),
    ])
}

fn layer(files: &[(String, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        builder.append(&saved::header(path, content.len() as u64)?, &content[..])?;
    }
    Ok(builder.into_inner()?)
}

/// A Java archive that is nothing but its Maven coordinates.
fn jar() -> anyhow::Result<Vec<u8>> {
    let properties = "groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n";
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let path = "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties";
    let (mut entry, config) = archive.new_file(path).start()?;
    let mut writer = config.wrap(&mut entry);
    writer.write_all(properties.as_bytes())?;
    let (_, descriptor) = writer.finish()?;
    entry.finish(descriptor)?;
    Ok(archive.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline;

    #[test]
    fn archive_and_layout_are_the_same_image() {
        let folder = tempfile::tempdir().unwrap();
        image(folder.path()).unwrap();
        let archive = baseline::open(&folder.path().join("image.tar")).unwrap();
        let layout = baseline::open(&folder.path().join("layout")).unwrap();
        assert_eq!(archive.metadata.id, layout.metadata.id);
        assert_eq!(layout.layers.len(), 3);
        baseline::inflate(&folder.path().join("layout")).unwrap();
    }
}
