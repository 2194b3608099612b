//! Wrong configuration files: exit code 2, and a message that names the file, the key, the value and the fix, and never a token.

use call::one_line::is_hidden;
use test_support::{ACCOUNT_TOKEN, CALLER, Home, russian};

const INTEGRATION: &str = "[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"file:token\"\n";
const OPERATION: &str = "[[operation]]\nlinked_operation = \"queue:sales\"\n";
const EMPLOYEE: &str = "[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\n";

/// Runs a call with this file as its configuration, and asserts how it is refused.
fn assert_refused(home: &Home, text: &str, arguments: &[&str], parts: &[&str]) {
    home.write("host-harness.toml", text);
    let ended = home.run(["call", CALLER, "--config", "host-harness.toml"].iter().chain(arguments));
    assert!(ended.stdout.is_empty(), "{ended:?}");
    ended.assert(2, &["error: ", "host-harness.toml"]).assert(2, parts);
    let call = ["call", CALLER, "--config", "host-harness.toml", "--lang", "ru"];
    let in_russian = home.run(call.iter().chain(arguments));
    assert_eq!(in_russian.code, Some(2), "{in_russian:?}");
    russian::assert_says_the_same(&in_russian.stderr, &ended.stderr);
}

#[test]
fn every_mistake_in_the_file_is_refused_with_the_key_and_the_fix() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    let both = |more: &str| format!("{INTEGRATION}{more}\n{OPERATION}");
    let account =
        |account: &str| format!("[[integration]]\naccount = \"{account}\"\ntoken = \"file:token\"\n{OPERATION}");
    for (text, parts) in [
        // Structure.
        (String::new(), &["no operation", "`[[operation]]`", "`[[integration]]`", "`account`"][..]),
        (OPERATION.to_owned(), &["[[integration]] `main`", "`amocrm_base_url`", "is missing", "`account` and `token`"]),
        (INTEGRATION.to_owned(), &["no placed operation", "`[[operation]]`", "`linked_operation`"]),
        (both("ring = 5"), &["line 4", "unknown field `ring`", "expected one of", "`enabled`"]),
        (both("[operation]\nlinked_operation = \"a\""), &["duplicate key"]),
        (format!("{INTEGRATION}[operation]\nlinked_operation = \"a\""), &["`operation`", "double brackets"]),
        (format!("{INTEGRATION}{OPERATION}{OPERATION}"), &["[[operation]]", "two have the id `main`", "its own `id`"]),
        (format!("{INTEGRATION}[[operation]]\n"), &["missing field `linked_operation`"]),
        (
            format!("{INTEGRATION}[[operation]]\nlinked_operation = \" \""),
            &["`linked_operation` is empty", "name where"],
        ),
        (format!("{INTEGRATION}{OPERATION}integration = \"kommo\""), &["`integration` = `kommo`", "not the id of any"]),
        // The account and its access.
        (
            format!("[[integration]]\ntoken = \"file:token\"\n{OPERATION}"),
            &["`account` is missing", "account = \"https://example.amocrm.ru\""],
        ),
        (
            account("example.amocrm.ru"),
            &["`account`", "begins with https://", "account = \"https://example.amocrm.ru\""],
        ),
        (
            account("http://example.org"),
            &["`account` = `http://example.org", "use https://", "plain_http = \"granted\""],
        ),
        (both("private_addresses = true"), &["line 4", "private_addresses`", "write \"granted\""]),
        (
            both("granted = [\"https://a.example/path\"]"),
            &["`granted`", "leave the path out", "[\"https://example.org\"]"],
        ),
        // Switches.
        (both("enabled = \"yes\""), &["line 4", "enabled`", "\"yes\"", "expected a boolean"]),
        (
            both("default_country_code = 1000"),
            &["[[integration]] `main`", "`default_country_code` = `1000`", "from 1 to 999"],
        ),
        (both("account_requests = [\"WRITE /\"]"), &["`account_requests`: `WRITE /`", "\"POST /api/v4/leads\""]),
        (both("requests_per_second = 0"), &["`requests_per_second` = 0", "from 1 to 50", "allows an integration 7"]),
        (both("requests_per_second = 51"), &["`requests_per_second` = 51", "from 1 to 50"]),
        (both("requests_per_second = 500"), &["`requests_per_second` = 500", "from 1 to 50"]),
        (both("requests_per_second = -1"), &["`requests_per_second` = -1", "from 1 to 50"]),
        (both("manager_status_reuse = \"soon\""), &["`manager_status_reuse` = `soon`", "`30s`"]),
        (both("manager_status_reuse = \"301s\""), &["`manager_status_reuse_seconds` = `301`", "from 0 to 300"]),
        (both("webhook_key = \"a-key-that-stands-in-the-file\""), &["`webhook_key`", "env:"]),
        (both("default_country_code = 0"), &["`default_country_code` = `0`", "from 1 to 999"]),
        (both("default_country_code = -1"), &["`default_country_code` = `-1`", "from 1 to 999"]),
        (
            both("[integration.configuration]\nconsider_manager_status = \"yes\""),
            &["[[integration]] `main`", "`consider_manager_status` = `yes`", "`true` or `false`"],
        ),
        (
            both("[integration.configuration]\nconsider_status = true"),
            &["`consider_status`: unknown", "`consider_manager_status`, `default_country_code`"],
        ),
        (both("[integration.configuration]\ndefault_country_code = 7.5"), &["`default_country_code` must be a text"]),
        (
            both("default_country_code = 7\n[integration.configuration]\ndefault_country_code = 7"),
            &["both `default_country_code`", "keep one of them"],
        ),
        (
            both("manager_status_reuse = \"30s\"\n[integration.configuration]\nmanager_status_reuse_seconds = 30"),
            &["both `manager_status_reuse` and `manager_status_reuse_seconds`", "keep one of them"],
        ),
        // Employees.
        (both(&format!("{EMPLOYEE}numbers = [\"1o1\"]")), &["employee `anna`", "`numbers`: `1o1`", "write digits"]),
        (
            both(&format!("{EMPLOYEE}numbers = [{{ number = \"101\", ring_time = \"121s\" }}]")),
            &["employee `anna`", "`ring_time` = `121s`", "`101`", "from 5 s to 120 s", "`20s`"],
        ),
        (both(&format!("{EMPLOYEE}numbers = [101]")), &["line 7", "numbers[0]`", "`101`", "a number such as \"101\""]),
        (both(&format!("{EMPLOYEE}presence = \"now\"")), &["presence`", "`never-seen` or a time such as"]),
        (
            both(&format!("{EMPLOYEE}presence = 2026-11-22T09:00:00+03:00")),
            &["line 7", "presence` is written as a date or a time", "put it in quotes"],
        ),
        (both("enabled = 2026-11-22"), &["line 4", "enabled` is written as a date", "put it in quotes"]),
        (both(&format!("{EMPLOYEE}name = 09:00:00")), &["line 7", "name` is written as a date or a time"]),
        (both(&format!("{EMPLOYEE}{EMPLOYEE}")), &["employee `anna`", "same `id`", "give each its own"]),
        (
            both(&format!("{EMPLOYEE}{}", EMPLOYEE.replace("anna", "boris"))),
            &["employee `boris`", "`amocrm_user` = 504141", "mapped to `anna` already", "to one employee"],
        ),
        (both(&format!("{EMPLOYEE}deputy = 504142")), &["line 7", "deputy`", "expected a string"]),
    ] {
        assert_refused(&home, &text, &[], parts);
    }
    home.run(["call", CALLER, "--config", "none.toml"]).assert(2, &["none.toml", "check the path"]);
}

