//! `CFG`: faults of the image's configuration, of how it was built, of its accounts and of its software sources.

use crate::{Class, Method, Scanner, Severity};

/// The classes of this family, in the order in which they are listed.
pub(super) const CLASSES: &[&Class] = &[
    ROOT, HEALTH, LATEST, ADD, PIPESH, UNVERIFIED, SOURCE, UPDATE, CACHE, UNPINNED, PIPEFAIL, CHMOD, SUDO,
    SSHD, AUTHKEYS, SSHWEAK, EMPTYPW, WEAKPW, DUPID, PAM, CRON, VOLUME, PORT, DEVTOOLS, DEBUG, TLSENV, CA,
    PRELOAD, PRIVHINT, LEFTOVER,
];

/// See its title.
pub const ROOT: &Class = &Class {
    code: "CFG-ROOT",
    title: "the image runs as root",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250],
    explanation: "The configuration names no user, or one whose number is 0, so every process in the container is root. \
                  Whoever takes over the program can then change anything in the container, and a fault of the kernel or \
                  the engine is one step from the host. Names are looked up in the image's own /etc/passwd.",
    remedy: "Make a user in the image and name it with USER, by number where the cluster asks for it (runAsNonRoot).",
    aliases: &["CIS-4.1", "CIS-DI-0001", "DS-0002", "DL3002"],
    in_deleted_files: false,
};

/// See its title.
pub const HEALTH: &Class = &Class {
    code: "CFG-HEALTH",
    title: "the image has no health check",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[693],
    explanation: "Without a health check the engine takes a container whose process hangs for a healthy one, and neither \
                  restarts nor replaces it. HEALTHCHECK NONE counts as none. The OCI image format has no member for a \
                  health check: an image that was only ever stored in that format cannot say, and orchestrators such as \
                  Kubernetes bring their own probes.",
    remedy: "Add a HEALTHCHECK that asks the program itself, or define probes where the container is run.",
    aliases: &["CIS-4.6", "CIS-DI-0006", "DS-0026", "DL3057"],
    in_deleted_files: false,
};

/// See its title.
pub const LATEST: &Class = &Class {
    code: "CFG-LATEST",
    title: "the image is named by a tag that moves",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[1357],
    explanation: "A reference without a tag or with the tag latest means whatever was pushed last: what was tested and \
                  what runs can differ without anyone having changed anything, and nobody can say afterwards what ran. It \
                  is decided from the reference, in manifests and build files from what they name.",
    remedy: "Name images by digest, or at least by a tag with a version.",
    aliases: &["CIS-5.28", "DKL-DI-0006", "DS-0001", "DL3006", "DL3007", "DL3022"],
    in_deleted_files: false,
};

/// See its title.
pub const ADD: &Class = &Class {
    code: "CFG-ADD",
    title: "the build adds files with ADD",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[494],
    explanation: "ADD does more than it says: it fetches URLs without any check of what arrives and unpacks archives that \
                  it recognises. Where a file is only copied, COPY does that and nothing else. A fetch without a checksum \
                  is the real risk, since whoever controls the address or the way to it controls the content. The ADD \
                  that brings a base image's root file system is left out.",
    remedy: "Copy with COPY. Fetch with ADD --checksum=sha256:…, or with a tool whose result is checked in the same step.",
    aliases: &["CIS-4.9", "CIS-DI-0009", "DS-0005", "DL3020"],
    in_deleted_files: false,
};

/// See its title.
pub const PIPESH: &Class = &Class {
    code: "CFG-PIPESH",
    title: "the build runs downloaded code without checking it",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[494],
    explanation: "A step fetches a script and hands it to an interpreter: piped into a shell, through a substitution, or \
                  saved and run in the same step with no checksum or signature checked in between. What runs is decided \
                  by the server at the time of the build, so it can change without a trace, and it runs as root.",
    remedy: "Fetch a fixed version, check its digest or signature in the same step, and only then run it; or install from \
             a signed package source.",
    aliases: &["CIS-4.12"],
    in_deleted_files: false,
};

