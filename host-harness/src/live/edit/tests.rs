use std::collections::BTreeMap;

use server::configuration::NumberEdit;

use super::*;

const FILE: &str = r#"# Our telephones
[[integration]]
account = "https://example.amocrm.ru" # the account
token = "env:AMOCRM_TOKEN"
consider_manager_status = false # for now

[[integration.employee]]
id = "anna"   # the first
amocrm_user = 504141
numbers = ["101", { number = "+79035550101", ring_time = "25s" }]
presence = "never-seen"

# The step
[[operation]]
linked_operation = "queue:sales"   # the queue
exits = { absent = "queue:night" }
[operation.settings]
# Patience
waiting_time = "3s" # seconds
"#;

fn edit(edit: Edit) -> String {
    edited(FILE, &edit, None).unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

#[test]
fn an_operations_values_change_and_everything_around_them_stays() {
    let patch = OperationPatch {
        linked_operation: Some("queue:support".to_owned()),
        exits: BTreeMap::from([("absent".to_owned(), None), ("caller".to_owned(), Some("queue:hidden".to_owned()))]),
        settings: BTreeMap::from([("waiting_time".to_owned(), Some(text("2s")))]),
        ..OperationPatch::default()
    };
    let changed = FILE
        .replace("\"queue:sales\"   #", "\"queue:support\"   #")
        .replace("{ absent = \"queue:night\" }", "{ caller = \"queue:hidden\" }")
        .replace("\"3s\" #", "\"2s\" #");
    assert_eq!(edit(Edit::ChangeOperation("main".to_owned(), patch)), changed);
    let patch = OperationPatch { exits: BTreeMap::from([("absent".to_owned(), None)]), ..OperationPatch::default() };
    let changed = FILE.replace("exits = { absent = \"queue:night\" }\n", "");
    assert_eq!(edit(Edit::ChangeOperation("main".to_owned(), patch)), changed);
}

#[test]
fn a_table_on_one_line_is_written_tidily_when_keys_come_and_go() {
    let exits = |written: &str, change: &[(&str, Option<&str>)]| {
        let file = FILE.replace("{ absent = \"queue:night\" }", written);
        let exits = change.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect();
        let patch = OperationPatch { exits, ..OperationPatch::default() };
        let changed = edited(&file, &Edit::ChangeOperation("main".to_owned(), patch), None).unwrap();
        changed.lines().find(|line| line.starts_with("exits")).unwrap_or_default().to_owned()
    };
    let two = "{ absent = \"a\", caller = \"b\" }";
    assert_eq!(exits("{ absent = \"a\" }", &[("caller", Some("b"))]), format!("exits = {two}"));
    assert_eq!(exits(two, &[("caller", None)]), "exits = { absent = \"a\" }");
    assert_eq!(exits(two, &[("absent", None), ("exit", Some("c"))]), "exits = { caller = \"b\", exit = \"c\" }");
    assert_eq!(exits("{absent=\"a\"}", &[("absent", Some("b"))]), "exits = {absent=\"b\"}", "nothing came or went");
}

#[test]
fn operations_come_and_go() {
    let operation = NewOperation {
        id: "second".to_owned(),
        integration: None,
        component: None,
        linked_operation: "queue:any".to_owned(),
        exits: BTreeMap::from([("absent".to_owned(), "queue:night".to_owned())]),
        settings: BTreeMap::from([("search_companies".to_owned(), Scalar::Flag(true))]),
    };
    let added = edit(Edit::AddOperation(operation));
    assert_eq!(
        added,
        format!(
            "{FILE}\n[[operation]]\nid = \"second\"\nlinked_operation = \"queue:any\"\nexits = {{ absent = \"queue:night\" }}\n\
             settings = {{ search_companies = true }}\n"
        )
    );
    let gone = edited(&added, &Edit::RemoveOperation("second".to_owned()), None).unwrap();
    assert_eq!(gone, FILE);
    assert!(matches!(edited(FILE, &Edit::RemoveOperation("second".to_owned()), None), Err(NotChanged::Unknown(_))));
}

#[test]
fn o6_o7_an_integration_is_switched_where_its_keys_are_written() {
    let patch = IntegrationPatch {
        enabled: Some(Some(false)),
        configuration: BTreeMap::from([
            ("consider_manager_status".to_owned(), Some(text("true"))),
            ("manager_status_reuse_seconds".to_owned(), Some(Scalar::Number(30))),
            ("search".to_owned(), Some(text("wide"))),
        ]),
        time_zone: Some(Some("Asia/Omsk".to_owned())),
    };
    let changed = edit(Edit::ChangeIntegration("main".to_owned(), patch));
    for part in [
        "consider_manager_status = true # for now\n",
        "enabled = false\n",
        "manager_status_reuse = \"30s\"\n",
        "time_zone = \"Asia/Omsk\"\n",
        "configuration = { search = \"wide\" }\n",
        "account = \"https://example.amocrm.ru\" # the account\n",
    ] {
        assert!(changed.contains(part), "lacks {part}: {changed}");
    }
    let patch = IntegrationPatch { time_zone: Some(None), ..IntegrationPatch::default() };
    let back = edited(&changed, &Edit::ChangeIntegration("main".to_owned(), patch), None).unwrap();
    assert!(!back.contains("time_zone"), "{back}");
    for secret in ["env:HOME", "file:/etc/passwd"] {
        let configuration = BTreeMap::from([("key".to_owned(), Some(text(secret)))]);
        let patch = IntegrationPatch { configuration, ..IntegrationPatch::default() };
        let refused = edited(FILE, &Edit::ChangeIntegration("main".to_owned(), patch), None);
        assert!(matches!(refused, Err(NotChanged::Refused(_))), "{refused:?}");
    }
}

#[test]
fn employees_come_change_and_go_and_what_is_not_said_of_them_stays() {
    let number = |number: &str, ring_time: Option<&str>| NumberEdit {
        number: number.to_owned(),
        ring_time: ring_time.map(str::to_owned),
    };
    let employee = EmployeeEdit {
        name: Some("Анна Соколова".to_owned()),
        amocrm_user: 504_141,
        enabled: Some(false),
        numbers: vec![number("+79165550101", None), number("102", Some("20s"))],
        ring: None,
        deputy: None,
    };
    let put = |id: &str| Edit::PutEmployee("main".to_owned(), id.to_owned(), employee.clone());
    let changed = edit(put("anna"));
    let numbers = "numbers = [\"+79165550101\", { number = \"102\", ring_time = \"20s\" }]\n";
    for part in ["id = \"anna\"   # the first\n", numbers, "presence = \"never-seen\"\n", "enabled = false\n"] {
        assert!(changed.contains(part), "lacks {part}: {changed}");
    }
    let added = edit(put("boris"));
    let (anna, boris) = (added.find("\"anna\"").unwrap(), added.find("\"boris\"").unwrap());
    assert!(anna < boris && boris < added.find("[[operation]]").unwrap(), "{added}");
    let gone = edited(&added, &Edit::RemoveEmployee("main".to_owned(), "boris".to_owned()), None).unwrap();
    assert_eq!(gone, FILE);
}

#[test]
fn numbers_stay_as_they_were_written_with_the_comments_beside_them() {
    const NUMBERS: &str = "numbers = [\n  \"101\", # desk\n  # mobile is below\n  { number = \"+79035550101\", ring_time = \"25s\" }, # mobile\n]\n";
    let file = FILE.replace("numbers = [\"101\", { number = \"+79035550101\", ring_time = \"25s\" }]\n", NUMBERS);
    assert!(file.contains(NUMBERS));
    let number =
        |number: &str, ring_time: &str| NumberEdit { number: number.to_owned(), ring_time: Some(ring_time.to_owned()) };
    let put = |numbers: Vec<NumberEdit>| {
        let employee =
            EmployeeEdit { name: None, amocrm_user: 504_141, enabled: Some(true), numbers, ring: None, deputy: None };
        edited(&file, &Edit::PutEmployee("main".to_owned(), "anna".to_owned(), employee), None).unwrap()
    };
    // What `GET` tells, sent back, changes nothing.
    assert_eq!(put(vec![number("101", "20s"), number("+79035550101", "25s")]), file);
    let changed = put(vec![number("101", "20s"), number("+79035550101", "30s"), number("102", "20s")]);
    for part in [
        "\"101\", # desk\n  # mobile is below\n",
        "ring_time = \"30s\" }",
        "\n  { number = \"102\", ring_time = \"20s\" }",
    ] {
        assert!(changed.contains(part), "lacks {part}: {changed}");
    }
    assert!(put(vec![number("+79035550101", "25s")]).contains("# mobile is below"));
}

#[test]
fn comments_and_line_ends_of_people_stay() {
    let patch = |settings: &str| OperationPatch {
        settings: BTreeMap::from([(settings.to_owned(), None)]),
        ..OperationPatch::default()
    };
    let file = FILE.replace("[operation.settings]", "# All of it was measured\n[operation.settings] # see the wiki");
    let without = edited(&file, &Edit::ChangeOperation("main".to_owned(), patch("waiting_time")), None).unwrap();
    assert!(without.contains("# All of it was measured\n[operation.settings] # see the wiki"), "{without}");
    // An employee who was commented out is not a comment on the next one.
    let out = "#[[integration.employee]]\n#id = \"old\"\n\n";
    let file = FILE.replace("[[integration.employee]]\n", &format!("{out}# The best\n[[integration.employee]]\n"));
    let gone = edited(&file, &Edit::RemoveEmployee("main".to_owned(), "anna".to_owned()), None).unwrap();
    assert!(gone.contains("#id = \"old\"") && !gone.contains("# The best") && !gone.contains("anna"), "{gone}");
    assert!(gone.contains("# The step\n[[operation]]"), "{gone}");
    // Files of another system.
    let file = FILE.replace('\n', "\r\n");
    let patch = IntegrationPatch { enabled: Some(Some(false)), ..IntegrationPatch::default() };
    let changed = edited(&file, &Edit::ChangeIntegration("main".to_owned(), patch), None).unwrap();
    assert_eq!(changed.matches('\n').count(), changed.matches("\r\n").count());
    let gone = edited(&file, &Edit::RemoveEmployee("main".to_owned(), "anna".to_owned()), None).unwrap();
    assert!(!gone.contains("anna") && gone.contains("# The step\r\n"), "{gone}");
    let off = FILE.replace("numbers = [", "enabled = false # on leave until May\nnumbers = [");
    let employee = EmployeeEdit {
        name: None,
        amocrm_user: 504_141,
        enabled: Some(true),
        numbers: Vec::new(),
        ring: None,
        deputy: None,
    };
    let on = edited(&off, &Edit::PutEmployee("main".to_owned(), "anna".to_owned(), employee), None).unwrap();
    assert!(on.contains("enabled = true # on leave until May"), "{on}");
}

#[test]
fn null_takes_a_key_away_and_no_user_is_written_that_cannot_be() {
    let patch: OperationPatch = serde_json::from_str(r#"{"integration": null}"#).unwrap();
    let named = FILE.replace("[[operation]]\n", "[[operation]]\nintegration = \"main\"\n");
    assert_eq!(edited(&named, &Edit::ChangeOperation("main".to_owned(), patch), None).unwrap(), FILE);
    assert!(serde_json::from_str::<OperationPatch>(r#"{"linked_operation": null}"#).is_err());
    let patch: IntegrationPatch = serde_json::from_str(r#"{"enabled": null}"#).unwrap();
    let off = FILE.replace("token =", "enabled = false\ntoken =");
    assert_eq!(edited(&off, &Edit::ChangeIntegration("main".to_owned(), patch), None).unwrap(), FILE);
    for user in [0, u64::MAX] {
        let employee = EmployeeEdit {
            name: None,
            amocrm_user: user,
            enabled: None,
            numbers: Vec::new(),
            ring: None,
            deputy: None,
        };
        let put = Edit::PutEmployee("main".to_owned(), "anna".to_owned(), employee);
        let refused = edited(FILE, &put, None);
        assert!(
            matches!(&refused, Err(NotChanged::Refused(refusal)) if refusal.field.as_deref() == Some("/amocrm_user")),
            "{refused:?}"
        );
    }
}
