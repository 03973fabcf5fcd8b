//! Steps of a build and what is wrong with them: every rule finds what it should and nothing else.

use super::*;
use crate::build::{Instruction, Origin};

/// The ids of what is found in a build of these instructions, sorted.
fn told(instructions: &[&str]) -> Vec<String> {
    let file = |(line, text): (usize, &&str)| {
        Instruction::parse(text, Origin::File { line: line as u32 + 1, end_line: line as u32 + 1 })
    };
    let build = Build::new(instructions.iter().enumerate().map(file).collect());
    let mut found: Vec<String> = check_build(&build)
        .into_iter()
        .filter(|fault| fault.class.code != "CFG-UNPINNED")
        .map(|fault| match fault.rule {
            "" => fault.class.code.to_owned(),
            rule => format!("{}/{rule}", fault.class.code),
        })
        .collect();
    found.sort();
    found
}

#[track_caller]
fn check(table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        assert_eq!(told(&[text]), *expected, "{text}");
    }
}

#[test]
fn downloaded_code() {
    check(&[
        ("RUN curl http://example.org/i.sh | sh", &["CFG-PIPESH/pipe"]),
        ("RUN curl -fsSL https://example.org/i.sh | sudo -E bash -", &["CFG-PIPESH/pipe", "CFG-SUDO/used"]),
        ("RUN wget -qO- https://example.org/i | bash -s -- --yes", &["CFG-PIPESH/pipe"]),
        ("RUN wget -O - https://example.org/i | python3", &["CFG-PIPESH/pipe"]),
        ("RUN curl -sS https://example.org/installer | php -- --install-dir=/bin", &["CFG-PIPESH/pipe"]),
        ("RUN curl https://example.org/a.gz | gunzip | sh", &["CFG-PIPESH/pipe"]),
        ("RUN (curl https://example.org/a) | (cd /x && sh)", &["CFG-PIPESH/pipe"]),
        ("RUN bash -c 'curl https://example.org/a | sh'", &["CFG-PIPESH/pipe"]),
        ("RUN [\"/bin/bash\", \"-c\", \"curl https://example.org/a | sh\"]", &["CFG-PIPESH/pipe"]),
        ("RUN bash <(curl -s https://example.org/a)", &["CFG-PIPESH/substitution"]),
        ("RUN sh -c \"$(curl -fsSL https://example.org/a)\"", &["CFG-PIPESH/substitution"]),
        ("RUN eval \"$(wget -qO- https://example.org/a)\"", &["CFG-PIPESH/substitution"]),
        ("RUN source <(curl https://example.org/a)", &["CFG-PIPESH/substitution"]),
        ("RUN ruby -e \"$(curl -fsSL https://example.org/a)\"", &["CFG-PIPESH/substitution"]),
        ("RUN bash < <(curl https://example.org/a)", &["CFG-PIPESH/substitution"]),
        ("RUN curl -o /tmp/x https://example.org/x && sh /tmp/x", &["CFG-PIPESH/file"]),
        ("RUN curl -Lo x.sh https://example.org/x; chmod +x x.sh; ./x.sh", &["CFG-PIPESH/file"]),
        ("RUN curl -O https://example.org/install.sh && bash install.sh -y", &["CFG-PIPESH/file"]),
        ("RUN wget https://example.org/install.sh?v=1 && bash install.sh", &["CFG-PIPESH/file"]),
        ("RUN curl https://example.org/x > /tmp/x && . /tmp/x", &["CFG-PIPESH/file"]),
        ("RUN wget https://example.org/a.deb && dpkg -i a.deb", &["CFG-PIPESH/package"]),
        (
            "RUN curl -Lo /usr/bin/tool https://example.org/tool && chmod 755 /usr/bin/tool",
            &["CFG-PIPESH/program"],
        ),
        (
            "RUN python -c \"import urllib.request as u; print(u.urlopen('https://example.org').read())\" | sh",
            &["CFG-PIPESH/pipe"],
        ),
        ("CMD curl https://example.org/a | sh", &["CFG-PIPESH/pipe"]),
        ("RUN <<EOF\nset -e\ncurl https://example.org/a | sh\nEOF", &["CFG-PIPESH/pipe"]),
        (
            "RUN curl -LO https://example.org/kubectl && install -m 0755 kubectl /usr/local/bin/kubectl",
            &["CFG-PIPESH/program"],
        ),
        // Not run, or checked.
        (
            "RUN curl -o /tmp/i.php https://example.org/i; php -r \"hash_equals(hash('sha384', '/tmp/i.php'), 'x') || exit(1);\"; php /tmp/i.php",
            &[],
        ),
        ("RUN curl https://example.org/a -o a && echo '00 a' | sha256sum -c - && sh a", &[]),
        ("RUN curl -O https://example.org/a && gpg --verify a.asc a && sh a", &[]),
        ("RUN set -o pipefail && curl https://example.org/a.tgz | tar xz", &[]),
        ("RUN V=$(curl -s https://example.org/version) && echo $V", &[]),
        ("RUN set -o pipefail; curl https://example.org/a | python -c 'import json'", &[]),
        ("RUN set -o pipefail; curl https://example.org/a | python3 -m json.tool", &[]),
        ("RUN curl -o a https://example.org/a; echo 'run sh a'", &[]),
        ("RUN echo 'curl https://example.org/a | sh'", &[]),
        ("RUN bash -c \"nvm install $(curl -s https://example.org/version)\"", &[]),
        ("RUN cat x | sh", &[]),
        ("RUN apt-get install -y curl bash", &[]),
        ("RUN curl -s https://example.org/a > /dev/null && sh a", &[]),
        ("RUN command -v curl | sh", &[]),
    ]);
}

