//! Values that the whole world knows, from documentation: they open nothing.

/// The values; the mark inside each is left out, and keeps other scanners from taking this file for a find.
const EXAMPLES: &[&str] = &[
    // The Amazon Web Services documentation's key and secret.
    "AKIAIOSFODNN7§EXAMPLE",
    "AKIAI44QH8DHB§EXAMPLE",
    "ASIAIOSFODNN7§EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/§bPxRfiCYEXAMPLEKEY",
    "wJalrXUtnFEMI/K7MDENG§bPxRfiCYEXAMPLEKEY",
    "je7MtGbClwBF/2Zp9Utk/§h3yCo8nvbEXAMPLEKEY",
    // jwt.io's first page, old and new.
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ§.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWV9§.TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ",
    // Stripe's documentation: a key of its test mode.
    "sk_test_§4eC39HqLyjWDarjtT1zdp7dc",
    "sk_test_§BQokikJOvBiI2HlWgH4olfQ2",
    "pk_test_§TYooMQauvdEDq54NiTphI7jx",
    // Docker's documentation of swarms and its API.
    "SWMTKN-1-§3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx",
    "SWMTKN-1-§3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-7p73s1dx5in4tatdymyhg9hu2",
    "SWMTKN-1-§3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-b30ljddcqhef9b9v4rs7mel7t",
    "SWMTKN-1-§49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv-8vxv8rssmk743ojnwacrr2e7c",
    "SWMTKN-1-§1h8aps2yszaiqmz2l3oc5392pgk8e49qhx2aj3nyv0ui0hez2a-6qmn92w6bu3jdvnglku58u11a",
    "SWMTKN-1-§1h8aps2yszaiqmz2l3oc5392pgk8e49qhx2aj3nyv0ui0hez2a-8llk83c4wm9lwioey2s316r9l",
    "SWMKEY-1-§7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8",
    "SWMKEY-1-§fySn8TY4w5lKcWcJPIpKufejh9hxx5KYwx6XZigx3Q4",
    // The storage emulator of Azure has one key for everyone.
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6§tq/K1SZFPTOtr/KBHBeksoGMGw==",
    // The Cosmos DB emulator likewise.
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw§/Jw==",
];

/// True for a value of a service's own documentation.
pub(super) fn is_example(secret: &[u8]) -> bool {
    EXAMPLES.iter().any(|example| {
        let (head, tail) = example.split_once('§').unwrap_or((example, ""));
        secret.len() == head.len() + tail.len()
            && secret.starts_with(head.as_bytes())
            && secret.ends_with(tail.as_bytes())
    }) || is_jwt_of_john_doe(secret)
}

/// The payload of jwt.io's example, signed with whatever: tutorials sign it anew.
fn is_jwt_of_john_doe(secret: &[u8]) -> bool {
    secret.starts_with(b"eyJ")
        && secret
            .split(|byte| *byte == b'.')
            .nth(1)
            .is_some_and(|payload| payload.starts_with(b"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI"))
}
