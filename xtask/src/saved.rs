//! Writes image archives as `docker save` does (Docker image specification v1.2), layer by layer and without holding
//! one in memory.

use std::io::{self, Seek, SeekFrom, Write};

use plimsoll_archive::{Hasher, sha256};
use plimsoll_types::{Algorithm, Digest};
use serde_json::json;

const BLOCK: u64 = 512;

/// An image archive in the making.
pub(crate) struct Saved<W: Write + Seek> {
    out: W,
    layers: Vec<(String, Digest)>,
    history: Vec<String>,
}

/// Hashes and counts what is written through it.
struct Counted<'a> {
    out: &'a mut dyn Write,
    hasher: Hasher,
    count: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or_default());
        self.count += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write + Seek> Saved<W> {
    pub(crate) fn new(out: W) -> Saved<W> {
        Saved { out, layers: Vec::new(), history: Vec::new() }
    }

    /// Adds a layer, whose tar stream `fill` writes, and gives its diff ID and size.
    pub(crate) fn layer(
        &mut self,
        created_by: &str,
        fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<(Digest, u64)> {
        // The member's header goes before it and says how long it is, so its place is kept free.
        let start = self.out.stream_position()?;
        self.out.write_all(&[0; BLOCK as usize])?;
        let mut counted = Counted { out: &mut self.out, hasher: Hasher::new(Algorithm::Sha256), count: 0 };
        fill(&mut counted)?;
        let (diff_id, size) = (counted.hasher.finish(), counted.count);
        self.pad(size)?;
        let end = self.out.stream_position()?;
        let name = format!("{:04}/layer.tar", self.layers.len());
        self.out.seek(SeekFrom::Start(start))?;
        self.out.write_all(header(&name, size)?.as_bytes())?;
        self.out.seek(SeekFrom::Start(end))?;
        self.layers.push((name, diff_id.clone()));
        self.history.push(created_by.to_owned());
        Ok((diff_id, size))
    }

    /// The image's configuration as it stands now.
    pub(crate) fn config(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(|(_, diff_id)| diff_id.to_string()).collect();
        let history: Vec<_> = self.history.iter().map(|step| json!({ "created_by": step })).collect();
        json!({
            "architecture": "amd64",
            "os": "linux",
            "created": "2020-01-01T00:00:00Z",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
            "history": history,
        })
        .to_string()
        .into_bytes()
    }

    /// Writes the configuration, the manifest and the end, and gives the size of all.
    pub(crate) fn finish(mut self, tag: &str) -> anyhow::Result<u64> {
        let config = self.config();
        let config_name = format!("{}.json", sha256(&config).hex());
        let layers: Vec<&String> = self.layers.iter().map(|(name, _)| name).collect();
        let manifest = json!([{ "Config": config_name, "RepoTags": [tag], "Layers": layers }]).to_string();
        for (name, bytes) in [(config_name.as_str(), &config), ("manifest.json", &manifest.into_bytes())] {
            self.out.write_all(header(name, bytes.len() as u64)?.as_bytes())?;
            self.out.write_all(bytes)?;
            self.pad(bytes.len() as u64)?;
        }
        self.out.write_all(&[0; 2 * BLOCK as usize])?;
        self.out.flush()?;
        Ok(self.out.stream_position()?)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let rest = size.next_multiple_of(BLOCK) - size;
        io::copy(&mut io::Read::take(io::repeat(0), rest), &mut self.out).map(|_| ())
    }
}

/// The header of a plain file.
pub(crate) fn header(name: &str, size: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(1_577_836_800);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_image_opens_and_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.tar");
        let mut saved = Saved::new(std::fs::File::create(&path).unwrap());
        let tar = [header("a", 3).unwrap().as_bytes(), &b"abc"[..], &[0; 509], &[0; 1024]].concat();
        let (diff_id, size) = saved.layer("COPY a", |out| Ok(out.write_all(&tar)?)).unwrap();
        assert_eq!((diff_id, size), (sha256(&tar), tar.len() as u64));
        saved.layer("COPY b", |out| Ok(out.write_all(&tar)?)).unwrap();
        let len = saved.finish("demo:1").unwrap();
        assert_eq!(len, std::fs::metadata(&path).unwrap().len());
        let image = crate::baseline::open(&path).unwrap();
        assert_eq!(image.layers.len(), 2);
        assert_eq!(image.layers[1].created_by, "COPY b");
        crate::baseline::inflate(&path).unwrap();
        crate::baseline::hash(&path).unwrap();
    }
}