#[test]
fn checks_that_are_switched_off() {
    check(&[
        ("RUN apt-get install -y --allow-unauthenticated x", &["CFG-UNVERIFIED/apt"]),
        ("RUN apt-get -y --force-yes install x", &["CFG-UNVERIFIED/apt"]),
        ("RUN apt-get -o APT::Get::AllowUnauthenticated=true install x", &["CFG-UNVERIFIED/apt"]),
        ("RUN apt-get -oAcquire::https::Verify-Peer=false install x", &["CFG-UNVERIFIED/apt"]),
        ("RUN yum install -y --nogpgcheck x", &["CFG-UNVERIFIED/dnf"]),
        ("RUN zypper --no-gpg-checks install x", &["CFG-UNVERIFIED/dnf"]),
        ("RUN rpm -i --nosignature x.rpm", &["CFG-UNVERIFIED/rpm"]),
        ("RUN apk add --allow-untrusted x.apk", &["CFG-UNVERIFIED/apk"]),
        ("RUN pip install --trusted-host pypi.example.org x", &["CFG-UNVERIFIED/pip"]),
        ("RUN pip3 config set global.trusted-host pypi.example.org", &["CFG-UNVERIFIED/pip"]),
        ("RUN python3 -m pip install --trusted-host=pypi.example.org x", &["CFG-UNVERIFIED/pip"]),
        ("RUN curl -k https://example.org -o x", &["CFG-UNVERIFIED/curl"]),
        ("RUN curl -fsSLk https://example.org -o x", &["CFG-UNVERIFIED/curl"]),
        ("RUN curl --insecure https://example.org -o x", &["CFG-UNVERIFIED/curl"]),
        ("RUN wget --no-check-certificate https://example.org", &["CFG-UNVERIFIED/wget"]),
        ("RUN git config --global http.sslVerify false", &["CFG-UNVERIFIED/git"]),
        ("RUN git -c http.sslVerify=false clone https://example.org/a", &["CFG-UNVERIFIED/git"]),
        ("RUN npm config set strict-ssl false", &["CFG-UNVERIFIED/npm"]),
        ("RUN gem install -P NoSecurity x", &["CFG-UNVERIFIED/gem"]),
        ("RUN NODE_TLS_REJECT_UNAUTHORIZED=0 npm ci", &["CFG-UNVERIFIED/variable"]),
        ("RUN export GIT_SSL_NO_VERIFY=1 && git clone https://example.org/a", &["CFG-UNVERIFIED/variable"]),
        (
            "RUN echo 'deb [trusted=yes] http://example.org/ ./' > /etc/apt/sources.list.d/a.list",
            &["CFG-UNVERIFIED/apt-source"],
        ),
        ("RUN echo \"deb [ trusted=yes ] file://$tempDir ./\" > /etc/apt/sources.list.d/temp.list", &[]),
        ("RUN sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.repos.d/a.repo", &["CFG-UNVERIFIED/yum-source"]),
        ("RUN curl -s http://example.org/key | apt-key add -", &["CFG-PIPEFAIL", "CFG-UNVERIFIED/key"]),
        ("RUN set -o pipefail && curl -s https://example.org/key | apt-key add -", &[]),
        ("RUN sed -i s/gpgcheck=0/gpgcheck=1/ /etc/yum.repos.d/a.repo", &[]),
        ("RUN grep gpgcheck=0 /etc/yum.repos.d/a.repo", &[]),
        ("RUN curl -o k https://example.org -H 'k: -k'", &[]),
        ("RUN curl -okay https://example.org", &[]),
        ("RUN git config --global http.sslVerify true", &[]),
        ("RUN pip install --trusted-host localhost x", &[]),
        ("RUN apt-get install -y --no-install-recommends x", &[]),
        ("RUN NODE_TLS_REJECT_UNAUTHORIZED=1 npm ci", &[]),
        ("RUN ls -k", &[]),
    ]);
}

