//! Test images from a short text, and the forms in which images lie on a disk: `docker save` archives, OCI layouts
//! (image-spec v1.1) and tar archives of them, each with faults on demand.
//!
//! ```text
//! layer gzip "RUN apk add curl"
//!   dir  etc
//!   file etc/os-release "ID=alpine\nVERSION_ID=3.20.3\n"
//!   link var/lib/dpkg -> /data/dpkg
//!   hard a/b = c/d
//!   whiteout etc/passwd
//!   opaque opt/app
//!   mode 4755 file bin/su "…"
//!   sparse var/log/lastlog 100000 "the last bytes"
//! ```
//!
//! A line is an entry of the layer that the last `layer` line began; `#` begins a comment line. Names may be quoted, and
//! `\n`, `\t`, `\\`, `\"` and `\xNN` stand for bytes in names and texts alike. Names are written as they are, also
//! absolute ones and those with `..`; long ones get the long-name entries of GNU tar, or of pax with `pax` before the
//! entry. The same text gives the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use plimsoll_archive::sha256;
use plimsoll_types::Digest;
use serde_json::{Value, json};
use tar::{EntryType, Header};

use crate::signing::ArtifactText;

/// How a layer or an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Packing {
    /// All of them.
    pub const ALL: [Packing; 3] = [Packing::Plain, Packing::Gzip, Packing::Zstd];

    /// Compresses `bytes`; the same bytes give the same result.
    ///
    /// # Errors
    ///
    /// When the compressor fails.
    pub fn pack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Packing::Plain => Ok(bytes.to_vec()),
            Packing::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(bytes)?;
                out.finish()
            }
            Packing::Zstd => zstd::bulk::compress(bytes, 1),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Packing::Plain => "application/vnd.oci.image.layer.v1.tar",
            Packing::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Packing::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerText {
    /// The uncompressed tar stream.
    pub tar: Vec<u8>,
    /// How its blob is compressed.
    pub packing: Packing,
    /// The command in the image's history.
    pub created_by: String,
}

impl LayerText {
    /// The digest of the uncompressed layer.
    pub fn diff_id(&self) -> Digest {
        sha256(&self.tar)
    }

    /// The layer's bytes as distributed.
    ///
    /// # Errors
    ///
    /// When the compressor fails.
    pub fn blob(&self) -> io::Result<Vec<u8>> {
        self.packing.pack(&self.tar)
    }
}