/// See its title.
pub const UNVERIFIED: &Class = &Class {
    code: "CFG-UNVERIFIED",
    title: "signatures or certificates are not checked",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[295, 347],
    explanation: "A package manager or a download tool was told not to check signatures or certificates, on a command \
                  line of the build or in a configuration file that stays in the image. Everything that it then fetches \
                  can be replaced on the way.",
    remedy: "Take the option out and install the key or the certificate that is missing: signed-by for apt, gpgkey for \
             dnf, a CA certificate for HTTPS.",
    aliases: &["CIS-4.11", "CIS-DI-0011"],
    in_deleted_files: false,
};

/// See its title.
pub const SOURCE: &Class = &Class {
    code: "CFG-SOURCE",
    title: "a software source is read over a connection that is not encrypted",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[319],
    explanation: "A package source of the image is read over plain HTTP. Signatures still protect the packages where the \
                  package manager checks them, but anyone on the way sees what is installed and can hold back updates, \
                  and a fault in the check is exposed to everyone (CVE-2019-3462). Where nothing says which key a source \
                  must be signed with, any key that the image trusts will do.",
    remedy: "Use https, and name the key of each source with signed-by or gpgkey.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const UPDATE: &Class = &Class {
    code: "CFG-UPDATE",
    title: "a step of the build only updates package lists, or upgrades everything",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[1104],
    explanation: "A step that only updates package lists is cached by the builder, so a later step installs from lists of \
                  long ago and misses security updates. An upgrade of the whole distribution makes an image that is no \
                  version of its base, and cannot be repeated.",
    remedy: "Update and install in one RUN step. Rebuild on a newer base image instead of upgrading all of it.",
    aliases: &["CIS-4.7", "CIS-DI-0007", "DKL-DI-0003", "DS-0017", "DS-0024", "DL3005", "DL3035"],
    in_deleted_files: false,
};

/// See its title.
pub const CACHE: &Class = &Class {
    code: "CFG-CACHE",
    title: "package managers left their caches in the image",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[],
    explanation: "Package lists, downloaded packages and caches of language package managers lie in the image, where \
                  nothing uses them: they make it larger and slower to distribute. It is decided from the files that are \
                  there, not from the commands that should have removed them, and counts what a later layer deletes too, \
                  since it still ships.",
    remedy: "Remove caches in the step that makes them (rm -rf /var/lib/apt/lists/*, apk add --no-cache, pip \
             --no-cache-dir), or keep them outside with RUN --mount=type=cache.",
    aliases: &[
        "DKL-DI-0004",
        "DKL-DI-0005",
        "DS-0015",
        "DS-0019",
        "DS-0020",
        "DS-0025",
        "DS-0027",
        "DL3009",
        "DL3019",
        "DL3032",
        "DL3036",
        "DL3040",
        "DL3042",
        "DL3060",
    ],
    in_deleted_files: true,
};

/// See its title.
pub const UNPINNED: &Class = &Class {
    code: "CFG-UNPINNED",
    title: "the build installs packages in whatever version there is",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[1357],
    explanation: "Packages were asked for without a version, so the same build gives another image tomorrow, and a \
                  version that was taken over reaches it by itself. Distributions remove old versions from their mirrors, \
                  which is why fixed versions of their packages also break builds; what they sign is no risk of its own.",
    remedy: "Fix versions of language packages with a lock file that has digests. For distribution packages, fix the base \
             image by digest.",
    aliases: &["DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062"],
    in_deleted_files: false,
};

/// See its title.
pub const PIPEFAIL: &Class = &Class {
    code: "CFG-PIPEFAIL",
    title: "a step of the build does not notice when part of a pipe fails",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[252],
    explanation: "The exit status of a pipe is that of its last command. When a download at its beginning breaks off, the \
                  step succeeds with half of the data, and what should have been checked is not there.",
    remedy: "Set SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"], or write set -o pipefail at the beginning of the \
             step.",
    aliases: &["DL4006"],
    in_deleted_files: false,
};

/// See its title.
pub const CHMOD: &Class = &Class {
    code: "CFG-CHMOD",
    title: "the build makes files writable for everyone",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[732],
    explanation: "A step gives everyone the right to write (chmod 777, a+w, o+w). Any process in the container, however \
                  unprivileged, can then replace what others run or read.",
    remedy: "Give the files to the user that needs them (chown, COPY --chown) and keep the mode at 755 or less; \
             directories for all need the sticky bit.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const SUDO: &Class = &Class {
    code: "CFG-SUDO",
    title: "sudo is there to become root",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250, 269],
    explanation: "sudo in a container is a way from an unprivileged process to root, and a program with the set-uid bit \
                  whose faults are exploited. A build needs no sudo, since its steps run as root or as the user that USER \
                  names. A rule that lets a user run anything without a password makes that user root. Where sudo is \
                  merely installed and no account but root may use it, it counts less.",
    remedy: "Do not install sudo. Switch users with USER at build time, with setpriv or su-exec at the start.",
    aliases: &["DKL-DI-0001", "DS-0010", "DL3004"],
    in_deleted_files: false,
};