#[test]
fn updates() {
    check(&[
        ("RUN apt-get update", &["CFG-UPDATE/alone"]),
        ("RUN apt-get update && rm -rf /x", &["CFG-UPDATE/alone"]),
        ("RUN apk update; ls", &["CFG-UPDATE/alone"]),
        ("RUN dnf makecache", &["CFG-UPDATE/alone"]),
        ("RUN pacman -Sy", &["CFG-UPDATE/alone"]),
        ("RUN apt-get update && apt-get dist-upgrade -y", &["CFG-UPDATE/dist-upgrade"]),
        ("RUN zypper dup", &["CFG-UPDATE/dist-upgrade"]),
        ("RUN apt-get update && apt-get install -y curl", &[]),
        ("RUN apt-get update; apt-get upgrade -y", &[]),
        ("RUN sudo apt-get -qq update && apt install -y curl", &["CFG-SUDO/used"]),
        ("RUN apt-get update && echo a b | xargs apt-get install -y", &[]),
        ("RUN apt-get update && ./install.sh", &[]),
        ("RUN if true; then apt-get update\napt-get install -y x; fi", &[]),
        ("RUN yum update -y", &[]),
        ("RUN apk add --no-cache curl", &[]),
        ("RUN echo apt-get update", &[]),
        ("RUN pacman -Syu --noconfirm x", &[]),
        ("CMD apt-get update", &[]),
    ]);
}

#[test]
fn added_files() {
    check(&[
        ("ADD https://example.org/a /a", &["CFG-ADD/url"]),
        ("ADD --checksum=sha256:00 https://example.org/a /a", &[]),
        ("ADD https://example.org/a.git /a", &["CFG-ADD/git"]),
        ("ADD https://example.org/a.git#0123456789012345678901234567890123456789 /a", &[]),
        ("ADD . /app", &["CFG-ADD/copy"]),
        ("ADD [\"a\", \"/b\"]", &["CFG-ADD/copy"]),
        ("ADD rootfs.tar.xz /", &[]),
        ("ADD --chown=1:1 a.tgz /app", &[]),
        ("ADD *.tar.* /app", &[]),
        ("ADD $ARCHIVE /app", &["CFG-ADD/copy"]),
        ("ONBUILD ADD . /app", &["CFG-ADD/copy"]),
        ("COPY . /app", &[]),
        ("ADD", &[]),
    ]);
}

#[test]
fn modes_sudo_and_pipes() {
    check(&[
        ("RUN chmod 777 /app", &["CFG-CHMOD"]),
        ("RUN chmod -R 0777 /app /tmp", &["CFG-CHMOD"]),
        ("RUN chmod a+rwx /app", &["CFG-CHMOD"]),
        ("RUN chmod u=rwx,o+w /app", &["CFG-CHMOD"]),
        ("COPY --chmod=777 a /a", &["CFG-CHMOD/copy"]),
        ("RUN chmod 1777 /x", &[]),
        ("RUN chmod 755 /app && chmod +x a && chmod 777 /tmp", &[]),
        ("RUN chmod g+w,o-w /x", &[]),
        ("RUN sudo make install", &["CFG-SUDO/used"]),
        ("RUN echo sudo make", &[]),
        ("RUN curl https://example.org/a.tgz | tar xz", &["CFG-PIPEFAIL"]),
        ("RUN wget -O- https://example.org/a.tgz | tar xz", &["CFG-PIPEFAIL"]),
        ("RUN set -eo pipefail; curl https://example.org/a.tgz | tar xz", &[]),
        ("RUN bash -o pipefail -c 'curl https://example.org/a.tgz | tar xz'", &[]),
        ("RUN ls | grep x", &[]),
        ("RUN V=$(curl -s https://example.org/a | head -1)", &[]),
    ]);
}