/// What is wrong with an image. Layers are numbered from the base, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The layer's blob is another than its digest says.
    WrongLayer(usize),
    /// The configuration promises another diff ID for the layer.
    WrongDiffId(usize),
    /// There is no blob for the layer.
    MissingLayer(usize),
    /// The layer's blob ends after so many bytes; its digest is that of what is left.
    TruncatedLayer(usize, usize),
    /// The layer has this media type (layouts only).
    LayerMediaType(usize, &'static str),
    /// The configuration is another than its digest says.
    WrongConfig,
    /// There is no configuration.
    MissingConfig,
    /// The configuration is not JSON.
    ConfigNotJson,
    /// The configuration has no `rootfs`.
    ConfigWithoutRootfs,
    /// The configuration has a diff ID less than the manifest has layers.
    ConfigLacksLayer,
    /// The configuration has this media type (layouts only).
    ConfigMediaType(&'static str),
    /// The manifest is another than its digest says (layouts only).
    WrongManifest,
    /// There is no manifest (layouts only).
    MissingManifest,
    /// The manifest is not JSON.
    ManifestNotJson,
    /// The manifest has this media type, and so has its descriptor (layouts only).
    ManifestMediaType(&'static str),
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageText {
    /// Its layers from the base.
    pub layers: Vec<LayerText>,
    /// `os/architecture` or `os/architecture/variant`.
    pub platform: String,
    /// The names that it has.
    pub tags: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// What the `config` object of its configuration holds beside the usual, such as `Cmd`.
    pub run: Value,
}

/// Why a text is not an image.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TextError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl ImageText {
    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// When a line is not understood.
    pub fn parse(text: &str) -> Result<ImageText, TextError> {
        let mut layers: Vec<LayerText> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let failed = |reason: String| TextError { line: number + 1, reason };
            let words = words(line).map_err(failed)?;
            let Some((first, rest)) = words.split_first() else { continue };
            if first == b"layer" {
                let mut layer =
                    LayerText { tar: Vec::new(), packing: Packing::Plain, created_by: String::new() };
                for word in rest {
                    match &word[..] {
                        b"plain" => layer.packing = Packing::Plain,
                        b"gzip" => layer.packing = Packing::Gzip,
                        b"zstd" => layer.packing = Packing::Zstd,
                        created_by => layer.created_by = String::from_utf8_lossy(created_by).into_owned(),
                    }
                }
                layers.push(layer);
            } else {
                let layer =
                    layers.last_mut().ok_or_else(|| failed("an entry before the first layer".to_owned()))?;
                entry(&words, &mut layer.tar).map_err(failed)?;
            }
        }
        for layer in &mut layers {
            layer.tar.extend_from_slice(&[0; 1024]);
        }
        Ok(ImageText {
            layers,
            platform: "linux/amd64".to_owned(),
            tags: Vec::new(),
            faults: Vec::new(),
            run: Value::Null,
        })
    }

    /// The same with these members in the `config` object of its configuration.
    #[must_use]
    pub fn run(self, run: Value) -> ImageText {
        ImageText { run, ..self }
    }

    /// The same for another platform.
    #[must_use]
    pub fn platform(self, platform: &str) -> ImageText {
        ImageText { platform: platform.to_owned(), ..self }
    }

    /// The same with one more name.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> ImageText {
        self.tags.push(tag.to_owned());
        self
    }

    /// The same with one more fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> ImageText {
        self.faults.push(fault);
        self
    }

    /// The same with all layers compressed in this way.
    #[must_use]
    pub fn packed(mut self, packing: Packing) -> ImageText {
        self.layers.iter_mut().for_each(|layer| layer.packing = packing);
        self
    }

    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// The configuration, with those faults that lie in it.
    pub fn config(&self) -> Vec<u8> {
        if self.has(&Fault::ConfigNotJson) {
            return b"this is no configuration".to_vec();
        }
        let mut diff_ids: Vec<String> = self.layers.iter().map(|layer| layer.diff_id().to_string()).collect();
        for fault in &self.faults {
            match fault {
                Fault::WrongDiffId(n) => diff_ids[*n] = sha256(b"another layer").to_string(),
                Fault::ConfigLacksLayer => drop(diff_ids.pop()),
                _ => {}
            }
        }
        let history: Vec<Value> =
            self.layers.iter().map(|layer| json!({ "created_by": layer.created_by })).collect();
        let mut config = platform_json(&self.platform);
        config["created"] = json!("2024-05-06T07:08:09Z");
        config["config"] = json!({ "Env": ["PATH=/bin"], "Labels": { "maintainer": "nobody" } });
        for (key, value) in self.run.as_object().into_iter().flatten() {
            config["config"][key] = value.clone();
        }
        config["history"] = json!(history);
        if !self.has(&Fault::ConfigWithoutRootfs) {
            config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
        }
        config.to_string().into_bytes()
    }

    /// A layer's blob with its faults: the digest that the manifest names, the manifest's size, and the bytes, if any.
    fn stored_layer(&self, number: usize) -> io::Result<(Digest, Option<Vec<u8>>)> {
        let mut blob = self.layers[number].blob()?;
        for fault in &self.faults {
            if let Fault::TruncatedLayer(n, len) = fault
                && *n == number
            {
                blob.truncate(*len);
            }
        }
        let digest = sha256(&blob);
        if self.has(&Fault::WrongLayer(number)) {
            // The last block of the end of the archive: still a tar stream, but not this one.
            blob = LayerText {
                tar: [&self.layers[number].tar[..], &[0; 512]].concat(),
                ..self.layers[number].clone()
            }
            .blob()?;
        }
        Ok((digest, (!self.has(&Fault::MissingLayer(number))).then_some(blob)))
    }
}

