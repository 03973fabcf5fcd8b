//! Hugging Face's tokens: <https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hftokenpath>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "huggingface", title: "Hugging Face token", is, max_size: 64 << 10, find };

fn is(path: &[u8]) -> bool {
    (path.ends_with(b"token") || path.ends_with(b"tokens"))
        && path::ends_any(path, &[".huggingface/token", "huggingface/token", "huggingface/stored_tokens"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b"stored_tokens") {
        for entry in ini::entries(text, &ini::INI).iter().filter(|entry| entry.key.is("hf_token")) {
            let message = format!("the Hugging Face token '{}'", entry.section.shown());
            sink.secret(CREDFILE, "huggingface-token", entry.value, message);
        }
        return;
    }
    let token = text.trim();
    if token.len() >= 20 && token.bytes().iter().all(u8::is_ascii_graphic) {
        sink.secret(CREDFILE, "huggingface-token", token, "a Hugging Face token");
    }
}
