//! What the host saw of a call's requests: whether each went out, how long it waited for its turn, and what refused it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::durations::{milliseconds, optional_milliseconds};
use crate::language::Language;

/// A shorter wait for a turn is not worth a line.
const WORTH_SAYING: Duration = Duration::from_millis(5);

/// One request as the host saw it. Times are counted from the start of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exchange {
    /// When the component asked, in milliseconds.
    #[serde(rename = "at_ms", with = "milliseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub at: Duration,
    /// The path without the query, which may hold the caller's number.
    pub path: String,
    /// How long it waited for its turn in the budget, in milliseconds.
    #[serde(rename = "turn_ms", with = "milliseconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub turn: Duration,
    /// It went out.
    pub sent: bool,
    /// It shared the answer to another call's request.
    pub shared: bool,
    /// Its connection broke before any of the answer came, and it went out once more on a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// `budget` or `circuit`: what refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// When its turn was foreseen, too late, in milliseconds.
    #[serde(rename = "turn_foreseen_ms", with = "optional_milliseconds")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub turn_foreseen: Option<Duration>,
    /// `closed`, `open` or `half-open`: the circuit, as this request met it or left it.
    pub circuit: String,
    /// `rate-limited` or `blocked`: what opened the circuit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_cause: Option<String>,
    /// When an open circuit lets a probe out, in milliseconds.
    #[serde(rename = "circuit_again_ms", with = "optional_milliseconds")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub circuit_again: Option<Duration>,
}

impl Exchange {
    /// What became of it, in a word: `sent`, `shared`, `refused-by-budget`, `refused-by-circuit`, or `given-up` before it went out.
    pub fn fate(&self) -> &'static str {
        match self.refused.as_deref() {
            Some("budget") => "refused-by-budget",
            Some(_) => "refused-by-circuit",
            None if self.sent => "sent",
            None if self.shared => "shared",
            None => "given-up",
        }
    }

    /// The lines about it that are worth reading: none, where it just went out.
    pub(crate) fn remarks(&self, language: Language) -> Vec<String> {
        let path = &self.path;
        let mut lines = Vec::new();
        let mut say = |ru: String, en: String| {
            lines.push(match language {
                Language::Ru => ru,
                Language::En => en,
            });
        };
        if self.turn > WORTH_SAYING {
            let turn = self.turn.as_millis();
            say(format!("Очередь запросов: {path} ждал {turn} мс"), format!("Turn: {path} waited {turn} ms for it"));
        }
        match self.fate() {
            "shared" => say(
                format!("Общий ответ: {path} уже запрашивал другой звонок"),
                format!("Shared answer: another call was already asking {path}"),
            ),
            "given-up" => say(
                format!("Не отправлен: {path}, звонок закончился раньше"),
                format!("Not sent: {path}, the call ended before"),
            ),
            "refused-by-budget" => {
                let foreseen = self.turn_foreseen.unwrap_or_default().as_millis();
                say(
                    format!("Не отправлен: {path}, очередь подошла бы слишком поздно (на отметке {foreseen} мс)"),
                    format!("Not sent: {path}, its turn would come too late (at {foreseen} ms)"),
                );
            }
            "refused-by-circuit" => say(
                format!("Не отправлен: {path}, запросы к amoCRM приостановлены"),
                format!("Not sent: {path}, requests to amoCRM are paused"),
            ),
            _ => {}
        }
        if self.repeated {
            say(
                format!("Повторный запрос: {path}, соединение оборвалось до ответа"),
                format!("Sent again: {path}, the connection broke before any answer"),
            );
        }
        let (ru, en) = match self.circuit_cause.as_deref() {
            Some("blocked") => ("аккаунт заблокирован, 403", "the account is blocked, 403"),
            _ => ("слишком много запросов, 429", "too many requests, 429"),
        };
        match self.circuit.as_str() {
            "open" => {
                let again = self.circuit_again.unwrap_or_default().as_millis();
                say(
                    format!("Запросы приостановлены ({ru}) до отметки {again} мс"),
                    format!("Requests are paused ({en}) until {again} ms"),
                );
            }
            "half-open" => say(
                format!("После паузы ({ru}) отправляется один пробный запрос"),
                format!("After a pause ({en}) one request is let out as a probe"),
            ),
            _ => {}
        }
        lines
    }
}