/// See its title.
pub const SSHD: &Class = &Class {
    code: "CFG-SSHD",
    title: "the image runs an SSH server",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[1125],
    explanation: "The image starts an SSH server or offers port 22. A container is entered through the engine; a server \
                  of its own is one more way in, with its own accounts, keys and updates. An SSH server that is installed \
                  and neither started nor offered counts less.",
    remedy: "Take the server out, and enter containers through the engine or the cluster.",
    aliases: &["CIS-5.7", "DS-0004"],
    in_deleted_files: false,
};

/// See its title.
pub const AUTHKEYS: &Class = &Class {
    code: "CFG-AUTHKEYS",
    title: "an SSH key is authorised in the image",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[284, 912],
    explanation: "A file of authorised keys lies in the image: whoever has the private half can log in to every container \
                  made from it, wherever an SSH server runs with these accounts. It counts less where the image has no \
                  SSH server.",
    remedy: "Remove the file and bring keys in when the container starts, or do without an SSH server.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const SSHWEAK: &Class = &Class {
    code: "CFG-SSHWEAK",
    title: "the SSH server lets people in too easily",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[287],
    explanation: "The configuration of the SSH server lets root log in with a password, allows empty passwords, or allows \
                  passwords as the way in. sshd_config is read as the server reads it: the first value counts, Include \
                  files are followed, and what stands in a Match block counts for that block.",
    remedy: "Set PermitRootLogin no, PasswordAuthentication no and PermitEmptyPasswords no.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const EMPTYPW: &Class = &Class {
    code: "CFG-EMPTYPW",
    title: "an account has an empty password",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Critical,
    cwes: &[258],
    explanation: "The password field of an account is empty, so it is entered without one wherever the password is asked \
                  for: at su, at a login, at an SSH server that allows it. The official image of a distribution once \
                  shipped with root like that (CVE-2019-5021).",
    remedy: "Lock the account (passwd -l, usermod -L), or set the field to an exclamation mark or an asterisk.",
    aliases: &["DKL-LI-0001"],
    in_deleted_files: false,
};

/// See its title.
pub const WEAKPW: &Class = &Class {
    code: "CFG-WEAKPW",
    title: "an account has a default password",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[521, 1392],
    explanation: "The password of an account was found by trying a short list of default passwords against its hash. \
                  Everyone who attacks accounts tries these first. Hashes that are expensive to compute are tried against \
                  fewer words, so silence does not mean that a password is good.",
    remedy: "Lock the account. Containers need no passwords.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const DUPID: &Class = &Class {
    code: "CFG-DUPID",
    title: "two accounts share a number or a name",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[286],
    explanation: "Permissions go by numbers: accounts with the same number are one and the same to the kernel, so what \
                  one may do the other may too, and the log names the wrong one. A second account with the number 0 is a \
                  second root.",
    remedy: "Give every account and every group a number of its own.",
    aliases: &["DKL-LI-0002"],
    in_deleted_files: false,
};

/// See its title.
pub const PAM: &Class = &Class {
    code: "CFG-PAM",
    title: "logins are let through without a check",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[287],
    explanation: "The configuration of logins (PAM) has a module that accepts everyone as sufficient to log in, or \
                  accepts empty passwords in a service that people log in through.",
    remedy: "Restore the distribution's configuration of the service.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const CRON: &Class = &Class {
    code: "CFG-CRON",
    title: "a scheduled job fetches code and runs it",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[494],
    explanation: "A cron table in the image has a job that fetches something and hands it to an interpreter. That is how \
                  intruders stay, and where it is meant, whoever controls the address controls every container.",
    remedy: "Remove the job. Put into the image what it should run.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const VOLUME: &Class = &Class {
    code: "CFG-VOLUME",
    title: "a system directory is a volume",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[668],
    explanation: "The image declares a directory of the system as a volume. Its content is then kept outside the \
                  container and outlives it, can be shared with others, and hides what newer images bring there.",
    remedy: "Declare volumes only for the data of the application.",
    aliases: &["DKL-DI-0002", "DS-0030"],
    in_deleted_files: false,
};

