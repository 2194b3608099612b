//! `widget`: the archive that an administrator uploads to amoCRM, and archives held against its rules.

use test_support::Home;

const OAUTH: &str = "[[integration]]\nid = \"main\"\naccount = \"https://example.amocrm.ru\"\nclient_id = \"5a2f9c04\"\n\
    client_secret = \"file:secret\"\nredirect_uri = \"https://pbx.example.ru/\"\n";
const LONG_LIVED: &str =
    "[[integration]]\nid = \"north\"\naccount = \"https://north.amocrm.ru\"\ntoken = \"file:secret\"\n";
const OPERATION: &str = "[[operation]]\nintegration = \"main\"\nlinked_operation = \"queue:sales\"\n";

fn home(integrations: &str) -> Home {
    let home = Home::bare();
    home.write_secret("secret", "a-client-secret-0123456789");
    home.write("host-harness.toml", format!("{integrations}{OPERATION}"));
    home
}

fn made(home: &Home, arguments: &[&str]) -> Vec<u8> {
    let make = ["widget", "--server", "https://pbx.example.ru"];
    home.run(make.iter().chain(arguments)).assert(0, &[]).assert_prints(&["widget.zip: ", "sha256:"]);
    std::fs::read(home.path("widget.zip")).expect("the archive")
}

#[test]
fn the_archive_is_made_twice_the_same_and_would_be_taken() {
    let home = home(OAUTH);
    let first = made(&home, &["--integration", "main", "widget.zip"]);
    home.run(["widget", "--check", "widget.zip"]).assert(0, &[]).assert_prints(&["nothing that would be refused"]);
    assert_eq!(made(&home, &[]), first);
    assert_ne!(made(&home, &["--kommo"]), first);
    home.run(["widget", "--check", "widget.zip", "--kommo"]).assert(0, &[]);
    // Made for Kommo it has no Russian, which amoCRM needs.
    let ended = home.run(["widget", "--check", "widget.zip"]);
    ended.assert(7, &[]).assert_prints(&["i18n/ru.json: the platform's own language is missing; add it"]);
}

#[test]
fn what_no_widget_can_be_made_for_is_said_with_its_fix() {
    let both = home(&format!("{OAUTH}{LONG_LIVED}"));
    for (arguments, parts) in [
        (&["--server", "http://pbx.example.ru", "--integration", "main"][..], &["https://", "certificate"][..]),
        (&["--server", "pbx.example.ru", "--integration", "main"], &["https://pbx.example.ru"]),
        (&["--server", "https://pbx.example.ru", "--integration", "south"], &["`main`, `north`"]),
        (&["--server", "https://pbx.example.ru", "--integration", "north"], &["`north`", "client_id", "client_secret"]),
        (&["--server", "https://pbx.example.ru"], &["several integrations", "--integration"]),
        (
            &["--server", "https://pbx.example.ru", "--integration", "main", "--support-email", "nobody"],
            &["support.email"],
        ),
        (&["--integration", "main"], &["--server"]),
        (&["--check", "none.zip"], &["none.zip", "check the path"]),
        (&["--check", "none.zip", "--server", "https://pbx.example.ru"], &["--check", "--server"]),
    ] {
        both.run(["widget"].iter().chain(arguments)).assert(2, parts);
        assert!(!both.path("widget.zip").exists(), "{arguments:?}");
    }
}

#[test]
fn an_administrator_is_answered_in_russian() {
    let home = home(&format!("{OAUTH}{LONG_LIVED}"));
    let make = ["widget", "--lang", "ru", "--server"];
    for (arguments, part) in [
        (&["http://pbx.example.ru", "--integration", "main"][..], "адрес должен начинаться с https://"),
        (&["https://pbx.example.ru"], "интеграций несколько; укажите одну из `main`, `north`"),
        (&["https://pbx.example.ru", "--integration", "south"], "интеграции с таким именем нет"),
        (&["https://pbx.example.ru", "--integration", "north"], "нет `client_id` и `client_secret`"),
    ] {
        home.run(make.iter().chain(arguments)).assert(2, &[part]);
    }
    home.run(make.iter().chain(&["https://pbx.example.ru", "--integration", "main"]))
        .assert(0, &[])
        .assert_prints(&["widget.zip: байт: "]);
    home.run(["widget", "--lang", "ru", "--check", "widget.zip"]).assert(0, &[]).assert_prints(&["не найдено"]);
    home.write("widget.zip", "no archive");
    let ended = home.run(["widget", "--lang", "ru", "--check", "widget.zip"]);
    ended.assert(7, &[]).assert_prints(&["это не архив zip", "упакуйте файлы виджета в архив zip заново"]);
    home.run(["widget", "--lang", "ru", "--check", "none.zip"])
        .assert(2, &["none.zip не читается", "нет такого файла"]);
}

#[test]
fn exit_7_is_for_an_archive_that_would_be_refused_and_each_finding_names_its_fix() {
    let home = home(OAUTH);
    home.write("widget.zip", "no archive");
    home.run(["widget", "--check", "widget.zip"])
        .assert(7, &[])
        .assert_prints(&["not a zip archive", "pack the widget's files"]);
    let archive = made(&home, &[]);
    home.write("ours.zip", archive);
    home.run(["widget", "--check", "ours.zip"]).assert(7, &[]).assert_prints(&["not called widget.zip", "rename it"]);
}
