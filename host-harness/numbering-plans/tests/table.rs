//! The table in `call::numbers` is the one that this tool writes.

#[test]
fn d01_the_table_is_what_the_metadata_says() {
    let kept = include_str!("../../call/src/numbers/plan/table.rs");
    assert!(
        kept == numbering_plans::table(),
        "write it again: see host-harness/numbering-plans/examples/write_table.rs"
    );
    assert!(kept.len() <= 16 * 1024, "{} bytes", kept.len());
}

#[test]
fn d01_the_table_names_the_release_that_the_lock_file_has() {
    let lock = include_str!("../../../Cargo.lock");
    let release = lock.lines().skip_while(|line| *line != "name = \"phonenumber\"").nth(1).unwrap_or_default();
    let release = release.trim_end_matches('"').split_once('+').map(|(_, build)| build);
    assert_eq!(release, Some(numbering_plans::LIBPHONENUMBER));
}
