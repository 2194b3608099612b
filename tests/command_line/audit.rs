//! `audit`: findings before calls fail, an exit code for the gravest, JSON for programs.

use serde_json::Value;
use test_support::{ACCOUNT_TOKEN, Ended, Home};

use crate::amocrm::{Amocrm, LOOPBACK};

/// An account with one finding of each kind; `users` and `contacts` are TOML.
const ACCOUNT: &str = r#"
[[users]]
id = 1
name = "Anna"
is_admin = true
[[users]]
id = 2
name = "Boris"
[[users]]
id = 3
name = "Vera"
is_active = false

[[contacts]]
id = 11
responsible_user_id = 1
phones = ["+7 916 123-45-67"]
[[contacts]]
id = 12
responsible_user_id = 2
phones = ["8 (903) 555-01-12"]
[[contacts]]
id = 13
responsible_user_id = 3
phones = ["+79035550113"]
[[contacts]]
id = 14
responsible_user_id = 1
phones = ["555-01-14"]
"#;

const EMPLOYEES: &str = r#"
[[integration.employee]]
id = "anna"
amocrm_user = 1
numbers = ["101"]
[[integration.employee]]
id = "daria"
amocrm_user = 4
numbers = ["101"]
[[integration.employee]]
id = "egor"
amocrm_user = 3
"#;

fn scene(account: &str, employees: &str, fault: &[&str]) -> (Home, Amocrm) {
    let home = Home::new();
    home.write("account.toml", account);
    let amocrm = Amocrm::start(&home, &[&["--data", "account.toml"], fault].concat());
    home.write(
        "host-harness.toml",
        format!(
            "[[integration]]\naccount = \"{}\"\ntoken = \"env:AMOCRM_TOKEN\"\n{LOOPBACK}\n{employees}\n\
             [[operation]]\nlinked_operation = \"queue:support\"\n",
            amocrm.base_url
        ),
    );
    (home, amocrm)
}

fn audit(home: &Home, arguments: &[&str]) -> Ended {
    let mut command = home.command(["audit", "--config", "host-harness.toml", "--requests-per-second", "50"]);
    Ended::of(command.args(arguments).env("AMOCRM_TOKEN", ACCOUNT_TOKEN).output().expect("the binary starts"))
}

fn kinds(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["kind"].as_str().expect("a kind")).collect()
}

#[test]
fn d02_an_odd_answer_hides_nothing_from_the_audit() {
    for oddity in amocrm_simulator::Oddity::ALL {
        let (home, _amocrm) = scene(ACCOUNT, EMPLOYEES, &["--fault", &format!("odd={oddity}")]);
        let report: Value = serde_json::from_str(&audit(&home, &["--json"]).stdout).expect("JSON");
        assert_eq!((&report["contacts"], kinds(&report).len()), (&4.into(), 6), "{oddity}: {report}");
        let unreadable = if oddity == amocrm_simulator::Oddity::OddEntry { 4 } else { 0 };
        assert_eq!(report["unreadable"], unreadable, "{oddity}");
    }
}

#[test]
fn every_kind_of_finding_is_listed_the_gravest_first_and_gives_the_exit_code() {
    let (home, amocrm) = scene(ACCOUNT, EMPLOYEES, &[]);
    let ended = audit(&home, &["--json"]);
    ended.assert(10, &[]);
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(
        kinds(&report),
        [
            "owner-without-employee",
            "deactivated-owner",
            "employee-without-number",
            "employee-of-nobody",
            "shared-number",
            "phone-not-matched",
        ]
    );
    assert_eq!((&report["version"], &report["users"], &report["contacts"]), (&1.into(), &3.into(), &4.into()));
    let ended = audit(&home, &[]);
    ended.assert(10, &[]).assert_prints(&[
        "Checked: 3 users, 4 contacts (0 without a telephone number)",
        "amoCRM user 2 (Boris) owns contacts (1) and is mapped to no employee: add an [[integration.employee]] with amocrm_user = 2",
        "amoCRM user 3 (Vera) is deactivated or deleted and still owns contacts (1)",
        "employee egor (amoCRM user 3) has no numbers",
        "employee daria is mapped to amoCRM user 4, who does not exist",
        "number 101 is shared by employees anna, daria",
        "contact 14: its number lacks the area code",
        "Findings: 6",
    ]);
    assert!(!ended.stdout.contains("555"), "no contact's number is shown: {ended:?}");
    audit(&home, &["--lang", "ru"]).assert(10, &[]).assert_prints(&["Замечаний: 6"]);
    let paths = amocrm.requests()["requests"].as_array().expect("requests").clone();
    assert!(paths.iter().all(|request| request["method"] == "GET"), "an audit changes nothing");
}