/// The files of an archive or a layout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(pub BTreeMap<String, Content>);

/// What is under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file.
    Bytes(Vec<u8>),
    /// A symbolic link.
    Link(String),
}

impl Files {
    fn put(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.0.insert(name.into(), Content::Bytes(bytes));
    }

    /// Adds an artifact to a layout, and to its `index.json` with these annotations.
    ///
    /// # Errors
    ///
    /// When this is no layout.
    pub fn put_artifact(&mut self, artifact: &ArtifactText, annotations: &Value) -> io::Result<Digest> {
        let Some(Content::Bytes(bytes)) = self.0.get("index.json") else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let mut index: Value = serde_json::from_slice(bytes)?;
        let entries = index["manifests"].as_array_mut().ok_or(io::ErrorKind::InvalidData)?;
        entries.push(artifact.entry(annotations));
        self.put("index.json", index.to_string().into_bytes());
        for blob in &artifact.blobs {
            self.put_blob(blob.clone());
        }
        Ok(self.put_blob(artifact.manifest.clone()))
    }

    /// Adds a blob to a layout.
    pub fn put_blob(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = sha256(&bytes);
        self.put(blob_name(&digest), bytes);
        digest
    }

    /// A tar archive of them.
    pub fn tar(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = String::new();
        for (name, content) in &self.0 {
            let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
            if parent != directory && !parent.is_empty() {
                Member { kind: EntryType::Directory, mode: 0o755, ..Member::new(parent.as_bytes()) }
                    .write(&mut out);
            }
            parent.clone_into(&mut directory);
            let member = Member::new(name.as_bytes());
            match content {
                Content::Bytes(bytes) => Member { data: bytes, ..member }.write(&mut out),
                Content::Link(target) => {
                    Member { kind: EntryType::Symlink, link: target.as_bytes(), ..member }.write(&mut out);
                }
            }
        }
        out.extend_from_slice(&[0; 1024]);
        out
    }

    /// Writes them below `folder`.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (name, content) in &self.0 {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            match content {
                Content::Bytes(bytes) => fs::write(&path, bytes)?,
                Content::Link(target) => std::os::unix::fs::symlink(target, &path)?,
            }
        }
        Ok(())
    }

    /// Writes a tar archive of them to `path`.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn write_tar(&self, path: &Path, packing: Packing) -> io::Result<()> {
        fs::write(path, packing.pack(&self.tar())?)
    }
}

/// The `docker save` archive of `images` as Docker wrote it until version 24: `manifest.json`, `<id>.json`, and each
/// layer under the name of its diff ID; a layer that an earlier image has too is a link.
///
/// # Errors
///
/// When a compressor fails.
pub fn docker_save(images: &[ImageText]) -> io::Result<Files> {
    let mut files = Files::default();
    let mut manifest = Vec::new();
    let mut written: BTreeMap<Digest, String> = BTreeMap::new();
    for (image_number, image) in images.iter().enumerate() {
        let config = image.config();
        let config_name = format!("{}.json", sha256(&config).hex());
        let mut layers = Vec::new();
        for number in 0..image.layers.len() {
            let (digest, blob) = image.stored_layer(number)?;
            // Docker made these folder names from the whole chain of layers; that they differ is what matters.
            let folder = sha256(format!("{image_number} {number} {digest}").as_bytes());
            let name = format!("{}/layer.tar", folder.hex());
            layers.push(name.clone());
            if let Some(earlier) = written.get(&digest) {
                files.0.insert(name, Content::Link(format!("../{earlier}")));
            } else if let Some(blob) = blob {
                written.insert(digest, name.clone());
                files.put(name, blob);
            }
        }
        manifest.push(json!({ "Config": config_name, "RepoTags": image.tags, "Layers": layers }));
        if image.has(&Fault::WrongConfig) {
            files.put(config_name, [&config[..], b" "].concat());
        } else if !image.has(&Fault::MissingConfig) {
            files.put(config_name, config);
        }
    }
    let not_json = images.iter().any(|image| image.has(&Fault::ManifestNotJson));
    files.put(
        "manifest.json",
        if not_json { b"[{".to_vec() } else { json!(manifest).to_string().into_bytes() },
    );
    Ok(files)
}

