//! Start-up scripts of MongoDB's shells: <https://www.mongodb.com/docs/mongodb-shell/mongoshrc/>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "mongorc", title: "MongoDB shell start-up script", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".mongorc.js", ".mongoshrc.js", "mongorc.js"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let tokens = lex::tokens(Text::whole(bytes), &lex::JAVASCRIPT);
    for (at, token) in tokens.iter().enumerate() {
        let after = |n: usize| tokens.get(at + n);
        if token.is_string() {
            sink.urls("mongorc-url", token.text);
        }
        // db.auth("user", "password"), db.createUser({user: "…", pwd: "…"})
        if token.is_word("auth")
            && after(1).is_some_and(|next| next.is_sign(b'('))
            && after(3).is_some_and(|next| next.is_sign(b','))
            && let (Some(user), Some(password)) = (after(2), after(4).filter(|next| next.is_string()))
        {
            let message = format!("the MongoDB password{}", of_user(Some(user.text)));
            sink.secret(CREDFILE, "mongorc-password", password.text, message);
        }
    }
    for (name, value) in lex::assignments(&tokens) {
        if name.is_any(&["pwd", "password"]) {
            sink.secret(CREDFILE, "mongorc-password", value, "a MongoDB password");
        }
    }
}