#[test]
fn a_number_that_stands_in_the_wrong_place_is_masked() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    for (text, part) in [
        (format!("{INTEGRATION}{EMPLOYEE}numbers = [79165550101]\n{OPERATION}"), "numbers[0]`"),
        (format!("{INTEGRATION}{}\n{OPERATION}", EMPLOYEE.replace("504141", "\"+79165550101\"")), "amocrm_user`"),
        (format!("{INTEGRATION}{OPERATION}id = 79165550101\n"), "id`"),
        (format!("{INTEGRATION}\"+79165550101\" = 1\n{OPERATION}"), "unknown field"),
    ] {
        home.write("host-harness.toml", text);
        let said = home.run(["config", "check"]);
        said.assert(2, &[part]);
        for said in [said.stderr, home.run(["config", "check", "--lang", "ru"]).stderr] {
            assert!(!said.contains("9165550101"), "{said}");
        }
    }
}

#[test]
fn e4_deputies_who_are_nobody_oneself_or_a_circle_are_refused_with_their_names() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    let employees = |deputies: &[(&str, &str)]| {
        let one = |(number, (id, deputy)): (usize, &(&str, &str))| {
            format!("[[integration.employee]]\nid = \"{id}\"\namocrm_user = {}\ndeputy = \"{deputy}\"\n", 7 + number)
        };
        let all: String = deputies.iter().enumerate().map(one).collect();
        format!("{INTEGRATION}{all}{OPERATION}")
    };
    for (deputies, parts) in [
        (
            &[("anna", "bob")][..],
            &["employee `anna`", "`deputy` = `bob`", "there is no such employee", "write the `id`"][..],
        ),
        (&[("anna", "")], &["employee `anna`", "`deputy` = ``", "there is no such employee"]),
        (&[("anna", "anna")], &["employee `anna`", "`deputy` = `anna`", "nobody stands in for himself"]),
        (&[("anna", "boris"), ("boris", "anna")], &["employee `anna`", "a circle, `anna` → `boris` → `anna`"]),
        (
            &[("anna", "vera"), ("boris", "vera"), ("vera", "gleb"), ("gleb", "boris")],
            &["employee `boris`", "a circle, `boris` → `vera` → `gleb` → `boris`", "another deputy, or none"],
        ),
    ] {
        assert_refused(&home, &employees(deputies), &[], parts);
    }
}