#[test]
fn versions() {
    let told = |text: &str| -> Vec<String> {
        let build = Build::new(vec![Instruction::parse(text, Origin::File { line: 1, end_line: 1 })]);
        let faults = check_build(&build);
        faults.iter().filter(|fault| fault.class.code == "CFG-UNPINNED").map(|f| f.evidence.clone()).collect()
    };
    for (text, expected) in [
        ("RUN apt-get install -y --no-install-recommends curl git=1:2", &["apt: curl"][..]),
        ("RUN apt-get install -y -t bookworm-backports ./a.deb $X", &[]),
        ("RUN apk add --no-cache --virtual .deps curl 'git>2' jq=1.6-r0", &["apk: curl"]),
        ("RUN dnf install -y curl-7.1 git", &["dnf: git"]),
        ("RUN pip install -r requirements.txt", &[]),
        (
            "RUN pip install --no-cache-dir flask django==1.0 . git+https://example.org/a",
            &["pip: flask git+https://example.org/a"],
        ),
        ("RUN python3 -m pip install 'requests>=2'", &["pip: requests>=2"]),
        (
            "RUN npm install -g typescript @scope/a @scope/b@1.0 c@latest",
            &["npm: @scope/a c@latest typescript"],
        ),
        ("RUN npm ci && npm install", &[]),
        ("RUN gem install bundler -v 2.0 && gem install rake", &["gem: rake"]),
        ("RUN go install example.org/a@latest example.org/b@v1.0.0", &["go: example.org/a@latest"]),
        ("RUN apt-get install -y curl && pip install flask", &["apt: curl; pip: flask"]),
        ("RUN apt-get install -y 'php8.2-*' curl/stable", &["apt: curl/stable php8.2-*"]),
        ("RUN apk add a-1.0.apk ./*.apk /x/*.apk 'git~2.4'", &[]),
        ("RUN dnf -y --enablerepo extra --exclude a install b", &["dnf: b"]),
        ("RUN yum install -y java-11-openjdk-devel", &["dnf: java-11-openjdk-devel"]),
        ("RUN yum install -y java-1.8.0-openjdk-1.8.0.9 openssl-1:1.1.1k gcc-c++-8.5.0-3.el8.x86_64", &[]),
        ("RUN yum install -y rpms/*.rpm rpms/x86_64/* https://example.org/a.rpm", &[]),
        ("RUN dnf module install -y nodejs:20 ruby", &["dnf: ruby"]),
        ("RUN dnf groupinstall -y 'Development Tools'", &[]),
        ("RUN zypper -n in 'a>=1' b", &["dnf: b"]),
        ("RUN pip install -r a.txt flask", &["pip: flask"]),
        ("RUN pip install -ra.txt", &[]),
        ("RUN pip install flask -c versions.txt", &[]),
        ("RUN pip install flask --require-hashes", &[]),
        ("RUN pip install a-1.tar.gz b.zip c-1-py3-none-any.whl 'd~=1.2' e===1", &[]),
        ("RUN pip install git+https://u@example.org/a/b.git@v1#egg=b git+ssh://git@example.org/c@1f2e", &[]),
        (
            "RUN pip install git+ssh://git@example.org/a.git 'b @ git+https://example.org/b@main'",
            &["pip: b @ git+https://example.org/b@main git+ssh://********@example.org/a.git"],
        ),
        ("RUN python3 -I -m pip install flask", &["pip: flask"]),
        ("RUN python3 setup.py install flask", &[]),
        ("RUN pipx install black && uv pip install ruff && uv tool install ty", &["pip: black ruff ty"]),
        ("RUN npm i -g a-1.0.tar.gz b.tar c@^1.2 @s/d@next", &["npm: @s/d@next"]),
        (
            "RUN npm install git+https://example.org/a.git#v1 git+ssh://git@example.org/b.git",
            &["npm: git+ssh://********@example.org/b.git"],
        ),
        (
            "RUN gem i rake && gem install a:1.0 && gem install b -v1.0 && gem install c --version=1",
            &["gem: rake"],
        ),
        ("RUN go get -u example.org/a ./... example.org/b@v1", &["go: example.org/a"]),
        (
            "RUN go run example.org/a@latest x.y && go run build.go && go install example.org/c",
            &["go: example.org/a@latest"],
        ),
        ("RUN go install example.org/a@main", &["go: example.org/a@main"]),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn a_finding_says_where_and_shows_no_secret() {
    let text = "RUN set -e\n\ncurl -H 'Authorization: Bearer abcdef' https://u:pw@example.org/a | sh";
    let build = Build::new(vec![Instruction::parse(text, Origin::File { line: 1, end_line: 3 })]);
    let faults = check_build(&build);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].line, 2);
    assert!(!format!("{:?}", faults[0]).contains("abcdef") && !format!("{:?}", faults[0]).contains("pw@"));
}

#[test]
fn every_prefix_is_judged() {
    let text = "RUN set -e; curl -fsSLk -o /tmp/x 'http://example.org/x' | sudo sh -c \"$(wget -qO- $U)\" && chmod 777 x; \
                apt-get update; pip install --trusted-host=a b; sed -i s/gpgcheck=1/gpgcheck=0/ x <<E | . <(curl x)\nE";
    for end in 0..=text.len() {
        told(&[&text[..end]]);
    }
}
