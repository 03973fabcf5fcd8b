//! `plimsoll explain`: codes, and why a saved report has a finding.

use crate::place::DATABASE;
use crate::samples::demo_place;

#[test]
fn findings_of_a_saved_report() {
    let place = demo_place();
    place.write(".trivyignore", "CVE-2099-1004\n");
    let output = ["-o", "json=report.json", "--show-suppressed", "--quiet"];
    place.run(&[&["scan", "demo.tar", "--db", DATABASE, "--no-cache"][..], &output].concat()).code(0);
    let explain =
        |arguments: &[&str]| place.run(&[&["explain"][..], arguments, &["--report", "report.json"]].concat());
    explain(&["CVE-2019-14697"]).code(0).matches("explain-finding");
    explain(&["cve-2099-1004"]).code(0).matches("explain-suppressed");
    explain(&["CVE-2099-1001", "--package", "capstan"]).code(0);
    explain(&["CVE-2099-1001", "--package", "bollard"])
        .code(2)
        .says(&["no finding 'CVE-2099-1001' in a package"]);
    explain(&["CVE-2001-1"]).code(2).says(&["the report has no finding 'CVE-2001-1'"]);
    place.run(&["explain", "CVE-2001-1"]).code(2).says(&["plimsoll db search CVE-2001-1"]);
    place.run(&["explain", "CVE-2001-1", "--report", "missing.json"]).code(2).says(&["missing.json"]);
}
