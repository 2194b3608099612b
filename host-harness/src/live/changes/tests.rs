use super::*;
use server::configuration::By;

fn author() -> Author {
    Author { name: Some("anna".to_owned()), by: By::Api }
}

fn text(line: &str, other: &str) -> String {
    format!("# The first line\n{line}\n\n\n\n\n\n\n{other}\n")
}

#[test]
fn changes_are_kept_with_their_differences_over_a_restart_and_this_users_alone() {
    let state = tempfile::tempdir().unwrap();
    let (mut changes, warnings) = Changes::open(Some(state.path()));
    assert!(warnings.is_empty());
    for text in [text("a = 1", "b = 1"), text("a = 2", "b = 1"), text("a = 2", "b = 1"), text("a = 2", "b = 2")] {
        changes.record(&text, author(), Timestamp::UNIX_EPOCH).unwrap();
    }
    // A line that broke off.
    locked(&state.path().join(FILE))
        .unwrap()
        .write_all("{\"number\":9,\"text\":\"п".as_bytes().split_last().unwrap().1)
        .unwrap();
    let (mut changes, _) = Changes::open(Some(state.path()));
    changes.note(Localized::new("сделано", "done"), author(), Timestamp::UNIX_EPOCH).unwrap();
    let (mut changes, _) = Changes::open(Some(state.path()));
    assert_eq!(changes.page(None, 1).0[0].number, 3, "it takes no other with it");
    let (page, next) = changes.page(Some(3), 1);
    assert_eq!((page.len(), page[0].number, next), (1, 2, Some(2)));
    assert!(page[0].difference.contains("-b = 1\n+b = 2"), "{}", page[0].difference);
    let (page, next) = changes.page(next, 1);
    assert_eq!((page[0].number, page[0].author.as_deref(), next), (1, Some("anna"), None));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_change_is_taken_back_alone_unless_it_was_changed_again() {
    let (mut changes, _) = Changes::open(None);
    for text in [text("a = 1", "b = 1"), text("a = 2", "b = 1"), text("a = 2", "b = 2"), text("a = 3", "b = 2")] {
        changes.record(&text, author(), Timestamp::UNIX_EPOCH).unwrap();
    }
    let now = text("a = 3", "b = 2");
    assert_eq!(changes.without(2, &now), Ok(text("a = 3", "b = 1")));
    assert_eq!(changes.without(3, &now), Ok(text("a = 2", "b = 2")));
    assert!(matches!(changes.without(1, &now), Err(NotChanged::Conflict(_))));
    assert!(matches!(changes.without(0, &now), Err(NotChanged::Unknown(_))), "what was there at first is not a change");
    assert!(matches!(changes.without(9, &now), Err(NotChanged::Unknown(_))));
}

/// Lines that read alike are no reason to change another section.
#[test]
fn a_change_is_taken_back_in_its_own_section_wherever_that_stands() {
    let section = |id: &str, time: &str| {
        format!(
            "[[operation]]\nid = \"{id}\"\nlinked_operation = \"queue:sales\"\nsettings = {{ waiting_time = \"{time}\" }}\n\n"
        )
    };
    let (mut changes, _) = Changes::open(None);
    let before = section("day", "3s") + &section("night", "4s");
    let after = section("day", "4s") + &section("night", "4s");
    let moved = section("night", "4s") + &section("day", "4s");
    for text in [&before, &after, &moved] {
        changes.record(text, author(), Timestamp::UNIX_EPOCH).unwrap();
    }
    assert_eq!(changes.without(1, &moved), Ok(section("night", "4s") + &section("day", "3s")));
}

#[test]
fn what_was_done_beside_the_text_is_kept_and_not_taken_back() {
    let state = tempfile::tempdir().unwrap();
    let (mut changes, _) = Changes::open(Some(state.path()));
    changes.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    let what = Localized::new("сделано", "done");
    changes.note(what.clone(), author(), Timestamp::UNIX_EPOCH).unwrap();
    changes.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    changes.record("a = 2\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    let (mut changes, _) = Changes::open(Some(state.path()));
    let (page, next) = changes.page(None, 9);
    assert_eq!((page.len(), next), (2, None));
    assert!(page[0].difference.contains("-a = 1\n+a = 2") && page[0].what.is_none(), "{:?}", page[0]);
    assert_eq!((page[1].number, &page[1].difference, &page[1].what), (1, &String::new(), &Some(what)));
    assert_eq!(page[1].revision, revision_of("a = 1\n"));
    assert!(matches!(changes.without(1, "a = 2\n"), Err(NotChanged::Conflict(_))));
    assert_eq!(changes.without(2, "a = 2\n"), Ok("a = 1\n".to_owned()));
    // What a command notes beside the server is known to both.
    let (mut command, _) = Changes::open(Some(state.path()));
    command.note(Localized::new("приказано", "told"), author(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(changes.page(None, 1).0[0].what.as_ref().unwrap().en, "told");
    changes.record("a = 3\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    let numbers: Vec<_> = command.page(None, 9).0.iter().map(|change| change.number).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    // A command may be the first of all; the text that comes then is what was there at first.
    let empty = tempfile::tempdir().unwrap();
    let (mut command, _) = Changes::open(Some(empty.path()));
    command.note(Localized::new("приказано", "told"), author(), Timestamp::UNIX_EPOCH).unwrap();
    command.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(Changes::open(Some(empty.path())).0.page(None, 9).0.len(), 1);
    // Where there is no file there is no text either.
    let (mut demonstration, _) = Changes::open(None);
    demonstration.note(Localized::new("сделано", "done"), author(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(demonstration.page(None, 9).0.len(), 1);
}

#[test]
fn the_record_is_bounded_and_so_is_its_file() {
    let state = tempfile::tempdir().unwrap();
    let (mut changes, _) = Changes::open(Some(state.path()));
    for number in 0..MOST + 3 * SLACK {
        changes.record(&number.to_string(), author(), Timestamp::UNIX_EPOCH).unwrap();
    }
    let lines = fs::read_to_string(state.path().join(FILE)).unwrap().lines().count();
    assert!((MOST..=MOST + 1 + SLACK).contains(&lines), "{lines}");
    let (mut again, _) = Changes::open(Some(state.path()));
    let (page, next) = again.page(None, MOST * 2);
    assert_eq!((page.len(), next), (MOST, None));
    // By size.
    for number in 0..20 {
        changes.record(&number.to_string().repeat(1024 * 1024), author(), Timestamp::UNIX_EPOCH).unwrap();
    }
    assert!(changes.bytes <= MOST_BYTES && !changes.page(None, 100).0.is_empty());
}

#[test]
fn the_text_that_the_oldest_change_was_made_in_stays_whatever_was_done_since() {
    let (mut changes, _) = Changes::open(None);
    changes.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    for _ in 0..2 * MOST {
        changes.note(Localized::new("сделано", "done"), author(), Timestamp::UNIX_EPOCH).unwrap();
    }
    assert_eq!((changes.text(), changes.bytes), (Some("a = 1\n"), 6));
    let (page, next) = changes.page(None, MOST * 2);
    assert_eq!((page.len(), next, page[0].revision.as_str()), (MOST, None, revision_of("a = 1\n").as_str()));
    changes.record("a = 2\n", author(), Timestamp::UNIX_EPOCH).unwrap();
    assert!(changes.page(None, 1).0[0].difference.contains("-a = 1\n+a = 2"));
}
