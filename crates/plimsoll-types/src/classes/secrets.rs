//! `SEC`: secrets in files, configuration and history.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[
    TOKEN, CLOUD, PRIVKEY, HOSTKEY, CREDFILE, ENV, HISTORY, LABEL, DBURL, PASSWORD, GENERIC, RESIDUE,
    KEYSTORE, HASH, VCS, SHELLHIST, DUMP,
];

/// See its title.
pub const TOKEN: &Class = &Class {
    code: "SEC-TOKEN",
    title: "a token of a service is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Critical,
    cwes: &[798],
    explanation: "A value has the fixed form of a service's access token: a prefix that nothing else has, the right length and \
                  letters and, where the service puts one in, a checksum that is right. Whoever can pull the image can use the \
                  token until it is revoked. No service was asked whether it is still valid.",
    remedy: "Revoke the token first: it has to be taken as known. Then keep it out of the build: pass it at run time, or \
                  to the one build step that needs it with `RUN --mount=type=secret`.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const CLOUD: &Class = &Class {
    code: "SEC-CLOUD",
    title: "keys of a cloud account are in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Critical,
    cwes: &[798],
    explanation: "A key pair, a key or a service account of a cloud provider is in the image. Such keys often open far more \
                  than the program that carries them needs: storage, machines, other keys. A key's id alone is shown lower \
                  than the id with its secret.",
    remedy: "Disable the key at the provider and look through its log of use. Give the workload an identity of its own \
                  (an instance role, workload identity) in place of a key.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const PRIVKEY: &Class = &Class {
    code: "SEC-PRIVKEY",
    title: "a private key is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[321],
    explanation: "A file or text holds a private key: PEM, OpenSSH, PKCS#8, PGP, PuTTY or JWK. The key was parsed; what only \
                  looks like one is left out. A key that a passphrase protects is shown lower, since the passphrase must be \
                  found first. Everyone who pulls the image has the same key.",
    remedy: "Take the key out of the image, make a new one and replace the old one wherever its public half is trusted. \
                  Mount keys at run time, or forward an agent to the build step (`RUN --mount=type=ssh`).",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const HOSTKEY: &Class = &Class {
    code: "SEC-HOSTKEY",
    title: "a host's own key is part of the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[321],
    explanation: "The private key by which an SSH server proves who it is came with the image, so all its containers, and all \
                  its copies elsewhere, have the same identity: whoever pulls the image can pose as any of them.",
    remedy: "Delete the keys in the same build step that installs the server, and make them when the container starts \
                  (`ssh-keygen -A`).",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const CREDFILE: &Class = &Class {
    code: "SEC-CREDFILE",
    title: "a file of credentials is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[260, 522],
    explanation: "A file in which a program keeps its credentials, such as .npmrc, .netrc, .docker/config.json or a \
                  kubeconfig, holds a password or token that looks live. The file was read by its own grammar, so the value \
                  need not have a form of its own.",
    remedy: "Change the credentials, and leave the file out: add it to .dockerignore, and give it to the build step that \
                  needs it with `RUN --mount=type=secret`.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const ENV: &Class = &Class {
    code: "SEC-ENV",
    title: "a secret is in the image's environment",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[526],
    explanation: "A variable of the image's configuration holds a secret, judged by its name and its value together: an empty \
                  value, a path to a file and a reference to another variable are none. Everyone who can pull the image reads \
                  it with `inspect`, and every process in the container inherits it.",
    remedy: "Take the variable out of the Dockerfile, change the secret, and set it when the container is started, better \
                  from a secret store than from the environment.",
    aliases: &["CIS-4.10", "CIS-DI-0010", "DL3064"],
    in_deleted_files: true,
};

/// See its title.
pub const HISTORY: &Class = &Class {
    code: "SEC-HISTORY",
    title: "a secret is in the image's history",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[214, 798],
    explanation: "A step of the history holds a secret: a build argument, or a command that names a password or token. The \
                  history is part of the image and is shown by `history`, although the finished container may hold no trace of \
                  it.",
    remedy: "Change the secret. Pass secrets to build steps with `RUN --mount=type=secret`, never with ARG or in the \
                  command itself, and build again without the old layers' cache.",
    aliases: &["DS-0031"],
    in_deleted_files: true,
};

/// See its title.
pub const LABEL: &Class = &Class {
    code: "SEC-LABEL",
    title: "a secret is in a label of the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[200, 798],
    explanation: "A label or annotation holds a secret. Labels are meant to be read: registries show them, and many tools copy \
                  them.",
    remedy: "Change the secret and take it out of the label; labels often come from a build system's variables.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const DBURL: &Class = &Class {
    code: "SEC-DBURL",
    title: "an address with a password is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[798],
    explanation: "A connection string or URL holds a user's name and password: of a database, a message queue, a repository or \
                  a web address. Values that only stand for one, such as `user:password@localhost`, are left out or shown \
                  lower.",
    remedy: "Change the password, and let the address come from the environment or a mounted file at run time.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const PASSWORD: &Class = &Class {
    code: "SEC-PASSWORD",
    title: "a password is written into a configuration or program",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[259],
    explanation: "A name such as `password` or `secret` is given a value that reads like a real one: not a placeholder, not a \
                  reference, not a path, not a word of the language. This is judged by context, so look at the line before \
                  acting.",
    remedy: "Change the password, and read it from the environment, a mounted file or a secret store.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const GENERIC: &Class = &Class {
    code: "SEC-GENERIC",
    title: "a random-looking value stands beside a name like that of a secret",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[798],
    explanation: "The value has no known form, but its letters are spread like those of a random key, and the name before it \
                  speaks of a key, token or secret. Identifiers, hashes, versions and paths are left out.",
    remedy: "See what the value is for. When it is a secret, change it and move it out of the image; when it is not, a \
                  waiver keeps it quiet.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const RESIDUE: &Class = &Class {
    code: "SEC-RESIDUE",
    title: "a later layer deletes a secret, which stays in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[212, 459],
    explanation: "A file with a secret is deleted or overwritten by a later layer. The container does not show it, but the \
                  earlier layer is part of the image and is pulled with it: one command unpacks it. The secret itself is a \
                  finding of its own; this one says that deleting it did not help.",
    remedy: "Change the secret. Build so that the file is in no layer: in a stage that is not shipped, or mounted with \
                  `RUN --mount=type=secret`; deleting it in the same step that makes it works as well.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const KEYSTORE: &Class = &Class {
    code: "SEC-KEYSTORE",
    title: "a store of keys is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[522, 1392],
    explanation: "A Java or PKCS#12 key store, or a database of a password manager, is in the image. Where its password could \
                  be tried at no cost, the empty one and the usual defaults were: a store that opens with one of them protects \
                  nothing and is shown as high.",
    remedy: "Leave the store out of the image and mount it at run time. Give it a password that is not the default, and \
                  replace the keys of one that had it.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const HASH: &Class = &Class {
    code: "SEC-HASH",
    title: "hashes of passwords are in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[312, 916],
    explanation: "A file holds hashes of passwords: of accounts of the system, of a web server or of a database. Whoever has \
                  the image can try passwords against them without limit; short and common ones fall in seconds.",
    remedy: "Lock accounts that nobody logs into (`passwd -l`), and keep files with users' hashes out of the image. \
                  Change passwords that are in use.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const VCS: &Class = &Class {
    code: "SEC-VCS",
    title: "the data of a version control system is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[527],
    explanation: "A .git, .svn or .hg folder came along with the sources. It holds every version of every file, also what was \
                  deleted long ago, often with the address and the credentials of the server.",
    remedy: "Add the folder to .dockerignore, and copy only what the program needs.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const SHELLHIST: &Class = &Class {
    code: "SEC-SHELLHIST",
    title: "a file with the history of commands is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[538],
    explanation: "A shell or a database client kept what was typed: .bash_history, .psql_history and the like. It tells how \
                  the image was made by hand, and commands often carry passwords. A secret in it is a finding of its own.",
    remedy: "Delete the file in the step that makes it, or build without an interactive shell.",
    aliases: &[],
    in_deleted_files: true,
};

/// See its title.
pub const DUMP: &Class = &Class {
    code: "SEC-DUMP",
    title: "a dump of memory or of a database is in the image",
    scanner: Scanner::Secret,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[528, 530],
    explanation: "A core dump, a heap dump or a dump of a database is in the image. Dumps of memory hold whatever the program \
                  held: keys, passwords and users' data in the clear.",
    remedy: "Leave it out of the image, and find out how it got there: a process that crashed during the build, or a data \
                  folder that was copied.",
    aliases: &[],
    in_deleted_files: true,
};