#[test]
fn what_is_not_seen_is_refused_wherever_people_are_to_read_it() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    let both = |more: &str| format!("{INTEGRATION}{more}\n{OPERATION}");
    // Direction, an escape, a line break, nothing at all.
    for (escape, code) in [("\\u202e", "U+202E"), ("\\u001b[2J", "U+001B"), ("\\n", "U+000A"), ("\\u200b", "U+200B")] {
        let employee = EMPLOYEE.replace("anna", &format!("an{escape}na"));
        for (text, key) in [
            (format!("{INTEGRATION}{OPERATION}id = \"ma{escape}in\"\n"), "`id`"),
            (both(&format!("id = \"ma{escape}in\"")), "`id`"),
            (format!("{INTEGRATION}{}", OPERATION.replace("sales", &format!("sa{escape}les"))), "`linked_operation`"),
            (both(&employee), "`id`"),
            (both(&format!("{EMPLOYEE}name = \"An{escape}na\"")), "`name`"),
        ] {
            assert_refused(
                &home,
                &text,
                &[],
                &[&format!("{key} has a character that is not seen ({code})"), "write it again"],
            );
        }
        assert_refused(&home, &both(&format!("{EMPLOYEE}numbers = [\"1{escape}01\"]")), &[], &["cannot be dialled"]);
        // One line, and nothing in it that a terminal would obey.
        let said = home.run(["call", CALLER, "--config", "host-harness.toml"]).stderr;
        assert_eq!(said.lines().count(), 1, "{said:?}");
        assert!(!said.trim_end().contains(is_hidden), "{said:?}");
    }
}

#[test]
fn one_of_several_operations_has_to_be_named() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    let two = format!("{INTEGRATION}{OPERATION}{OPERATION}id = \"support\"\n");
    assert_refused(&home, &two, &[], &["several placed operations", "`main`, `support`", "--operation"]);
    assert_refused(&home, &two, &["--operation", "night"], &["no placed operation `night`", "`main`, `support`"]);
}

#[test]
fn settings_are_judged_by_the_operation_that_they_are_for() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    let with = |settings: &str| format!("{INTEGRATION}{OPERATION}settings = {settings}\n");
    let unknown = with("{ waiting = \"3s\" }");
    assert_refused(&home, &unknown, &[], &["`waiting` = `3s`", "unknown", "`waiting_time`, `several_contacts`"]);
    let out_of_bounds = with("{ waiting_time = \"31s\" }");
    assert_refused(&home, &out_of_bounds, &[], &["`waiting_time` = `31s`", "500ms to 30s", "for example 3s"]);
    assert_refused(&home, &with("{ waiting_time = 3.5 }"), &[], &["line 6", "`waiting_time`", "must be a text"]);
}

#[test]
fn a_source_of_the_token_that_cannot_be_read_is_named_with_the_fix() {
    let home = Home::new();
    home.write("empty", "\n");
    for (source, parts) in [
        ("env:AMOCRM_TOKEN", &["environment variable AMOCRM_TOKEN is not set", "set it"][..]),
        ("env:", &["env:", "env:ACCESS_TOKEN"]),
        ("file:none", &["secret file", "none", "check that it exists"]),
        ("file:empty", &["empty", "put the secret there"]),
    ] {
        let text =
            format!("[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"{source}\"\n{OPERATION}");
        assert_refused(&home, &text, &[], &["[[integration]] `main`: `token`"]);
        assert_refused(&home, &text, &[], parts);
    }
}