/// How the index of a layout is built.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// How many indexes lie between `index.json` and the manifests.
    pub nested: usize,
    /// Beside each image lies an attestation, as `buildx` writes it.
    pub attestations: bool,
    /// The index does not say the platforms.
    pub without_platforms: bool,
    /// The media types are Docker's.
    pub docker: bool,
}

impl Layout {
    /// The OCI layout with `images`. An image with several tags is listed once for each; nested indexes have the tags
    /// of the first image.
    ///
    /// # Errors
    ///
    /// When a compressor fails.
    pub fn files(self, images: &[ImageText]) -> io::Result<Files> {
        let mut files = Files::default();
        let mut entries = Vec::new();
        for image in images {
            let entry = self.manifest(image, &mut files)?;
            entries.extend(if self.nested == 0 { named(&entry, &image.tags) } else { vec![entry.clone()] });
            if self.attestations {
                entries.push(self.attestation(&entry, &mut files));
            }
        }
        for level in (0..self.nested).rev() {
            let media_type = if self.docker {
                "application/vnd.docker.distribution.manifest.list.v2+json"
            } else {
                "application/vnd.oci.image.index.v1+json"
            };
            let index = index(&entries, media_type);
            let size = index.len();
            let digest = files.put_blob(index).to_string();
            let entry = json!({ "mediaType": media_type, "digest": digest, "size": size });
            let tags = images.first().filter(|_| level == 0).map_or(&[][..], |image| &image.tags);
            entries = named(&entry, tags);
        }
        files.put("index.json", index(&entries, "application/vnd.oci.image.index.v1+json"));
        files.put("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        Ok(files)
    }

    /// Writes an image's blobs and gives its descriptor.
    fn manifest(self, image: &ImageText, files: &mut Files) -> io::Result<Value> {
        let mut layers = Vec::new();
        for (number, layer) in image.layers.iter().enumerate() {
            let (digest, blob) = image.stored_layer(number)?;
            let media_type = image.faults.iter().find_map(|fault| match fault {
                Fault::LayerMediaType(n, media_type) if *n == number => Some(*media_type),
                _ => None,
            });
            let own = match (self.docker, layer.packing) {
                (true, Packing::Gzip) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
                (true, _) => "application/vnd.docker.image.rootfs.diff.tar",
                (false, packing) => packing.media_type(),
            };
            layers.push(json!({
                "mediaType": media_type.unwrap_or(own),
                "digest": digest.to_string(),
                "size": blob.as_ref().map_or(0, Vec::len),
            }));
            if let Some(blob) = blob {
                files.put(blob_name(&digest), blob);
            }
        }
        let config = image.config();
        let config_digest = sha256(&config);
        let config_type = image.faults.iter().find_map(|fault| match fault {
            Fault::ConfigMediaType(media_type) => Some(*media_type),
            _ => None,
        });
        let own_config = if self.docker {
            "application/vnd.docker.container.image.v1+json"
        } else {
            "application/vnd.oci.image.config.v1+json"
        };
        let manifest_type = image.faults.iter().find_map(|fault| match fault {
            Fault::ManifestMediaType(media_type) => Some(*media_type),
            _ => None,
        });
        let own_manifest = if self.docker {
            "application/vnd.docker.distribution.manifest.v2+json"
        } else {
            "application/vnd.oci.image.manifest.v1+json"
        };
        let manifest_type = manifest_type.unwrap_or(own_manifest);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": {
                "mediaType": config_type.unwrap_or(own_config),
                "digest": config_digest.to_string(),
                "size": config.len(),
            },
            "layers": layers,
        });
        if image.has(&Fault::WrongConfig) {
            files.put(blob_name(&config_digest), [&config[..], b" "].concat());
        } else if !image.has(&Fault::MissingConfig) {
            files.put(blob_name(&config_digest), config);
        }
        let manifest = if image.has(&Fault::ManifestNotJson) {
            b"{ this is no manifest".to_vec()
        } else {
            manifest.to_string().into_bytes()
        };
        let (digest, size) = (sha256(&manifest), manifest.len());
        if image.has(&Fault::WrongManifest) {
            files.put(blob_name(&digest), [&manifest[..], b" "].concat());
        } else if !image.has(&Fault::MissingManifest) {
            files.put(blob_name(&digest), manifest);
        }
        let mut entry = json!({ "mediaType": manifest_type, "digest": digest.to_string(), "size": size });
        if !self.without_platforms {
            entry["platform"] = platform_json(&image.platform);
        }
        Ok(entry)
    }

    fn attestation(self, subject: &Value, files: &mut Files) -> Value {
        // An in-toto statement is no image: opening it must fail, so that leaving it out is what is tested.
        let digest =
            files.put_blob(format!("{{\"attests\":{}}}", subject["digest"]).into_bytes()).to_string();
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest,
            "size": 0,
            "platform": { "os": "unknown", "architecture": "unknown" },
            "annotations": {
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": subject["digest"],
            },
        })
    }
}