/// See its title.
pub const PORT: &Class = &Class {
    code: "CFG-PORT",
    title: "the image offers a port of a service for administration",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Low,
    cwes: &[1327],
    explanation: "The image declares that it listens on a port of remote administration, of a container engine, or of a \
                  protocol without encryption (telnet, ftp, rsh, VNC, remote desktop, Docker, kubelet, etcd). That is \
                  rarely what a container should offer to a network.",
    remedy: "Take the EXPOSE out when nothing listens there, and reach such services through the engine or an encrypted \
             tunnel.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const DEVTOOLS: &Class = &Class {
    code: "CFG-DEVTOOLS",
    title: "the image holds tools that nothing needs at run time",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[1125],
    explanation: "Compilers, debuggers and network tools help whoever gets in to build, to look around and to move on, \
                  and each of them needs updates. They are told from the packages and from what lies on the search path. \
                  Images of build stages need them; the image that runs does not.",
    remedy: "Build in one stage and copy the result into a smaller one.",
    aliases: &["CIS-4.3", "CIS-DI-0003"],
    in_deleted_files: false,
};

/// See its title.
pub const DEBUG: &Class = &Class {
    code: "CFG-DEBUG",
    title: "a debug mode or interface is switched on",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[489],
    explanation: "The environment, the command or a file of the image switches on a mode for developers: a debugger that \
                  listens for everyone, a framework that shows its internals to visitors or runs code for them, a \
                  notebook server without a token, a page that prints the configuration.",
    remedy: "Switch it off in the image, and on where one debugs.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const TLSENV: &Class = &Class {
    code: "CFG-TLSENV",
    title: "the environment switches off the checking of certificates",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[295],
    explanation: "A variable of the image's environment tells programs not to check certificates, so every encrypted \
                  connection that they make can be read and changed on the way. It counts for all that the container \
                  runs.",
    remedy: "Take the variable out. Add the certificate that is missing to the image's trust store, or name it with \
             SSL_CERT_FILE or NODE_EXTRA_CA_CERTS.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const CA: &Class = &Class {
    code: "CFG-CA",
    title: "certificate authorities were added to the trust store",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[296],
    explanation: "The image trusts a certificate authority that its distribution does not bring. Whoever has the private \
                  key of it can stand between the container and any server. Companies add their own on purpose; the \
                  finding names the subject so that it can be told.",
    remedy: "Check that the authority is yours, and remove those that are not or that were for the build only.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const PRELOAD: &Class = &Class {
    code: "CFG-PRELOAD",
    title: "programs load code from places that others can write",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::High,
    cwes: &[426, 427],
    explanation: "A variable or file of the image makes every program load further code (LD_PRELOAD, /etc/ld.so.preload, \
                  NODE_OPTIONS), or puts a directory on a search path that is relative, empty, or writable for everyone. \
                  Whoever can write there runs code in every process. Memory allocators that a package owns are loaded \
                  like this on purpose and count less.",
    remedy: "Take the variable out, and name directories by absolute paths that only root can write.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const PRIVHINT: &Class = &Class {
    code: "CFG-PRIVHINT",
    title: "labels ask for a privileged container",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Medium,
    cwes: &[250],
    explanation: "A label says how the image wants to be run, and that is with all privileges, host namespaces or the \
                  host's files. Tools such as atomic, podman container runlabel and development containers follow such \
                  labels.",
    remedy: "Take out of the label what the program does not need, and name single capabilities instead of all \
             privileges.",
    aliases: &[],
    in_deleted_files: false,
};

/// See its title.
pub const LEFTOVER: &Class = &Class {
    code: "CFG-LEFTOVER",
    title: "files of the build or of a developer's desk are in the image",
    scanner: Scanner::Misconfiguration,
    method: Method::Static,
    severity: Severity::Negligible,
    cwes: &[538],
    explanation: "Build files and settings of editors lie in the image. They tell how it is built and where things are, \
                  which helps an attacker, and show that more was copied than is needed.",
    remedy: "Name what is copied, or list what is not in .dockerignore.",
    aliases: &["DKL-LI-0003"],
    in_deleted_files: false,
};