#[test]
fn each_kind_alone_has_its_own_exit_code() {
    const USERS: &str =
        "[[users]]\nid = 1\nname = \"Anna\"\nis_admin = true\n[[users]]\nid = 2\nname = \"B\"\nis_active = false\n";
    let contact = |owner: u64, phone: &str| {
        format!("{USERS}[[contacts]]\nid = 1\nresponsible_user_id = {owner}\nphones = [\"{phone}\"]\n")
    };
    let employee = |user: u64, numbers: &str| {
        format!("[[integration.employee]]\nid = \"e{user}\"\namocrm_user = {user}\nnumbers = {numbers}\n")
    };
    let anna = employee(1, "[\"101\"]");
    for (code, account, employees) in [
        (0, contact(1, "+79161234567"), anna.clone()),
        (10, contact(1, "+79161234567"), String::new()),
        (11, contact(2, "+79161234567"), anna.clone()),
        (12, contact(1, "+79161234567"), employee(1, "[]")),
        (13, contact(1, "+79161234567"), format!("{anna}{}", employee(9, "[\"109\"]"))),
        (14, contact(1, "+79161234567"), format!("{anna}{}", employee(2, "[\"101\"]"))),
        (15, contact(1, "12"), anna.clone()),
    ] {
        let (home, _amocrm) = scene(&account, &employees, &[]);
        audit(&home, &[]).assert(code, &[]);
    }
}

#[test]
fn a_long_account_is_read_to_its_end_and_a_page_that_fails_for_the_moment_is_asked_for_again() {
    let contacts = |number: u64| {
        format!("[[contacts]]\nid = {number}\nresponsible_user_id = 1\nphones = [\"+7916{number:07}\"]\n")
    };
    let account =
        (1..=620).map(contacts).fold("[[users]]\nid = 1\nname = \"Anna\"\n".to_owned(), |all, one| all + &one);
    let anna = "[[integration.employee]]\nid = \"anna\"\namocrm_user = 1\nnumbers = [\"101\"]\n";
    let (home, amocrm) = scene(&account, anna, &["--fault", "contacts:status=502,skip=1,times=1"]);
    audit(&home, &[]).assert(0, &[]).assert_prints(&["620 contacts", "Nothing found"]);
    assert_eq!(amocrm.requests()["count"], 5, "users, three pages of contacts, one of them twice");
}

#[test]
fn what_stands_in_the_way_is_said_with_its_fix() {
    let no_admin = format!("[behaviour]\nadmin_token = false\n{ACCOUNT}");
    let (home, _amocrm) = scene(&no_admin, EMPLOYEES, &[]);
    audit(&home, &[]).assert(2, &["users", "403", "administrator"]);
    let (home, _amocrm) = scene(ACCOUNT, EMPLOYEES, &["--fault", "users:unauthorized-401"]);
    audit(&home, &[]).assert(2, &["users", "401", "token"]);
    let (home, _amocrm) = scene(ACCOUNT, EMPLOYEES, &["--fault", "contacts:wrong-shape"]);
    audit(&home, &[]).assert(2, &["contacts", "not a list"]);
}

#[test]
fn without_a_configuration_the_demonstration_is_audited() {
    Home::new().run(["audit"]).assert(10, &[]).assert_prints(&["504144", "employee daria"]);
}
