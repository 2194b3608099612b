use super::*;

const FILE: &str = r#"# Ours
[store]
location = "redis://cache"

# The account
[[integration]]
id = "sales"
account = "https://example.amocrm.ru"
token = "env:AMOCRM_TOKEN"
enabled = false # for now
granted = ["https://example.org"]

[integration.configuration]
api_key = "file:key"
patience = "2s"

# The first
[[integration.employee]]
id = "anna"
amocrm_user = 1
numbers = ["101"]

[[integration]]
id = "support"
account = "https://other.amocrm.ru"
token = "env:OTHER_TOKEN"

[[operation]]
integration = "sales"
component = "op.wasm"
linked_operation = "queue:sales"
[operation.settings]
waiting_time = "3s" # seconds

[server]
token = "file:token"
# The end
"#;

const SHARED: &str = r#"
# The account
[[integration]]
id = "sales"
enabled = false # for now

[integration.configuration]
patience = "2s"

# The first
[[integration.employee]]
id = "anna"
amocrm_user = 1
numbers = ["101"]

[[integration]]
id = "support"

[[operation]]
integration = "sales"
linked_operation = "queue:sales"
[operation.settings]
waiting_time = "3s" # seconds
"#;

fn table(text: &str) -> toml::Table {
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn nodes_share_what_is_changed_over_http_and_no_place_of_a_secret() {
    let text = shared(FILE, None).unwrap();
    assert_eq!(text.trim_start(), SHARED.trim_start());
    for own in ["env:", "file:", "granted", "account =", "op.wasm", "server", "store"] {
        assert!(!text.contains(own), "{own}: {text}");
    }
    assert_eq!(shared(&text, None).unwrap(), text);
}

#[test]
fn a_nodes_own_keys_come_to_what_is_shared() {
    assert_eq!(table(&whole(SHARED, FILE, None).unwrap()), table(FILE));
    let changed = SHARED
        .replace("enabled = false # for now", "enabled = true")
        .replace(
            "numbers = [\"101\"]",
            "numbers = [\"102\"]\n[[integration.employee]]\nid = \"boris\"\namocrm_user = 2",
        )
        .replace("patience = \"2s\"", "patience = \"5s\"")
        .replace("queue:sales", "queue:any")
        + "[[operation]]\nid = \"second\"\nintegration = \"support\"\nlinked_operation = \"queue:second\"\n";
    let text = whole(&changed, FILE, None).unwrap();
    let merged = table(&text);
    let expected = FILE
        .replace("enabled = false # for now", "enabled = true")
        .replace(
            "numbers = [\"101\"]",
            "numbers = [\"102\"]\n[[integration.employee]]\nid = \"boris\"\namocrm_user = 2",
        )
        .replace("patience = \"2s\"", "patience = \"5s\"")
        .replace("queue:sales", "queue:any")
        .replace(
            "[server]",
            "[[operation]]\nid = \"second\"\nintegration = \"support\"\nlinked_operation = \"queue:second\"\n[server]",
        );
    assert_eq!(merged, table(&expected), "{text}");
    for kept in ["# Ours\n", "# The account\n", "# The first\n", "# seconds\n", "# The end\n"] {
        assert!(text.contains(kept), "lacks {kept}: {text}");
    }
    // A file that says nothing of it is enough.
    let bare = "[[integration]]\nid = \"sales\"\ntoken = \"env:T\"\n[[integration]]\nid = \"support\"\n[[operation]]\ncomponent = \"own.wasm\"\n";
    let merged = table(&whole(SHARED, bare, None).unwrap());
    assert_eq!(merged["operation"][0]["component"].as_str(), Some("own.wasm"));
    assert_eq!(merged["operation"][0]["linked_operation"].as_str(), Some("queue:sales"));
    assert_eq!(merged["integration"][0]["token"].as_str(), Some("env:T"));
    assert_eq!(merged["integration"][0]["employee"][0]["id"].as_str(), Some("anna"));
    assert_eq!(differing(SHARED, bare, None), Vec::<String>::new());
}

#[test]
fn how_an_integration_is_reached_is_never_taken_from_the_store() {
    let evil = SHARED.replace(
        "enabled = false # for now",
        "account = \"https://evil.example\"\ntoken = \"file:/etc/shadow\"\ngranted = [\"https://evil.example\"]",
    ) + "[[integration]]\nid = \"evil\"\naccount = \"https://evil.example\"\ntoken = \"env:HOME\"\n[server]\nlisten = \"0.0.0.0:1\"\n";
    let text = whole(&evil, FILE, None).unwrap();
    assert!(!text.contains("evil") && !text.contains("shadow") && !text.contains("0.0.0.0"), "{text}");
    let key = SHARED.replace("patience = \"2s\"", "patience = \"file:/etc/shadow\"\napi_key = \"evil\"");
    let text = whole(&key, FILE, None).unwrap();
    assert!(!text.contains("shadow") && !text.contains("evil"), "{text}");
}

#[test]
fn an_uploaded_component_is_the_nodes_own_copy_of_it() {
    let file = "[[operation]]\nlinked_operation = \"queue:a\"\ncomponent = \"/one/components/ab.wasm\"\n";
    let text = shared(file, Some(Path::new("/one/components"))).unwrap();
    assert_eq!(text, file);
    let here = whole(&text, "[server]\n", Some(Path::new("/two/components"))).unwrap();
    assert!(here.contains("component = \"/two/components/ab.wasm\""), "{here}");
    assert!(!shared(file, Some(Path::new("/two/components"))).unwrap().contains("component"));
}

#[test]
fn a_component_that_every_node_carries_is_shared_by_its_name() {
    let file = "[[operation]]\nlinked_operation = \"queue:a\"\ncomponent = \"working-hours\"\n";
    assert_eq!(shared(file, None).unwrap(), file);
    assert!(whole(file, "[server]\n", Some(Path::new("/two/components"))).unwrap().contains(file));
}

#[test]
fn what_a_file_says_otherwise_is_named_and_nothing_else() {
    assert_eq!(differing(SHARED, FILE, None), Vec::<String>::new());
    let file = FILE
        .replace("enabled = false", "enabled = true")
        .replace("\"101\"", "\"109\"")
        .replace("patience = \"2s\"", "patience = \"9s\"")
        .replace("queue:sales", "queue:other")
        .replace("id = \"support\"", "id = \"third\"")
        .replace("env:AMOCRM_TOKEN", "env:ANOTHER")
        + "\n[[operation]]\nid = \"mine\"\nlinked_operation = \"queue:mine\"\n";
    let shared = format!("{SHARED}\n[[operation]]\nid = \"theirs\"\nlinked_operation = \"queue:theirs\"\n");
    assert_eq!(
        differing(&shared, &file, None),
        [
            "[[integration]] `sales`: `configuration`",
            "[[integration]] `sales`: `employee`",
            "[[integration]] `sales`: `enabled`",
            "[[integration]] `third`",
            "[[operation]] `main`: `linked_operation`",
            "[[operation]] `mine`",
            "[[operation]] `theirs`",
        ]
    );
}
