//! Errors as amoCRM words them: `application/problem+json` with `title`, `type`, `status`, `detail` (amoCRM facts §5.5, §6).

use http::StatusCode;
use http::header::{ALLOW, HeaderValue};
use serde_json::{Value, json};

use crate::answer::{Answer, PROBLEM_JSON};

/// The type of every problem of the token endpoint.
const OAUTH_PROBLEM: &str = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson";

/// A problem document of this status, with its usual title.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Answer {
    document(status, base(status, detail))
}

fn base(status: StatusCode, detail: &str) -> Value {
    json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "type": format!("https://httpstatus.es/{}", status.as_u16()),
        "status": status.as_u16(),
        "detail": detail,
    })
}

fn document(status: StatusCode, body: Value) -> Answer {
    Answer::new(status, PROBLEM_JSON, body.to_string())
}

/// 401: no token, a wrong one, an expired or revoked one; the text is the same for all of them.
pub(crate) fn unauthorized() -> Answer {
    problem(StatusCode::UNAUTHORIZED, "Неверный логин или пароль")
}

/// 401 with code 101: no account has this address.
pub(crate) fn no_such_account() -> Answer {
    let status = StatusCode::UNAUTHORIZED;
    let mut body = base(status, "Код ошибки 101. Аккаунт не найден");
    body["code"] = json!(101);
    document(status, body)
}

/// A refusal of the token endpoint with its hint (amoCRM facts §5.5).
pub(crate) fn oauth(status: StatusCode, hint: &str) -> Answer {
    let body = json!({
        "hint": hint,
        "title": "Некорректный запрос",
        "type": OAUTH_PROBLEM,
        "status": status.as_u16(),
        "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
    });
    document(status, body)
}

/// 401 of the token endpoint: client id, secret and redirect URI do not belong together (amoCRM facts §5.5).
pub(crate) fn wrong_client() -> Answer {
    let status = StatusCode::UNAUTHORIZED;
    let body = json!({
        "title": "Некорректный клиент",
        "type": OAUTH_PROBLEM,
        "status": status.as_u16(),
        "detail": "Авторизация клиента не прошла",
    });
    document(status, body)
}

/// 402: the subscription is over.
pub(crate) fn payment_required() -> Answer {
    problem(StatusCode::PAYMENT_REQUIRED, "Payment required")
}

/// 403: the token's user has no right to this.
pub(crate) fn forbidden() -> Answer {
    problem(StatusCode::FORBIDDEN, "Недостаточно прав для выполнения действия")
}

/// 403 with code 113: the address is not in the account's white list.
pub(crate) fn address_not_allowed() -> Answer {
    let status = StatusCode::FORBIDDEN;
    let mut body = base(status, "Код ошибки 113. Доступ к данному аккаунту запрещён с Вашего IP адреса");
    body["code"] = json!(113);
    document(status, body)
}

/// 429 as Kommo sends it.
pub(crate) fn too_many_requests() -> Answer {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut body = base(status, "Request limit exceeded");
    body["retry_after"] = json!(300);
    document(status, body)
}

/// 404: no such path.
pub(crate) fn not_found() -> Answer {
    problem(StatusCode::NOT_FOUND, "Page not found")
}

/// 405: the path is known, the method is not.
pub(crate) fn method_not_allowed(allowed: &'static str) -> Answer {
    problem(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed").with_header(ALLOW, HeaderValue::from_static(allowed))
}

/// 422: a page larger than the endpoint gives (amoCRM facts §8: "Limit 250 per page").
pub(crate) fn limit(most: usize) -> Answer {
    problem(StatusCode::UNPROCESSABLE_ENTITY, &format!("Limit {most} per page"))
}

/// 400: a parameter that does not fit, with the `validation-errors` that amoCRM adds.
pub(crate) fn bad_request(path: &str, detail: &str) -> Answer {
    let status = StatusCode::BAD_REQUEST;
    let mut body = base(status, "Request validation failed");
    body["validation-errors"] =
        json!([{"request_id": "0", "errors": [{"code": "NotSupportedChoice", "path": path, "detail": detail}]}]);
    document(status, body)
}
