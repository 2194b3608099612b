//! Components in the library.

use call::Bilingual;
use host_harness::OPERATION;
use hostile_components::shapes::of_contract;
use hostile_components::{ENDLESS_DESCRIBE, FOREIGN_IMPORT, TRAP};
use node::LibraryError;
use node::library::MOST_COMPONENTS;
use test_support::russian;

use crate::scene::{Fixture, INSISTING, PLACEMENT};

#[tokio::test]
async fn what_was_uploaded_is_kept_over_a_restart_for_this_user_alone() {
    let state = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(Some(state.path())).await;
    let (component, new) = fixture.versions.upload(TRAP).await.unwrap();
    assert!(new);
    assert_eq!((component.size, component.description["id"].as_str()), (TRAP.len(), Some("hostile")));
    assert_eq!(component.uploaded_at, Some(fixture.scene.clock.now()));
    assert!(component.remarks.iter().any(|remark| remark.contains("missing import")), "{:?}", component.remarks);
    let file = state.path().join("components").join(format!("{}.wasm", component.digest));
    assert_eq!(std::fs::read(&file).unwrap(), TRAP);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = Fixture::new(Some(state.path())).await;
    assert_eq!(again.warnings, Vec::<String>::new());
    assert_eq!(again.versions.component(&component.digest), Some(component.clone()));
    assert_eq!(again.versions.components().len(), 2, "it and the configured one");
    again.versions.activate(PLACEMENT, &component.digest, INSISTING).await.unwrap();
    assert_eq!(again.in_force(), component.digest);
}

#[tokio::test]
async fn the_same_bytes_are_one_component_and_mend_its_file() {
    let state = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(Some(state.path())).await;
    let (first, _) = fixture.versions.upload(TRAP).await.unwrap();
    let file = state.path().join("components").join(format!("{}.wasm", first.digest));
    std::fs::write(&file, b"damaged").unwrap();
    let (second, new) = fixture.versions.upload(TRAP).await.unwrap();
    assert_eq!((second, new), (first, false));
    assert_eq!(std::fs::read(&file).unwrap(), TRAP);
}

#[tokio::test]
async fn a_component_that_does_not_fit_is_refused_with_its_fixes_and_not_kept() {
    let fixture = Fixture::new(None).await;
    for _ in 0..2 {
        let Err(LibraryError::Unfit(fit)) = fixture.versions.upload(FOREIGN_IMPORT).await else {
            panic!("it imports what the contract does not offer")
        };
        fit.rejections().for_each(|finding| russian::assert_russian(&finding.ru()));
        assert!(fit.rejections().count() > 0);
    }
    let Err(LibraryError::Unfit(fit)) = fixture.versions.upload(of_contract("0.1.0")).await else {
        panic!("it is of another contract")
    };
    assert!(fit.to_string().contains("made for version 0.1.0 of the contract, and this host needs 0.2.0"), "{fit}");
    let garbage = fixture.versions.upload(b"no component".as_slice()).await;
    assert!(matches!(garbage, Err(LibraryError::Unfit(_))), "{garbage:?}");
    let silent = fixture.versions.upload(ENDLESS_DESCRIBE).await;
    assert!(matches!(silent, Err(LibraryError::Undescribed(_))), "{silent:?}");
    assert_eq!(fixture.versions.components().len(), 1, "the configured one alone");
}

#[tokio::test]
async fn a_damaged_file_is_not_loaded() {
    let state = tempfile::tempdir().unwrap();
    let digest = Fixture::new(Some(state.path())).await.upload(TRAP).await;
    let file = state.path().join("components").join(format!("{digest}.wasm"));
    std::fs::write(&file, OPERATION).unwrap();
    let fixture = Fixture::new(Some(state.path())).await;
    let before = fixture.in_force();
    let refused = fixture.versions.activate(PLACEMENT, &digest, "test").await.unwrap_err().to_string();
    assert!(refused.contains("is damaged"), "{refused}");
    assert_eq!(fixture.in_force(), before);
}

#[tokio::test]
async fn the_oldest_that_is_not_in_use_makes_room() {
    let fixture = Fixture::new(None).await;
    let oldest = fixture.upload(&small(0)).await;
    fixture.versions.activate(PLACEMENT, &oldest, INSISTING).await.unwrap();
    let mut digests = Vec::new();
    for number in 1..=MOST_COMPONENTS {
        fixture.scene.advance(jiff::SignedDuration::from_secs(1));
        digests.push(fixture.upload(&small(number)).await);
    }
    assert!(fixture.versions.component(&oldest).is_some(), "it is in force");
    assert!(fixture.versions.component(&digests[0]).is_none(), "the oldest of the others");
    assert!(fixture.versions.component(&digests[1]).is_some());
}

/// A component that compiles fast, of any digest.
fn small(number: usize) -> Vec<u8> {
    let mut bytes = TRAP.to_vec();
    let name = format!("{number:04}");
    bytes.extend([0, 5, 4]);
    bytes.extend(name.as_bytes());
    bytes
}
