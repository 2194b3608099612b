//! `POST /v1/calls/{id}/outcome`: what the PBX saw of a call comes back and completes its details.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guarded::Guarded;
use super::problem::Problem;
use super::query::{Query, call_key};
use super::scope::Scope;
use call::leg::{self, Leg, MOST_LEGS, Seen};
use call::outcome::Outcome;
use node::call_details::{CallDetails, Unreported};

/// The most bytes of a report.
const LONGEST: usize = 16 * 1024;

pub(super) fn routes(details: &CallDetails) -> Guarded {
    Scope::Pbx.guard(OpenApiRouter::new().routes(routes!(report)).with_state(details.clone()))
}

/// One leg as a PBX reports it. How it ended is `result`, or is worked out from the PBX's own words.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = LegReport)]
struct LegReport {
    /// Which leg, from 1: the numbers in the order of the route, then the linked operation.
    leg: Option<u64>,
    /// `answered`, `busy`, `no-answer`, `declined`, `unavailable`, `answered-elsewhere`, `caller-gone` or `failed`.
    result: Option<String>,
    /// For how long it rang, in milliseconds.
    ring_ms: Option<u64>,
    /// SIP's final status.
    sip_status: Option<u64>,
    /// The cause of Q.850.
    q850_cause: Option<u64>,
    /// Asterisk's `DIALSTATUS`.
    dial_status: Option<String>,
}

/// A report: one leg, or several in `legs`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = OutcomeReport)]
struct Report {
    /// Several legs at once.
    #[schema(max_items = 32)]
    legs: Option<Vec<LegReport>>,
    /// How many reports the PBX could not get rid of since one was taken; they are counted.
    #[serde(default)]
    lost: u64,
    /// Or one.
    #[serde(flatten)]
    only: LegReport,
}

/// A report as a form: one leg, or several in `legs`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = OutcomeForm)]
struct FormReport {
    /// Several legs, in Asterisk's words: `1:NOANSWER:19::5003/2:BUSY:17:486:0`; of each which one, `DIALSTATUS`, the cause of Q.850, SIP's status
    /// and for how many milliseconds it rang.
    legs: Option<String>,
    /// How many reports the PBX could not get rid of since one was taken; they are counted.
    #[serde(default)]
    lost: u64,
    /// Or one.
    #[serde(flatten)]
    only: LegReport,
}

impl From<LegReport> for Seen {
    fn from(report: LegReport) -> Self {
        let LegReport { leg, result, ring_ms, sip_status, q850_cause, dial_status } = report;
        Self { leg, result, ring_ms, sip_status, q850_cause, dial_status }
    }
}

/// A call with its outcome.
#[derive(Serialize, ToSchema)]
struct Completed {
    /// The call's number among the kept ones; null where another node keeps it.
    seq: Option<i64>,
    /// `result`, `answered_by` and `legs`, as `GET /v1/calls/{id}` shows them.
    outcome: Option<Outcome>,
    /// Whether the call is not kept here and the nodes with the same store are told: the one that keeps it completes it.
    passed_on: bool,
}

/// Which call the path names.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Named {
    /// `seq`: the call of this number among the kept ones, not of this identifier.
    by: Option<String>,
}

