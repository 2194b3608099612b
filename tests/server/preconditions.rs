//! `If-Match`: in which forms a client may name the revision that its change was thought out for.

use http::{Method, StatusCode};
use serde_json::json;
use test_support::client::authorised;

use crate::configuration::{configuration, hidden, home, serve, simulator};

#[tokio::test]
async fn every_form_of_the_tag_in_force_is_taken_and_nothing_else() {
    let simulator = simulator().await;
    let (home, _) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    // `R` stands for the revision.
    for (number, (tags, status)) in [
        (&["\"R\""][..], 200),
        // Tags are compared strongly, so a weak one matches nothing.
        (&["W/\"R\""], 412),
        (&[" \"0\" , \"R\" "], 200),
        (&["W/\"0\",W/\"R\""], 412),
        (&["W/\"R\", \"R\""], 200),
        (&["W/\"R\", \"0\""], 412),
        (&["\"a,b\", \"R\""], 200),
        (&["\"0\"", "\"R\""], 200),
        (&["\"0\""], 412),
        (&["\"0\", W/\"1\""], 412),
        (&["\"\""], 412),
        // It would be a change of whatever is in force.
        (&["*"], 400),
        (&["R"], 400),
        (&["\"R"], 400),
        (&["w/\"R\""], 400),
        (&[""], 400),
        (&[], 428),
    ]
    .into_iter()
    .enumerate()
    {
        let revision = configuration(client).await["revision"].as_str().unwrap().to_owned();
        let before = hidden(client).await.goes_to();
        let mut request = authorised(Method::PATCH, "/v1/operations/main").header("content-type", "application/json");
        for tag in tags {
            request = request.header("if-match", tag.replace('R', &revision));
        }
        let target = format!("queue:{number}");
        let answer = client.send(request, json!({"linked_operation": target}).to_string()).await;
        assert_eq!(answer.status, StatusCode::from_u16(status).unwrap(), "{tags:?}: {answer:?}");
        assert_eq!(hidden(client).await.goes_to(), if status == 200 { target } else { before }, "{tags:?}");
    }
}
