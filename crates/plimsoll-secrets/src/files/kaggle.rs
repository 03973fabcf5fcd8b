//! Kaggle's API key: <https://www.kaggle.com/docs/api#authentication>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "kaggle", title: "Kaggle API key", is, max_size: 64 << 10, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["kaggle.json"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let root = json::parse(Text::whole(bytes));
    if let (Some(user), Some(key)) = (root.text_of("username"), root.text_of("key")) {
        let message = format!("the Kaggle API key{}", of_user(Some(user)));
        Sink::new(path, out).secret(CREDFILE, "kaggle-key", key, message);
    }
}
