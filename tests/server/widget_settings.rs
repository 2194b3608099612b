//! Settings that an administrator saves in amoCRM: who may, what they change, and how that is recorded.

use amocrm_simulator::{FaultRule, OAuthApp, Options, Simulator};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use test_support::client::{Answer, TOKEN};
use test_support::{Home, Process};

/// An administrator of the demonstration account.
const ANNA: u64 = 504_141;
/// No administrator.
const BORIS: u64 = 504_142;
const FILE: &str = "host-harness.toml";
const SETTINGS: &str = "/v1/integrations/main/widget";

struct Scene {
    home: Home,
    amocrm: Simulator,
    process: Process,
}

impl Scene {
    /// A server that is connected to an account, with this line of its integration.
    async fn with(line: &str) -> Self {
        let home = Home::new();
        home.has_run("kept");
        let options = Options { oauth: Some(OAuthApp::demo()), ..Options::default() };
        let amocrm = Simulator::start(options).await.expect("the simulator starts");
        home.write_secret("secret", OAuthApp::DEMO_CLIENT_SECRET);
        home.write_secret("token", TOKEN);
        home.write(
            FILE,
            format!(
                "# Ours\n[[integration]]\naccount = \"{}\"\nclient_id = \"{}\"\nclient_secret = \"file:secret\"\n\
                 redirect_uri = \"{}\"\nplain_http = \"granted\"\nprivate_addresses = \"granted\"\nrequests_per_second = 50\n{line}\n\n\
                 [[integration.employee]]\nid = \"anna\"\namocrm_user = {ANNA}\n\
                 numbers = [{{ number = \"101\", ring_time = \"15s\" }}, \"+79165550101\"]\n\n\
                 [[integration.employee]]\nid = \"amocrm-{BORIS}\"\namocrm_user = 504143\nnumbers = [\"103\"]\n\n\
                 [[operation]]\nlinked_operation = \"queue:sales\"\n\n[server]\ntoken = \"file:token\"\n",
                amocrm.base_url(),
                OAuthApp::DEMO_CLIENT_ID,
                OAuthApp::DEMO_REDIRECT_URI,
            ),
        );
        let code = amocrm.authorization_code().expect("with OAuth");
        home.run(["connect", "--code", &code, "--state", "kept"]).assert(0, &[]);
        let process = home.serve(&["--state", "kept"]);
        Self { home, amocrm, process }
    }

    async fn granted() -> Self {
        Self::with("widget_changes = \"granted\"").await
    }

