//! Component files that change.

use std::path::Path;
use std::sync::{Arc, Mutex};

use host_harness::OPERATION;
use node::watch::{self, Watch, Watched};

use crate::scene::{Fixture, PLACEMENT, until, variant};

type Lines = Arc<Mutex<Vec<String>>>;

fn start(fixture: &Fixture, file: &Path) -> (Watch, Lines) {
    let lines = Lines::default();
    let told = Arc::clone(&lines);
    let files = vec![Watched { placement: PLACEMENT.to_owned(), file: file.to_owned() }];
    let watch = watch::start(Arc::clone(&fixture.versions), files, move |line| told.lock().unwrap().push(line));
    (watch, lines)
}

async fn line(lines: &Lines, number: usize) -> String {
    until("a line", || async { lines.lock().unwrap().len() > number }).await;
    lines.lock().unwrap()[number].clone()
}

#[tokio::test]
async fn a_changed_file_is_put_in_force_and_one_that_does_not_fit_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("forward.wasm");
    std::fs::write(&file, OPERATION).unwrap();
    let fixture = Fixture::new(None).await;
    let before = fixture.in_force();
    let (_watch, lines) = start(&fixture, &file);
    // As editors and compilers do: written beside it, then renamed.
    let beside = directory.path().join("forward.tmp");
    std::fs::write(&beside, variant("two")).unwrap();
    std::fs::rename(&beside, &file).unwrap();
    let told = line(&lines, 0).await;
    let two = fixture.in_force();
    assert_ne!(two, before);
    assert!(told.starts_with(&format!("forward.wasm changed: sha256 {} in force", &two[..12])), "{told}");
    assert!(told.contains(" ms") && !told.contains('\n'), "{told}");
    assert_eq!(fixture.call("1").await.resolved.component(), &*two);
    // In place, and no component.
    std::fs::write(&file, b"\0asm and so on").unwrap();
    let told = line(&lines, 1).await;
    assert!(told.contains("the last good version stays") && !told.contains('\n'), "{told}");
    assert_eq!(fixture.in_force(), two);
    std::fs::write(&file, variant("three")).unwrap();
    assert!(line(&lines, 2).await.contains("in force"));
    assert_ne!(fixture.in_force(), two);
}

#[tokio::test]
async fn a_file_that_is_being_written_is_waited_for() {
    use std::io::Write;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("forward.wasm");
    std::fs::write(&path, OPERATION).unwrap();
    let fixture = Fixture::new(None).await;
    let (_watch, lines) = start(&fixture, &path);
    let bytes = variant("slow");
    let mut file = std::fs::File::create(&path).unwrap();
    for piece in bytes.chunks(bytes.len() / 8 + 1) {
        file.write_all(piece).unwrap();
        file.flush().unwrap();
        // The writer's own pace, which is what is tested.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    drop(file);
    until("the whole file in force", || async { lines.lock().unwrap().iter().any(|line| line.contains("in force")) })
        .await;
    assert_eq!(fixture.call("1").await.resolved.component(), &*fixture.in_force());
}