/// The token where it must not be, in every way that a hurried hand may put it there. That no message repeats it is asserted wherever a
/// process of these tests ends.
#[test]
fn a_token_in_the_file_is_refused_and_never_repeated() {
    let home = Home::new();
    home.write("token", "a-secret-token\n");
    let token = |line: &str| format!("[[integration]]\naccount = \"https://example.amocrm.ru\"\n{line}\n{OPERATION}");
    let both = |more: &str| format!("{INTEGRATION}{more}\n{OPERATION}");
    for (text, parts) in [
        (
            token(&format!("token = \"{ACCOUNT_TOKEN}\"")),
            &["`token`", "never written inline", "env:NAME", "file:/path"][..],
        ),
        (token(&format!("token = {{ value = \"{ACCOUNT_TOKEN}\" }}")), &["`token`", "never written inline"]),
        (token(&format!("token = [\"{ACCOUNT_TOKEN}\"]")), &["`token`", "never written inline"]),
        (token(&format!("token = \"Bearer {ACCOUNT_TOKEN}\"")), &["`token`", "never written inline"]),
        (token(&format!("token = \"env:{ACCOUNT_TOKEN}\"")), &["`token`", "env:ACCESS_TOKEN"]),
        // An unknown key.
        (token(&format!("access_token = \"{ACCOUNT_TOKEN}\"")), &["line 3", "unknown field `access_token`", "`token`"]),
        (format!("token = \"{ACCOUNT_TOKEN}\"\n{INTEGRATION}{OPERATION}"), &["line 1", "unknown field `token`"]),
        (both(&format!("{EMPLOYEE}token = \"{ACCOUNT_TOKEN}\"")), &["line 7", "unknown field `token`"]),
        (format!("{INTEGRATION}{OPERATION}token = \"{ACCOUNT_TOKEN}\""), &["line 6", "unknown field `token`"]),
        // The wrong key.
        (
            format!("[[integration]]\naccount = \"{ACCOUNT_TOKEN}\"\ntoken = \"file:token\"\n{OPERATION}"),
            &["`account`", "https://"],
        ),
        (
            format!(
                "[[integration]]\naccount = \"https://me:{ACCOUNT_TOKEN}@a.example\"\ntoken = \"file:token\"\n{OPERATION}"
            ),
            &["`account`", "user name or password"],
        ),
        (both(&format!("enabled = \"{ACCOUNT_TOKEN}\"")), &["line 4", "enabled`", "expected a boolean"]),
        (both(&format!("private_addresses = \"{ACCOUNT_TOKEN}\"")), &["line 4", "private_addresses`"]),
        (both(&format!("granted = [\"{ACCOUNT_TOKEN}\"]")), &["`granted`"]),
        (both(&format!("{EMPLOYEE}numbers = [\"{ACCOUNT_TOKEN}\"]")), &["`numbers`", "cannot be dialled"]),
        (both(&format!("{EMPLOYEE}presence = \"{ACCOUNT_TOKEN}\"")), &["presence`"]),
        (format!("{INTEGRATION}{OPERATION}integration = \"{ACCOUNT_TOKEN}\""), &["`integration`", "not the id of any"]),
        // No TOML at all.
        (token(&format!("token = {ACCOUNT_TOKEN}")), &["line 3"]),
        (token(&format!("token = \"{ACCOUNT_TOKEN}")), &["line 3"]),
        (token(&format!("token = '{ACCOUNT_TOKEN}' # \n'{ACCOUNT_TOKEN}'")), &["line 4"]),
        (token(&format!("token \"{ACCOUNT_TOKEN}\"")), &["line 3"]),
        (token(&format!("token = \"file:token\"\ntoken = \"{ACCOUNT_TOKEN}\"")), &["line 4", "duplicate key"]),
        (token(ACCOUNT_TOKEN), &["line 3"]),
        (token(&format!("{ACCOUNT_TOKEN} = 1")), &["line 3"]),
        (token(&format!("\"{ACCOUNT_TOKEN}\" = 1")), &["line 3"]),
    ] {
        assert_refused(&home, &text, &[], parts);
    }
    let setting = format!("{INTEGRATION}{OPERATION}settings = {{ amocrm_access_token = \"{ACCOUNT_TOKEN}\" }}\n");
    assert_refused(&home, &setting, &[], &["`amocrm_access_token`", "unknown"]);
}
