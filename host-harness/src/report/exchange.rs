//! What the host saw of a call's requests, in JSON for programs and in text for people.

use std::time::Duration;

use serde::Serialize;

use super::Language;
use crate::capabilities::http::{CircuitCause, CircuitState, Exchange, Fate};

/// A shorter wait for a turn is not worth a line.
const WORTH_SAYING: Duration = Duration::from_millis(5);

/// One request as JSON. Times are milliseconds from the start of the call, `turn_ms` is how long it waited for its turn.
#[derive(Serialize)]
pub(super) struct ExchangeJson<'a> {
    at_ms: u128,
    path: &'a str,
    turn_ms: u128,
    /// It went out.
    sent: bool,
    /// It shared the answer to another call's request.
    shared: bool,
    /// Its connection broke before any of the answer came, and it went out once more on a new one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
    /// `budget` or `circuit`: it was refused here.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'static str>,
    /// When its turn was foreseen, too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_foreseen_ms: Option<u128>,
    /// `closed`, `open` or `half-open`.
    circuit: &'static str,
    /// `rate-limited` or `blocked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_cause: Option<&'static str>,
    /// When an open circuit lets a probe out.
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_again_ms: Option<u128>,
}

impl<'a> From<&'a Exchange> for ExchangeJson<'a> {
    fn from(exchange: &'a Exchange) -> Self {
        let (refused, foreseen) = match exchange.fate {
            Fate::RefusedByBudget { foreseen } => (Some("budget"), Some(foreseen.as_millis())),
            Fate::RefusedByCircuit => (Some("circuit"), None),
            Fate::GivenUp | Fate::Sent | Fate::Shared => (None, None),
        };
        let cause = match exchange.circuit {
            CircuitState::Closed => None,
            CircuitState::Open { cause, .. } | CircuitState::HalfOpen { cause } => Some(cause),
        };
        Self {
            at_ms: exchange.at.as_millis(),
            path: &exchange.path,
            turn_ms: exchange.turn.as_millis(),
            sent: exchange.fate == Fate::Sent,
            shared: exchange.fate == Fate::Shared,
            repeated: exchange.repeated,
            refused,
            turn_foreseen_ms: foreseen,
            circuit: exchange.circuit.name(),
            circuit_cause: cause.map(|cause| match cause {
                CircuitCause::Limited => "rate-limited",
                CircuitCause::Blocked => "blocked",
            }),
            circuit_again_ms: exchange.circuit_again.map(|again| again.as_millis()),
        }
    }
}

/// The lines about a request that are worth reading: none, where it just went out.
pub(super) fn remarks(exchange: &Exchange, language: Language) -> Vec<String> {
    let path = &exchange.path;
    let milliseconds = |time: Duration| time.as_millis();
    let mut lines = Vec::new();
    let mut say = |ru: String, en: String| {
        lines.push(match language {
            Language::Ru => ru,
            Language::En => en,
        });
    };
    if exchange.turn > WORTH_SAYING {
        let turn = milliseconds(exchange.turn);
        say(format!("Очередь запросов: {path} ждал {turn} мс"), format!("Turn: {path} waited {turn} ms for it"));
    }
    match exchange.fate {
        Fate::Sent => {}
        Fate::Shared => say(
            format!("Общий ответ: {path} уже запрашивал другой звонок"),
            format!("Shared answer: another call was already asking {path}"),
        ),
        Fate::GivenUp => say(
            format!("Не отправлен: {path}, звонок закончился раньше"),
            format!("Not sent: {path}, the call ended before"),
        ),
        Fate::RefusedByBudget { foreseen } => {
            let foreseen = milliseconds(foreseen);
            say(
                format!("Не отправлен: {path}, очередь подошла бы слишком поздно (на отметке {foreseen} мс)"),
                format!("Not sent: {path}, its turn would come too late (at {foreseen} ms)"),
            );
        }
        Fate::RefusedByCircuit => say(
            format!("Не отправлен: {path}, запросы к amoCRM приостановлены"),
            format!("Not sent: {path}, requests to amoCRM are paused"),
        ),
    }
    if exchange.repeated {
        say(
            format!("Повторный запрос: {path}, соединение оборвалось до ответа"),
            format!("Sent again: {path}, the connection broke before any answer"),
        );
    }
    let because = |cause| match cause {
        CircuitCause::Limited => ("слишком много запросов, 429", "too many requests, 429"),
        CircuitCause::Blocked => ("аккаунт заблокирован, 403", "the account is blocked, 403"),
    };
    match exchange.circuit {
        CircuitState::Closed => {}
        CircuitState::Open { cause, .. } => {
            let (ru, en) = because(cause);
            let again = exchange.circuit_again.map(milliseconds).unwrap_or_default();
            say(
                format!("Запросы приостановлены ({ru}) до отметки {again} мс"),
                format!("Requests are paused ({en}) until {again} ms"),
            );
        }
        CircuitState::HalfOpen { cause } => {
            let (ru, en) = because(cause);
            say(
                format!("После паузы ({ru}) отправляется один пробный запрос"),
                format!("After a pause ({en}) one request is let out as a probe"),
            );
        }
    }
    lines
}