/// The descriptor once for each name, or without one.
fn named(entry: &Value, names: &[String]) -> Vec<Value> {
    if names.is_empty() {
        return vec![entry.clone()];
    }
    let with_name = |name: &String| {
        let mut entry = entry.clone();
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        entry
    };
    names.iter().map(with_name).collect()
}

fn index(entries: &[Value], media_type: &str) -> Vec<u8> {
    json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": entries }).to_string().into_bytes()
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn platform_json(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut next = || parts.next().unwrap_or_default();
    let mut out = json!({ "os": next(), "architecture": next() });
    let variant = next();
    if !variant.is_empty() {
        out["variant"] = json!(variant);
    }
    out
}

/// Splits a line into words, quotes and escapes taken away. A comment has none.
fn words(line: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut words = Vec::new();
    let mut chars = line.trim().chars().peekable();
    if chars.peek() == Some(&'#') {
        return Ok(words);
    }
    while let Some(&first) = chars.peek() {
        if first == ' ' {
            chars.next();
            continue;
        }
        let quoted = first == '"';
        if quoted {
            chars.next();
        }
        let mut word = Vec::new();
        loop {
            match chars.next() {
                None if quoted => return Err("a quote is not closed".to_owned()),
                None => break,
                Some('"') if quoted => break,
                Some(' ') if !quoted => break,
                Some('\\') => word.push(match chars.next() {
                    Some('n') => b'\n',
                    Some('t') => b'\t',
                    Some('\\') => b'\\',
                    Some('"') => b'"',
                    Some('x') => {
                        let digits: String = chars.by_ref().take(2).collect();
                        u8::from_str_radix(&digits, 16).map_err(|_| format!("'\\x{digits}' is no byte"))?
                    }
                    other => return Err(format!("'\\{}' is no escape", other.unwrap_or(' '))),
                }),
                Some(other) => word.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        words.push(word);
    }
    Ok(words)
}

/// Writes the entry that a line stands for.
fn entry(words: &[Vec<u8>], out: &mut Vec<u8>) -> Result<(), String> {
    let mut words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let (mut mode, mut pax) = (None, false);
    loop {
        match words[..] {
            [b"mode", octal, ..] => {
                let text = String::from_utf8_lossy(octal);
                mode = Some(u32::from_str_radix(&text, 8).map_err(|_| format!("'{text}' is no mode"))?);
                words.drain(..2);
            }
            [b"pax", ..] => {
                pax = true;
                words.remove(0);
            }
            _ => break,
        }
    }
    let (name, data);
    let member = match words[..] {
        [b"dir", path] => Member { kind: EntryType::Directory, mode: 0o755, ..Member::new(path) },
        [b"file", path] => Member::new(path),
        [b"file", path, text] => Member { data: text, ..Member::new(path) },
        [b"file", path, text, b"x", times] => {
            data = text.repeat(number(times)?);
            Member { data: &data, ..Member::new(path) }
        }
        [b"link", path, b"->", target] => {
            Member { kind: EntryType::Symlink, link: target, mode: 0o777, ..Member::new(path) }
        }
        [b"hard", path, b"=", target] => Member { kind: EntryType::Link, link: target, ..Member::new(path) },
        [b"whiteout", path] => {
            let slash = path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
            name = [&path[..slash], b".wh.", &path[slash..]].concat();
            Member::new(&name)
        }
        [b"opaque", b"."] => Member::new(b".wh..wh..opq"),
        [b"opaque", path] => {
            name = [path, b"/.wh..wh..opq"].concat();
            Member::new(&name)
        }
        [b"device", path] => Member { kind: EntryType::Char, ..Member::new(path) },
        [b"fifo", path] => Member { kind: EntryType::Fifo, ..Member::new(path) },
        [b"sparse", path, hole, text] => {
            Member { hole: Some(number(hole)? as u64), data: text, ..Member::new(path) }
        }
        _ => {
            let line: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
            return Err(format!("'{}' is no entry", line.join(" ")));
        }
    };
    Member { mode: mode.unwrap_or(member.mode), pax, ..member }.write(out);
    Ok(())
}

fn number(digits: &[u8]) -> Result<usize, String> {
    let text = String::from_utf8_lossy(digits);
    text.parse().map_err(|_| format!("'{text}' is no number"))
}

/// A member of a tar archive, to be written with any name.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// What it is.
    pub kind: EntryType,
    /// Its name, whatever it is.
    pub name: &'a [u8],
    /// The target of a link.
    pub link: &'a [u8],
    /// Permission bits.
    pub mode: u32,
    /// Its content; what follows the hole in a sparse file.
    pub data: &'a [u8],
    /// For a sparse file: the size of the hole before the data.
    pub hole: Option<u64>,
    /// Long names are written as pax records, not in GNU tar's way.
    pub pax: bool,
}

impl<'a> Member<'a> {
    /// An empty file with this name.
    pub fn new(name: &'a [u8]) -> Member<'a> {
        Member { kind: EntryType::Regular, name, link: b"", mode: 0o644, data: b"", hole: None, pax: false }
    }

    /// Writes it.
    pub fn write(&self, out: &mut Vec<u8>) {
        const NAME: usize = 100;
        let long = |text: &[u8]| text.len() > NAME;
        if self.pax {
            let mut records = Vec::new();
            for (key, value) in [("path", self.name), ("linkpath", self.link)] {
                if long(value) {
                    records.extend_from_slice(&pax_record(key, value));
                }
            }
            if !records.is_empty() {
                extension(EntryType::XHeader, &records, out);
            }
        } else {
            for (kind, value) in [(EntryType::GNULongName, self.name), (EntryType::GNULongLink, self.link)] {
                if long(value) {
                    extension(kind, &[value, b"\0"].concat(), out);
                }
            }
        }
        let mut header = Header::new_gnu();
        header.set_mode(self.mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(self.data.len() as u64);
        header.set_entry_type(self.kind);
        let old = header.as_old_mut();
        let name = &self.name[..self.name.len().min(NAME)];
        let link = &self.link[..self.link.len().min(NAME)];
        old.name[..name.len()].copy_from_slice(name);
        old.linkname[..link.len()].copy_from_slice(link);
        if let (Some(hole), Some(gnu)) = (self.hole, header.as_gnu_mut()) {
            gnu.typeflag = [b'S'];
            let octal = |field: &mut [u8; 12], value: u64| {
                field.copy_from_slice(format!("{value:011o}\0").as_bytes());
            };
            octal(&mut gnu.sparse[0].offset, hole);
            octal(&mut gnu.sparse[0].numbytes, self.data.len() as u64);
            octal(&mut gnu.realsize, hole + self.data.len() as u64);
        }
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        padded(self.data, out);
    }
}

/// A pax record: its length counts itself.
pub fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut len = rest;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

fn extension(kind: EntryType, data: &[u8], out: &mut Vec<u8>) {
    let name: &[u8] = if kind == EntryType::XHeader { b"PaxHeaders/entry" } else { b"././@LongLink" };
    Member { kind, data, ..Member::new(name) }.write(out);
}

fn padded(data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(512), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        # a comment
        layer gzip "RUN make"
          dir etc
          file etc/os-release "ID=alpine\nNAME=\"A\x20B\"\n"
          mode 4755 file bin/su "x" x 600
          link var/lib/dpkg -> /data/dpkg
          hard "a b" = etc/os-release
          whiteout etc/passwd
          opaque opt/app
          file \xff/../x
          sparse log 100000 "end"
        layer
          pax file LONG "x"
          file LONG2
    "#;

    // Expected: what the tar crate reads.
    #[test]
    fn texts_become_layers() {
        let text = TEXT.replace("LONG", &"long/".repeat(30));
        let image = ImageText::parse(&text).unwrap();
        let mut told = Vec::new();
        for layer in &image.layers {
            let mut archive = tar::Archive::new(&layer.tar[..]);
            for entry in archive.entries().unwrap() {
                let mut entry = entry.unwrap();
                let header = entry.header();
                let mut line = format!(
                    "{:?} {:o} {}",
                    header.entry_type(),
                    header.mode().unwrap(),
                    entry.path_bytes().escape_ascii()
                );
                if let Some(link) = entry.link_name_bytes() {
                    line.push_str(&format!(" {}", link.escape_ascii()));
                }
                let mut data = Vec::new();
                io::Read::read_to_end(&mut entry, &mut data).unwrap();
                line.push_str(&format!(" {}", data.len()));
                told.push(line);
            }
        }
        let long = "long/".repeat(30);
        assert_eq!(
            told,
            [
                "Directory 755 etc 0".to_owned(),
                "Regular 644 etc/os-release 21".to_owned(),
                "Regular 4755 bin/su 600".to_owned(),
                "Symlink 777 var/lib/dpkg /data/dpkg 0".to_owned(),
                "Link 644 a b etc/os-release 0".to_owned(),
                "Regular 644 etc/.wh.passwd 0".to_owned(),
                "Regular 644 opt/app/.wh..wh..opq 0".to_owned(),
                "Regular 644 \\xff/../x 0".to_owned(),
                "GNUSparse 644 log 100003".to_owned(),
                format!("Regular 644 {long} 1"),
                format!("Regular 644 {long}2 0"),
            ]
        );
        assert_eq!(image.layers[0].packing, Packing::Gzip);
        assert_eq!(image.layers[0].created_by, "RUN make");
        assert_eq!(ImageText::parse(&text).unwrap(), image);
    }

    #[test]
    fn says_which_line_is_wrong() {
        for (text, reason) in [
            ("file a", "line 1: an entry before the first layer"),
            ("layer\n\nfile", "line 3: 'file' is no entry"),
            ("layer\nfile \"a", "line 2: a quote is not closed"),
            ("layer\nmode 9 file a", "line 2: '9' is no mode"),
            ("layer\nfile a\\xzz", "line 2: '\\xzz' is no byte"),
        ] {
            assert_eq!(ImageText::parse(text).unwrap_err().to_string(), reason);
        }
    }

    #[test]
    fn layouts_and_archives_hold_what_they_name() {
        let image = ImageText::parse(TEXT).unwrap().tag("example:1").tag("example:2");
        let layout = Layout { nested: 1, attestations: true, ..Layout::default() }
            .files(std::slice::from_ref(&image))
            .unwrap();
        for (name, content) in &layout.0 {
            let Content::Bytes(bytes) = content else { panic!("{name}") };
            if let Some(hex) = name.strip_prefix("blobs/sha256/") {
                assert_eq!(sha256(bytes).hex(), hex);
            }
        }
        // Two layers, a configuration, a manifest, an attestation, an index; and the layout's own two.
        assert_eq!(layout.0.len(), 8);
        let saved = docker_save(&[image.clone(), image]).unwrap();
        assert_eq!(saved.0.values().filter(|content| matches!(content, Content::Link(_))).count(), 2);
        assert_eq!(saved.0.len(), 6);
    }
}
