use super::*;
use call::Localized;

const FILE: &str = r#"[[integration]]
account = "https://example.amocrm.ru"

[[integration.employee]]
id = "anna"
amocrm_user = 504141
numbers = ["101"]

# Evenings
[[integration.employee]]
id = "boris"
amocrm_user = 504142
numbers = ["102"]

# The step
[[operation]]
linked_operation = "queue:sales"
exits = { absent = "queue:night" }
[operation.settings]
waiting_time = "3s"

[[operation]]
id = "second"
linked_operation = "queue:any"
"#;

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "lacks {from}: {text}");
    text.replace(from, to)
}

/// The text after a change and what was changed since, without the change.
fn undone(change: (&str, &str), since: (&str, &str)) -> String {
    let after = replaced(FILE, change.0, change.1);
    let now = replaced(&after, since.0, since.1);
    without(&now, (FILE, &after)).unwrap_or_else(|refused| panic!("{refused:?}")).expect("the change set keys")
}

fn refusal(change: (&str, &str), since: (&str, &str)) -> Localized {
    let after = replaced(FILE, change.0, change.1);
    match without(&replaced(&after, since.0, since.1), (FILE, &after)) {
        Err(NotChanged::Conflict(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_gets_what_it_had_whatever_stands_beside_it_since() {
    let linked = ("\"queue:sales\"\nexits", "\"queue:support\"\nexits");
    assert_eq!(
        undone(linked, ("{ absent = \"queue:night\" }", "{ caller = \"queue:hidden\" }")),
        replaced(FILE, "{ absent = \"queue:night\" }", "{ caller = \"queue:hidden\" }")
    );
    // One that the change set goes, and one that it took away comes back.
    let set = ("waiting_time = \"3s\"\n", "waiting_time = \"3s\"\nsearch_companies = true\n");
    assert_eq!(undone(set, ("\"3s\"", "\"2s\"")), replaced(FILE, "\"3s\"", "\"2s\""));
    let taken = ("exits = { absent = \"queue:night\" }\n", "");
    assert_eq!(
        undone(taken, ("\"queue:sales\"", "\"queue:support\"")),
        replaced(FILE, "\"queue:sales\"", "\"queue:support\"")
    );
    // The section that came with a key goes with it, unless another key is in it since.
    let section = ("id = \"second\"\n", "id = \"second\"\nsettings = { waiting_time = \"1s\" }\n");
    assert_eq!(undone(section, ("\"queue:any\"", "\"queue:all\"")), replaced(FILE, "\"queue:any\"", "\"queue:all\""));
    assert_eq!(
        undone(section, ("waiting_time = \"1s\"", "waiting_time = \"1s\", search_companies = true")),
        replaced(FILE, "id = \"second\"\n", "id = \"second\"\nsettings = { search_companies = true }\n")
    );
}

#[test]
fn an_employee_or_an_operation_goes_and_comes_back_at_its_place() {
    let boris = "# Evenings\n[[integration.employee]]\nid = \"boris\"\namocrm_user = 504142\nnumbers = [\"102\"]\n\n";
    for (taken, since) in [
        ((boris, ""), ("numbers = [\"101\"]", "numbers = [\"101\", \"+79035550101\"]")),
        (
            (
                "# The step\n[[operation]]\nlinked_operation = \"queue:sales\"\nexits = { absent = \"queue:night\" }\n[operation.settings]\nwaiting_time = \"3s\"\n\n",
                "",
            ),
            ("id = \"second\"\n", "id = \"second\"\nintegration = \"main\"\n"),
        ),
    ] {
        assert_eq!(undone(taken, since), replaced(FILE, since.0, since.1));
    }
    let vera = "[[integration.employee]]\nid = \"vera\"\namocrm_user = 504143\nnumbers = [\"103\"]\n\n";
    let added = ("# Evenings\n", &*format!("{vera}# Evenings\n"));
    assert_eq!(undone(added, ("# Evenings", "# Mornings")), replaced(FILE, "# Evenings", "# Mornings"));
    // The last employee of an integration.
    let before = replaced(FILE, boris, "");
    let anna = "[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\n";
    let after = replaced(&before, anna, "");
    let now = replaced(&after, "account =", "enabled = false\naccount =");
    assert_eq!(
        without(&now, (&before, &after)),
        Ok(Some(replaced(&before, "account =", "enabled = false\naccount =")))
    );
}

#[test]
fn what_was_changed_again_is_named_and_nothing_is_taken_back() {
    for (change, since, place, parts) in [
        (
            ("\"3s\"", "\"2s\""),
            ("\"2s\"", "\"4s\""),
            "[[operation]] `main`: `settings.waiting_time`",
            ("changed", "меняли"),
        ),
        (
            ("[\"102\"]", "[\"103\"]"),
            ("[\"103\"]", "[\"104\"]"),
            "[[integration]] `main`: [[integration.employee]] `boris`: `numbers`",
            ("changed", "меняли"),
        ),
        (
            (
                "[[operation]]\nid = \"second\"\n",
                "[[operation]]\nid = \"third\"\nlinked_operation = \"queue:any\"\n\n[[operation]]\nid = \"second\"\n",
            ),
            ("id = \"third\"\n", "id = \"third\"\nintegration = \"main\"\n"),
            "[[operation]] `third`",
            ("changed", "меняли"),
        ),
        (
            ("\"queue:any\"", "\"queue:all\""),
            ("[[operation]]\nid = \"second\"\nlinked_operation = \"queue:all\"\n", ""),
            "[[operation]] `second`",
            ("removed", "убрали"),
        ),
    ] {
        let said = refusal(change, since);
        assert!(said.en.starts_with(&format!("{place} was {}", parts.0)), "{said:?}");
        assert!(said.ru.contains(&format!("{} {place}:", parts.1)), "{said:?}");
    }
}

#[test]
fn what_has_its_former_value_already_stays_and_a_change_of_comments_alone_has_no_keys() {
    assert_eq!(undone(("\"3s\"", "\"2s\""), ("\"2s\"", "\"3s\" # again")), replaced(FILE, "\"3s\"", "\"3s\" # again"));
    let commented = replaced(FILE, "# Evenings", "# Mornings");
    assert_eq!(without(&commented, (FILE, &commented)), Ok(None));
    // Only people can edit what is written like this.
    let inline = "operation = [{ linked_operation = \"queue:sales\" }]\n";
    let after = replaced(inline, "sales", "support");
    assert_eq!(without(&after, (inline, &after)), Ok(None));
}

#[test]
fn line_ends_of_another_system_stay() {
    let before = FILE.replace('\n', "\r\n");
    let after = replaced(&before, "\"3s\"", "\"2s\"");
    let now = replaced(&after, "exits = { absent = \"queue:night\" }\r\n", "");
    let without = without(&now, (&before, &after)).unwrap().unwrap();
    assert_eq!(without, replaced(&before, "exits = { absent = \"queue:night\" }\r\n", ""));
}
