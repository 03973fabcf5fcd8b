//! Makes an image of any size of a real one: its files again and again, under other folders and with changed bytes, so
//! that no layer, and no large file, is like another.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context;
use plimsoll_archive::{Compression, Decoder};

use crate::baseline;
use crate::saved::{self, Saved};

/// The byte that is changed in a file, and so the size from which files are changed.
const CHANGED: u64 = 32 * 1024;

/// What a large image has more of than a small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum More {
    /// Files, and so packages: the model's files again and again under other folders.
    Files,
    /// Bytes: behind the first tenth come large files of the model's bytes, as models and data sets are.
    Bytes,
}

/// Writes a `docker save` archive of about `size` bytes to `path`, made of the layers of the image at `model`. Gives
/// the size and the number of files.
pub(crate) fn image(model: &Path, path: &Path, size: u64, more: More) -> anyhow::Result<(u64, u64)> {
    let model = baseline::open(model)?;
    let file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
    let mut saved = Saved::new(BufWriter::with_capacity(1 << 20, file));
    let mut done = 0;
    let mut files = 0;
    let mut copy = 0;
    while done < size {
        let before = done;
        for layer in &model.layers {
            let whole = match more {
                More::Bytes if done >= size / 10 => false,
                More::Bytes | More::Files => true,
            };
            let left = match more {
                More::Bytes if whole => size / 10 - done,
                _ => size.saturating_sub(done),
            };
            if left == 0 {
                break;
            }
            let created_by = format!("copy {copy} of {}", layer.diff_id);
            let stream = Decoder::new(baseline::open_layer(layer)?)?;
            anyhow::ensure!(stream.compression() == Compression::None, "the model's layers are compressed");
            let (_, written) = saved.layer(&created_by, |out| {
                // How long a compressed layer is would show at its end only.
                let size = layer.size.min(left);
                files +=
                    if whole { again(stream, copy, left, out)? } else { one_file(stream, copy, size, out)? };
                Ok(())
            })?;
            done += written;
        }
        anyhow::ensure!(done > before, "the model's layers are empty");
        copy += 1;
    }
    Ok((saved.finish(&format!("generated:{size}"))?, files))
}

/// Writes the first `size` bytes of a layer as one large file.
fn one_file(stream: impl Read, copy: u64, size: u64, out: &mut dyn Write) -> anyhow::Result<u64> {
    let mut builder = tar::Builder::new(out);
    let mut header = saved::header("x", size)?;
    let changed = Changed { inner: stream.take(size), position: 0, copy };
    builder.append_data(&mut header, format!("srv/data/part-{copy}.bin"), changed)?;
    builder.into_inner()?.flush()?;
    Ok(1)
}

/// Writes a layer again, up to about `limit` bytes. The first copy is as it was, so that the image is a whole one; the
/// others lie under a folder of their own.
fn again(stream: impl Read, copy: u64, limit: u64, out: &mut dyn Write) -> anyhow::Result<u64> {
    let prefix = if copy == 0 { String::new() } else { format!("srv/copy-{copy}/") };
    let under = |path: &[u8]| {
        let path = String::from_utf8_lossy(path).into_owned();
        format!("{prefix}{}", path.trim_start_matches("./").trim_start_matches('/'))
    };
    let mut builder = tar::Builder::new(out);
    builder.mode(tar::HeaderMode::Complete);
    let mut archive = tar::Archive::new(stream);
    let mut written = 0;
    let mut files = 0;
    for entry in archive.entries()? {
        let entry = entry?;
        if written >= limit {
            break;
        }
        let path = under(&entry.path_bytes());
        if path.is_empty() {
            continue;
        }
        let mut header = entry.header().clone();
        match header.entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let size = entry.size();
                header.set_size(size);
                builder.append_data(&mut header, &path, Changed { inner: entry, position: 0, copy })?;
                written += size.next_multiple_of(512) + 512;
                files += 1;
            }
            tar::EntryType::Directory => {
                builder.append_data(&mut header, &path, io::empty())?;
                written += 512;
            }
            tar::EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                let target = String::from_utf8_lossy(&target).into_owned();
                builder.append_link(&mut header, &path, &target)?;
                written += 512;
            }
            tar::EntryType::Link => {
                let target = under(&entry.link_name_bytes().unwrap_or_default());
                builder.append_link(&mut header, &path, &target)?;
                written += 512;
            }
            _ => {}
        }
    }
    builder.into_inner()?.flush()?;
    Ok(files)
}

/// A file in which one byte is changed: a letter or digit to another, so that text stays text. Files with a checksum of
/// their own inside are left alone: damage is another test's business.
struct Changed<R> {
    inner: R,
    position: u64,
    copy: u64,
}

impl<R: Read> Read for Changed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let read = buffer.get_mut(..n).unwrap_or_default();
        if self.position == 0 && (read.starts_with(b"PK") || read.starts_with(&[0x1f, 0x8b])) {
            self.copy = 0;
        }
        let place = CHANGED.checked_sub(self.position).and_then(|place| usize::try_from(place).ok());
        if let Some(byte) = place.and_then(|place| read.get_mut(place)) {
            let by = (self.copy % 10) as u8;
            match *byte {
                b'0'..=b'9' => *byte = b'0' + (*byte - b'0' + by) % 10,
                b'a'..=b'z' => *byte = b'a' + (*byte - b'a' + by) % 26,
                _ => {}
            }
        }
        self.position += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_has_the_size_and_every_layer_its_own_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (model, path) = (folder.path().join("model.tar"), folder.path().join("image.tar"));
        let mut image_of = Saved::new(File::create(&model).unwrap());
        image_of
            .layer("COPY", |out| {
                let mut builder = tar::Builder::new(out);
                let data = vec![b'a'; 100_000];
                builder.append(&saved::header("usr/share/data", 100_000)?, &data[..])?;
                builder.into_inner()?;
                Ok(())
            })
            .unwrap();
        image_of.finish("model:1").unwrap();
        let (size, files) = image(&model, &path, 1_000_000, More::Files).unwrap();
        assert!((1_000_000..1_200_000).contains(&size), "{size}");
        assert_eq!(files, 10);
        let layers = baseline::open(&path).unwrap().layers;
        baseline::hash(&path).unwrap();
        let mut diff_ids: Vec<_> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
        diff_ids.sort();
        diff_ids.dedup();
        assert_eq!(diff_ids.len(), 10);
        let mut bytes = Vec::new();
        baseline::open_layer(&layers[3]).unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes.starts_with(b"srv/copy-3/usr/share/data"));
        assert_eq!(bytes[512..512 + 100_000].iter().filter(|&&byte| byte == b'd').count(), 1);

        let (size, files) = image(&model, &path, 2_000_000, More::Bytes).unwrap();
        assert!((2_000_000..2_300_000).contains(&size), "{size}");
        let layers = baseline::open(&path).unwrap().layers;
        assert_eq!(layers.len() as u64, files);
        baseline::hash(&path).unwrap();
    }
}