/// Report what the PBX saw of a call
///
/// Legs may be reported one by one, in any order, and again: of one leg the last report counts.
#[utoipa::path(post, path = "/v1/calls/{id}/outcome", tag = "calls",
    params(
        ("id" = String, Path, description = "The identifier that the call was resolved with; with `by=seq` its `seq`"),
        Named,
    ),
    request_body(content((Report = "application/json"), (FormReport = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The call is completed, or the report is passed on to the node that keeps it", body = Completed),
        (status = 400, description = "The report is not understood", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such call is kept", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The report is too long", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The report cannot be kept now", body = Problem, content_type = "application/problem+json"),
    ))]
async fn report(
    State(details): State<CallDetails>,
    Path(id): Path<String>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Completed>, Problem> {
    if body.len() > LONGEST {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a report has at most {LONGEST} bytes")));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (legs, lost) = legs(kind, &body).map_err(|why| Problem::new(StatusCode::BAD_REQUEST, why))?;
    let completed = details.complete(call_key(&id, named.by.as_deref())?, legs).await;
    // One that is to be sent again says the same then.
    if !matches!(completed, Err(Unreported::Unavailable(_))) {
        details.reports_were_lost(lost);
    }
    match completed {
        Ok(call) => Ok(Json(Completed { seq: Some(call.seq), outcome: call.outcome(), passed_on: false })),
        Err(Unreported::PassedOn) => Ok(Json(Completed { seq: None, outcome: None, passed_on: true })),
        Err(unknown @ Unreported::Unknown) => Err(Problem::new(StatusCode::NOT_FOUND, unknown.to_string())),
        Err(unavailable) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, unavailable.to_string())),
    }
}

/// The legs of a report and how many were lost before it, or what is wrong with it.
fn legs(kind: &str, body: &[u8]) -> Result<(Vec<Leg>, u64), String> {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let report = if kind.eq_ignore_ascii_case("application/json") {
        serde_json::from_slice(body).map_err(|error| format!("the body is not a report in JSON: {error}"))?
    } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let form = of_form(body)?;
        if let Some(legs) = form.legs {
            return Ok((leg::list(&legs).map_err(|why| format!("`legs`: {why}"))?, form.lost));
        }
        Report { legs: None, lost: form.lost, only: form.only }
    } else {
        return Err("send Content-Type application/json or application/x-www-form-urlencoded".to_owned());
    };
    let reported = report.legs.unwrap_or_else(|| vec![report.only]);
    if reported.is_empty() || reported.len() > usize::from(MOST_LEGS) {
        return Err(format!("`legs`: report from 1 to {MOST_LEGS} legs"));
    }
    let legs: Result<_, _> = reported.into_iter().map(|leg| Seen::from(leg).leg()).collect();
    Ok((legs?, report.lost))
}

/// What a form says. Empty fields count as left out: a dialplan writes them for variables that are not set.
fn of_form(body: &[u8]) -> Result<FormReport, String> {
    let mut form = FormReport::default();
    let report = &mut form.only;
    for (key, value) in form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty()) {
        let number = || value.parse::<u64>().map(Some).map_err(|_| format!("`{key}`: write a whole number"));
        match key.as_ref() {
            "leg" => report.leg = number()?,
            "ring_ms" => report.ring_ms = number()?,
            "sip_status" => report.sip_status = number()?,
            "q850_cause" => report.q850_cause = number()?,
            "result" => report.result = Some(value.into_owned()),
            "dial_status" => report.dial_status = Some(value.into_owned()),
            "legs" => form.legs = Some(value.into_owned()),
            "lost" => form.lost = number()?.unwrap_or_default(),
            _ => {}
        }
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use call::leg::Ending;

    #[test]
    fn a_form_and_json_say_the_same_and_what_is_wrong_is_said() {
        let form =
            legs("application/x-www-form-urlencoded", b"leg=2&dial_status=CHANUNAVAIL&q850_cause=21&ring_ms=&x=1");
        let json = legs("application/json; charset=utf-8", br#"{"leg": 2, "sip_status": 603}"#);
        assert_eq!(form.unwrap().0[0].result, Ending::Declined);
        assert_eq!(json.unwrap().0[0].result, Ending::Declined);
        let several =
            legs("application/json", br#"{"legs": [{"leg": 1, "result": "busy"}, {"leg": 2, "sip_status": 200}]}"#);
        assert_eq!(several.unwrap().0.len(), 2);
        let several = legs("application/x-www-form-urlencoded", b"legs=1%3ABUSY%3A17/2:ANSWER&lost=3");
        let (several, lost) = several.unwrap();
        assert_eq!((several.len(), several[1].result, lost), (2, Ending::Answered, 3));
        for (kind, body, message) in [
            ("text/plain", "leg=1", "Content-Type"),
            ("application/json", "[", "not a report"),
            ("application/json", "{\"legs\": []}", "from 1 to 32"),
            ("application/json", "{\"leg\": -1, \"result\": \"busy\"}", "not a report"),
            ("application/json", "{}", "`leg`"),
            ("application/x-www-form-urlencoded", "leg=one", "`leg`"),
            ("application/x-www-form-urlencoded", "leg=1&result=gone", "`result`"),
            ("application/x-www-form-urlencoded", "legs=1:GONE", "`legs`: `1:GONE`"),
            ("application/x-www-form-urlencoded", "legs=1:BUSY&lost=x", "`lost`"),
        ] {
            let error = legs(kind, body.as_bytes()).expect_err(body);
            assert!(error.contains(message), "{body}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300), form in any::<bool>()) {
            let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
            if let Ok((legs, _)) = legs(kind, &body) {
                prop_assert!(legs.iter().all(|leg| (1..=MOST_LEGS).contains(&leg.leg)));
            }
        }
    }
}
