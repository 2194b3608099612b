//! Changes that can be read in two ways, or that are probably not meant: refused with their field, or told.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::client::authorised;
use test_support::russian;

use crate::configuration::{FILE, change, configuration, home, serve, simulator, until, written};

const ANNA: &str = "/v1/integrations/main/employees/anna";

#[tokio::test]
async fn a_setting_that_comes_twice_is_refused_with_its_place() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let revision = configuration(client).await["revision"].as_str().unwrap().to_owned();
    for (body, field) in [
        (r#"{"settings": {"waiting_time": "2s", "waiting_time": "9s"}}"#, "/settings/waiting_time"),
        (r#"{"exits": {"absent": "queue:a", "absent": null}}"#, "/exits/absent"),
        (r#"{"linked_operation": "queue:a", "linked_operation": "queue:b"}"#, "/linked_operation"),
    ] {
        let request = authorised(Method::PATCH, "/v1/operations/main").header("content-type", "application/json");
        let answer = client.send(request.header("if-match", format!("\"{revision}\"")), body).await;
        let problem = answer.json();
        assert_eq!((answer.status, problem["field"].as_str()), (StatusCode::BAD_REQUEST, Some(field)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("comes twice"), "{problem}");
        russian::assert_russian(problem["detail_ru"].as_str().unwrap());
    }
    assert_eq!(written(&home), text, "nothing is changed");
}

#[tokio::test]
async fn an_employee_without_a_name_to_read_is_refused_at_the_name() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    for name in ["", " ", "\u{a0}\u{2003}"] {
        let employee = json!({"name": name, "amocrm_user": 504_141, "numbers": [{"number": "101"}]});
        let answer = change(client, Method::PUT, ANNA, &employee).await;
        let problem = answer.json();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["field"], "/name", "{problem}");
        russian::assert_russian(problem["detail_ru"].as_str().unwrap());
    }
    for id in ["%20", "%C2%A0"] {
        let path = format!("/v1/integrations/main/employees/{id}");
        let answer = change(client, Method::PUT, &path, &json!({"amocrm_user": 504_142})).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    }
    assert_eq!(written(&home), text, "nothing is changed");
    // The same in the file, in the words of the start.
    home.write(FILE, text.replace("id = \"anna\"\n", "id = \"anna\"\nname = \" \"\n"));
    let refused = until(client, |configuration| !configuration["refused"].is_null()).await;
    assert!(refused["refused"]["en"].as_str().unwrap().contains("employee `anna`: `name` is empty"), "{refused}");
}

#[tokio::test]
async fn a_number_that_two_employees_have_is_told_wherever_the_configuration_is_looked_at() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    assert_eq!(configuration(client).await["warnings"], json!([]));
    for (id, user, numbers) in [("anna", 504_141, ["101", "+79035550101"]), ("boris", 504_142, ["89035550101", "101"])]
    {
        let numbers: Vec<_> = numbers.iter().map(|number| json!({"number": number})).collect();
        let path = format!("/v1/integrations/main/employees/{id}");
        let answer = change(client, Method::PUT, &path, &json!({"amocrm_user": user, "numbers": numbers})).await;
        assert!(answer.status.is_success(), "it is not refused: {answer:?}");
    }
    let has_all = |warning: &Value| {
        let (en, ru) = (warning["en"].as_str().unwrap(), warning["ru"].as_str().unwrap());
        russian::assert_russian(ru);
        for said in [en, ru] {
            assert!(
                said.contains("101 (`anna`, `boris`)") && said.contains("+7903•••0101 (`anna`, `boris`)"),
                "{said}"
            );
            assert!(!said.contains("9035550101"), "{said}");
        }
        en.to_owned()
    };
    let told = has_all(&configuration(client).await["warnings"][0]);
    assert_eq!(client.get("/v1/state").await.json()["configuration"]["warnings"][0]["en"], told.as_str());
    home.run(["config", "check"]).assert(0, &[&told]);
    home.serve(&["--state", "other"]).logs(&told).await;
    // Who is switched off rings nobody.
    let off = json!({"amocrm_user": 504_142, "enabled": false, "numbers": [{"number": "101"}]});
    assert!(change(client, Method::PUT, "/v1/integrations/main/employees/boris", &off).await.status.is_success());
    assert_eq!(configuration(client).await["warnings"], json!([]));
    assert_ne!(written(&home), text);
}

#[tokio::test]
async fn what_is_as_it_was_before_a_change_cannot_be_undone_and_what_comes_and_goes_is_written_tidily() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    for exits in [json!({"absent": "queue:a"}), json!({"absent": null, "caller": "queue:b", "exit": "queue:c"})] {
        let answer = change(client, Method::PATCH, "/v1/operations/main", &json!({"exits": exits})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    assert!(written(&home).contains("exits = { caller = \"queue:b\", exit = \"queue:c\" }\n"), "{}", written(&home));
    home.write(FILE, &text);
    until(client, |configuration| configuration["text"] == text.as_str()).await;
    let problem = change(client, Method::POST, "/v1/changes/1/undo", &json!({})).await.json();
    assert_eq!(problem["status"], 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("nothing to undo"), "{problem}");
    russian::assert_russian(problem["detail_ru"].as_str().unwrap());
}
