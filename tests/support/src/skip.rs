//! The one rule for tests that need programs which this project does not bring: a machine of one's own may lack them, a server that runs tests
//! may not.

use std::io::Write;

/// Says loudly what is not tested and why. Where `CI` is set to anything, the test fails instead.
pub fn skip(not_tested: &str, missing: &str) {
    let said = format!("SKIPPED: {not_tested} NOT tested. {missing}");
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!in_ci, "{said}; nothing is skipped where CI is set");
    // Past the capture of the test's output.
    let _ = writeln!(std::io::stderr(), "\n*** {said}\n");
}