    /// What a user of the account sees in the widget's settings.
    async fn seen_by(&self, user: u64) -> Value {
        let token = self.amocrm.disposable_token(user).expect("with OAuth");
        let answer = self.process.client.send(Request::get(SETTINGS).header("x-auth-token", token), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// A user of the account saves this.
    async fn saved_by(&self, user: u64, change: &Value) -> Answer {
        let token = self.amocrm.disposable_token(user).expect("with OAuth");
        let request = Request::post(SETTINGS).header("x-auth-token", token).header("content-type", "application/json");
        self.process.client.send(request, change.to_string()).await
    }

    async fn revision(&self) -> Value {
        self.seen_by(ANNA).await["revision"].clone()
    }

    /// The changes that were made in amoCRM. That the account was connected is one of another kind.
    async fn changes(&self) -> Value {
        let changes = self.process.client.get("/v1/changes").await.json()["changes"].clone();
        let changes = changes.as_array().expect("a list").iter();
        changes.filter(|change| change["by"] != "command").cloned().collect()
    }

    fn written(&self) -> String {
        std::fs::read_to_string(self.home.path(FILE)).expect("the file")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_an_administrators_save_is_one_change_in_the_administrators_name() {
    let scene = Scene::granted().await;
    let seen = scene.seen_by(ANNA).await;
    assert_eq!(
        (&seen["state"], &seen["changes"], &seen["administrator"], &seen["consider_manager_status"]),
        (&json!("on"), &json!(true), &json!(true), &json!(false))
    );
    let change = json!({"revision": seen["revision"], "consider_manager_status": true, "users": [
        {"id": ANNA, "name": "Анна Соколова", "number": " 201 "},
        {"id": BORIS, "name": "Борис Ковалёв", "number": "102"},
        {"id": 504_144, "name": "Григорий Мельник", "number": ""},
    ]});
    let answer = scene.saved_by(ANNA, &change).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let written = scene.written();
    for part in [
        "# Ours\n",
        "consider_manager_status = true\n",
        "numbers = [{ number = \"201\", ring_time = \"15s\" }, \"+79165550101\"]\n",
        // The identifier that comes first is taken by somebody else.
        "id = \"amocrm-504142-2\"\nname = \"Борис Ковалёв\"\namocrm_user = 504142\nnumbers = [\"102\"]\n",
    ] {
        assert!(written.contains(part), "lacks {part}: {written}");
    }
    assert!(!written.contains("504144"), "{written}");
    let changes = scene.changes().await;
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{changes}");
    assert_eq!(
        (&changes[0]["by"], &changes[0]["author"]),
        (&json!("amocrm"), &json!("amoCRM user Анна Соколова (504141)"))
    );
    // Saved again, nothing is another change.
    let again =
        json!({"revision": answer.json()["revision"], "consider_manager_status": true, "users": change["users"]});
    assert_eq!(scene.saved_by(ANNA, &again).await.status, StatusCode::OK);
    assert_eq!(scene.changes().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_number_is_told_at_the_field_of_its_user() {
    let scene = Scene::granted().await;
    let (before, revision) = (scene.written(), scene.revision().await);
    let user = |id: u64, number: &str| json!({"id": id, "name": format!("User {id}"), "number": number});
    let good = user(504_145, "105");
    for (users, field) in [
        (json!([user(504_144, ""), good, user(ANNA, "two words"), user(BORIS, "102")]), "/users/2/number"),
        (json!([user(BORIS, "two words"), good]), "/users/0/number"),
        (json!([good, user(ANNA, "201"), user(BORIS, "102"), user(504_146, "two words")]), "/users/3/number"),
        // The first of several.
        (json!([good, user(504_146, "two words"), user(ANNA, "three words here")]), "/users/1/number"),
    ] {
        let change = json!({"revision": revision, "consider_manager_status": true, "users": users});
        let refused = scene.saved_by(ANNA, &change).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
            "{refused:?}"
        );
        assert!(refused.json()["detail_ru"].as_str().expect("a text").contains("two words"), "{refused:?}");
    }
    assert_eq!((scene.written(), scene.changes().await), (before, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_administrator_saves_nothing_and_sees_no_settings() {
    let scene = Scene::granted().await;
    let (before, revision) = (scene.written(), scene.revision().await);
    let change = json!({"revision": revision, "consider_manager_status": true});
    let refused = scene.saved_by(BORIS, &change).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.json()["detail_ru"].as_str().expect("a text").contains("администратор"), "{refused:?}");
    let seen = scene.seen_by(BORIS).await;
    assert_eq!(
        (&seen["administrator"], &seen["revision"], &seen["consider_manager_status"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    // An administrator who was switched off is none any more.
    scene.amocrm.update(|account| account.user_mut(ANNA).expect("Anna").is_active = false);
    assert_eq!(scene.saved_by(ANNA, &change).await.status, StatusCode::FORBIDDEN);
    // Where amoCRM does not say, nobody is.
    scene.amocrm.add_fault("users:status=503".parse::<FaultRule>().expect("a fault"));
    assert_eq!(scene.saved_by(ANNA, &change).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(scene.seen_by(ANNA).await["administrator"], Value::Null);
    assert_eq!((scene.written(), scene.changes().await), (before, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_from_amocrm_are_off_unless_the_file_grants_them() {
    let scene = Scene::with("").await;
    let before = scene.written();
    let seen = scene.seen_by(ANNA).await;
    assert_eq!(seen["changes"], json!(false));
    scene.amocrm.clear_requests();
    let refused = scene.saved_by(ANNA, &json!({"revision": seen["revision"], "consider_manager_status": true})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.json()["detail"].as_str().expect("a text").contains("widget_changes = \"granted\""), "{refused:?}");
    assert_eq!(scene.amocrm.requests().len(), 0, "amoCRM is not even asked who that is");
    assert_eq!(scene.written(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_whole_as_a_typed_change_is() {
    let scene = Scene::granted().await;
    let (before, revision) = (scene.written(), scene.revision().await);
    let users = |users: Value| json!({"revision": revision, "consider_manager_status": true, "users": users});
    for (change, status) in [
        (users(json!([{"id": ANNA, "number": "sip:anna@example.org"}])), StatusCode::UNPROCESSABLE_ENTITY),
        (users(json!([{"id": BORIS, "number": "102", "name": "x".repeat(300)}])), StatusCode::UNPROCESSABLE_ENTITY),
        (users(json!([{"id": BORIS, "number": "102"}, {"id": BORIS, "number": "103"}])), StatusCode::BAD_REQUEST),
        (users(json!([{"id": "504141", "number": "102"}])), StatusCode::BAD_REQUEST),
        (users((0..1_001).map(|id| json!({"id": id, "number": "1"})).collect()), StatusCode::BAD_REQUEST),
        (json!({"revision": revision, "token": "file:/etc/passwd"}), StatusCode::BAD_REQUEST),
        (
            json!({"revision": revision, "users": [{"id": BORIS, "number": "1".repeat(70_000)}]}),
            StatusCode::BAD_REQUEST,
        ),
        (json!({"revision": "another", "consider_manager_status": true}), StatusCode::PRECONDITION_FAILED),
        (json!({}), StatusCode::BAD_REQUEST),
    ] {
        let answer = scene.saved_by(ANNA, &change).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!((scene.written(), scene.changes().await), (before.clone(), json!([])), "{answer:?}");
    }
}
