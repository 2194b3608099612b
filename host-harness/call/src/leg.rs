//! What a PBX saw of one leg of a call: which number or linked operation rang, for how long, and how that ended.
//!
//! Legs are counted as PBXs are given them, over all steps of the call: the numbers that can be dialled, in order, then the linked operation.
//! PBXs say how a leg ended in words of their own; [`Seen::leg`] brings them to one ([`Ending`]). SIP's status, the cause of Q.850 and Asterisk's
//! `DIALSTATUS` are read as RFC 3398 and app_dial have them. `DIALSTATUS` is coarse (a declined call looks like an absent telephone), so the
//! cause is looked at too.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// The most legs that a call may have.
pub const MOST_LEGS: u8 = 32;
/// The longest that a leg may be said to have rung, in milliseconds: a day.
const LONGEST_RING: u64 = 24 * 60 * 60 * 1_000;

/// How a leg ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Somebody answered.
    Answered,
    /// The line was busy.
    Busy,
    /// It rang until its time was over.
    NoAnswer,
    /// Somebody pressed the call away.
    Declined,
    /// No telephone was there.
    Unavailable,
    /// Another number that rang at the same time was answered.
    AnsweredElsewhere,
    /// The caller hung up before anybody answered.
    CallerGone,
    /// Anything else.
    Failed,
}

impl Ending {
    /// Every ending, by its name.
    pub const ALL: [(&str, Self); 8] = [
        ("answered", Self::Answered),
        ("busy", Self::Busy),
        ("no-answer", Self::NoAnswer),
        ("declined", Self::Declined),
        ("unavailable", Self::Unavailable),
        ("answered-elsewhere", Self::AnsweredElsewhere),
        ("caller-gone", Self::CallerGone),
        ("failed", Self::Failed),
    ];

    /// Endings by their names, with commas (or, where commas mean something else, colons) between them, as many as a call may have. A name that is
    /// not known counts as [`Self::Failed`]: a caller waits, and goes on either way.
    pub fn list(written: &str) -> Vec<Self> {
        let named = |name: &str| {
            let known = Self::ALL.iter().find(|(known, _)| *known == name.trim());
            known.map_or(Self::Failed, |(_, ending)| *ending)
        };
        written
            .split([',', ':'])
            .filter(|name| !name.trim().is_empty())
            .take(usize::from(MOST_LEGS))
            .map(named)
            .collect()
    }

    /// The ending in words.
    pub const fn text(self, language: Language) -> &'static str {
        match self {
            Self::Answered => language.say("ответ", "answered"),
            Self::Busy => language.say("занято", "busy"),
            Self::NoAnswer => language.say("нет ответа", "no answer"),
            Self::Declined => language.say("звонок отклонён", "declined"),
            Self::Unavailable => language.say("телефон недоступен", "no telephone there"),
            Self::AnsweredElsewhere => language.say("ответили на другом номере", "answered on another number"),
            Self::CallerGone => language.say("звонящий положил трубку", "the caller hung up"),
            Self::Failed => language.say("сбой", "failed"),
        }
    }

    /// By SIP's final status; whether it rang tells a telephone that nobody answered from one that is not there.
    const fn of_sip(status: u16, rang: bool) -> Self {
        match status {
            200..=299 => Self::Answered,
            486 | 600 => Self::Busy,
            403 | 603 => Self::Declined,
            408 | 480 if rang => Self::NoAnswer,
            404 | 408 | 410 | 480 | 503 | 604 => Self::Unavailable,
            487 => Self::CallerGone,
            _ => Self::Failed,
        }
    }

    /// By Asterisk's `DIALSTATUS` and, where that is coarse, the cause.
    fn of_asterisk(status: &str, cause: Option<u8>) -> Option<Self> {
        Some(match (status, cause) {
            ("ANSWER", _) => Self::Answered,
            ("BUSY", _) => Self::Busy,
            ("NOANSWER", _) => Self::NoAnswer,
            // Of app_dial's own words there is none; the dialplan says so of numbers that rang together.
            ("ELSEWHERE", _) => Self::AnsweredElsewhere,
            ("CANCEL", _) => Self::CallerGone,
            ("CHANUNAVAIL" | "CONGESTION", Some(21)) => Self::Declined,
            ("CHANUNAVAIL" | "CONGESTION", _) => Self::Unavailable,
            ("DONTCALL" | "TORTURE" | "INVALIDARGS", _) => Self::Failed,
            _ => return None,
        })
    }

    /// By the cause of Q.850 alone.
    const fn of_cause(cause: u8) -> Self {
        match cause {
            16 | 26 => Self::CallerGone,
            17 => Self::Busy,
            18 | 19 => Self::NoAnswer,
            21 => Self::Declined,
            1 | 3 | 20 | 27 => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

/// What is kept of one leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Leg {
    /// Which one, from 1.
    pub leg: u8,
    /// How it ended.
    pub result: Ending,
    /// How long it rang, in milliseconds.
    pub ring_ms: Option<u64>,
    /// SIP's final status.
    pub sip_status: Option<u16>,
    /// The cause of Q.850.
    pub q850_cause: Option<u8>,
}

/// A leg in a PBX's own words. What is empty or 0 counts as not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Which leg, from 1.
    pub leg: Option<u64>,
    /// How it ended, by the name of an [`Ending`]; worked out from the rest where it is left out.
    pub result: Option<String>,
    /// How long it rang, in milliseconds.
    pub ring_ms: Option<u64>,
    /// SIP's final status, 200 to 699.
    pub sip_status: Option<u64>,
    /// The cause of Q.850, 1 to 127.
    pub q850_cause: Option<u64>,
    /// Asterisk's `DIALSTATUS`.
    pub dial_status: Option<String>,
}

impl Seen {
    /// The same in the words of call details. The error names the field and what to write.
    pub fn leg(self) -> Result<Leg, String> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let some = |number: Option<u64>| number.filter(|number| *number > 0);
        let leg = self.leg.and_then(|leg| u8::try_from(leg).ok()).filter(|leg| (1..=MOST_LEGS).contains(leg));
        let leg = leg.ok_or_else(|| format!("`leg`: write which one it was, from 1 to {MOST_LEGS}"))?;
        let ring_ms = self.ring_ms;
        if ring_ms.is_some_and(|time| time > LONGEST_RING) {
            return Err(format!("`ring_ms`: write milliseconds, at most {LONGEST_RING}"));
        }
        let sip_status = some(self.sip_status).map(|status| u16::try_from(status).unwrap_or_default());
        if sip_status.is_some_and(|status| !(200..=699).contains(&status)) {
            return Err("`sip_status`: write a final status of SIP, from 200 to 699".to_owned());
        }
        let q850_cause = some(self.q850_cause).map(|cause| u8::try_from(cause).unwrap_or_default());
        if q850_cause.is_some_and(|cause| !(1..=127).contains(&cause)) {
            return Err("`q850_cause`: write a cause of Q.850, from 1 to 127".to_owned());
        }
        let result = match (said(self.result), said(self.dial_status), sip_status, q850_cause) {
            (Some(name), ..) => {
                let found = Ending::ALL.iter().find(|(known, _)| *known == name).map(|(_, ending)| *ending);
                found.ok_or_else(|| {
                    let known: Vec<_> = Ending::ALL.iter().map(|(known, _)| *known).collect();
                    format!("`result`: write one of {}", known.join(", "))
                })?
            }
            (None, Some(status), ..) => Ending::of_asterisk(&status, q850_cause)
                .ok_or("`dial_status`: write what Asterisk's DIALSTATUS says, for example NOANSWER")?,
            (None, None, Some(status), _) => Ending::of_sip(status, ring_ms.is_some_and(|time| time > 0)),
            (None, None, None, Some(cause)) => Ending::of_cause(cause),
            (None, None, None, None) => {
                return Err("say how the leg ended: `result`, `dial_status`, `sip_status` or `q850_cause`".to_owned());
            }
        };
        Ok(Leg { leg, result, ring_ms, sip_status, q850_cause })
    }
}

/// Legs in Asterisk's words, written in one line: `1:NOANSWER:19::5003/2:BUSY:17:486:0`. Of each leg which one it is, `DIALSTATUS`, the cause of
/// Q.850, SIP's status and for how many milliseconds it rang, with colons between them and a slash between legs; what is not known is empty.
/// Of one leg the last counts.
///
/// The error names the leg and what to write.
pub fn list(written: &str) -> Result<Vec<Leg>, String> {
    let mut legs = Vec::new();
    for leg in written.split('/') {
        let mut fields = leg.split(':').map(str::trim);
        let mut text = || fields.next().filter(|field| !field.is_empty());
        let number = |field: Option<&str>| {
            let read = |field: &str| field.parse::<u64>().map_err(|_| format!("`{leg}`: `{field}` is not a number"));
            field.map(read).transpose()
        };
        let seen = Seen {
            leg: number(text())?,
            dial_status: text().map(str::to_owned),
            q850_cause: number(text())?,
            sip_status: number(text())?,
            ring_ms: number(text())?,
            result: None,
        };
        if fields.next().is_some() {
            return Err(format!("`{leg}` has more than five fields"));
        }
        merge(&mut legs, &[seen.leg().map_err(|why| format!("`{leg}`: {why}"))?]);
    }
    Ok(legs)
}

/// Adds reported legs to those that are kept. A leg that is reported again is kept as it was reported last.
pub fn merge(kept: &mut Vec<Leg>, reported: &[Leg]) {
    for leg in reported {
        kept.retain(|other| other.leg != leg.leg);
        kept.push(leg.clone());
    }
    kept.sort_by_key(|leg| leg.leg);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sip(status: u64, ring_ms: u64) -> Ending {
        let seen = Seen { leg: Some(1), sip_status: Some(status), ring_ms: Some(ring_ms), ..Seen::default() };
        seen.leg().unwrap().result
    }

    fn asterisk(status: &str, cause: u64) -> Ending {
        let dial_status = Some(status.to_owned());
        Seen { leg: Some(1), dial_status, q850_cause: Some(cause), ..Seen::default() }.leg().unwrap().result
    }

    /// The rows of telephony facts §6.1.
    #[test]
    fn one_outcome_in_every_pbxs_words() {
        for (ending, sips, asterisks) in [
            (Ending::NoAnswer, vec![(408, 3_000), (480, 3_000)], vec![("NOANSWER", 0)]),
            (Ending::Busy, vec![(486, 0), (600, 0)], vec![("BUSY", 17)]),
            (Ending::Declined, vec![(603, 900)], vec![("CHANUNAVAIL", 21)]),
            (
                Ending::Unavailable,
                vec![(404, 0), (408, 0), (480, 0), (503, 0)],
                vec![("CHANUNAVAIL", 20), ("CONGESTION", 3)],
            ),
            (Ending::CallerGone, vec![(487, 900)], vec![("CANCEL", 26)]),
            (Ending::Answered, vec![(200, 900)], vec![("ANSWER", 16)]),
            (Ending::Failed, vec![(500, 0), (302, 0), (488, 0)], vec![("INVALIDARGS", 0)]),
        ] {
            for (status, ring_ms) in sips {
                assert_eq!(sip(status, ring_ms), ending, "{status} after {ring_ms} ms");
            }
            for (status, cause) in asterisks {
                assert_eq!(asterisk(status, cause), ending, "{status} {cause}");
            }
        }
        for (cause, ending) in
            [(17, Ending::Busy), (19, Ending::NoAnswer), (21, Ending::Declined), (26, Ending::CallerGone)]
        {
            let seen = Seen { leg: Some(1), q850_cause: Some(cause), ..Seen::default() };
            assert_eq!(seen.leg().unwrap().result, ending, "{cause}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_write() {
        let fine = || Seen { leg: Some(1), result: Some("busy".to_owned()), ..Seen::default() };
        assert_eq!(fine().leg().unwrap().result, Ending::Busy);
        for (seen, key) in [
            (Seen { leg: None, ..fine() }, "`leg`"),
            (Seen { leg: Some(0), ..fine() }, "`leg`"),
            (Seen { leg: Some(33), ..fine() }, "`leg`"),
            (Seen { ring_ms: Some(u64::MAX), ..fine() }, "`ring_ms`"),
            (Seen { sip_status: Some(180), ..fine() }, "`sip_status`"),
            (Seen { sip_status: Some(65_736), ..fine() }, "`sip_status`"),
            (Seen { q850_cause: Some(128), ..fine() }, "`q850_cause`"),
            (Seen { result: Some("gone".to_owned()), ..fine() }, "no-answer"),
            (Seen { result: None, dial_status: Some("answer".to_owned()), ..fine() }, "`dial_status`"),
            (Seen { result: None, ..fine() }, "`result`"),
        ] {
            let error = seen.clone().leg().expect_err(&format!("{seen:?}"));
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn legs_in_one_line_are_read_and_what_is_wrong_is_named() {
        let read = list("1:NOANSWER:19::5003/2::: 302:/3:BUSY:17:486:0/3:ANSWER:16:200:306").unwrap();
        let told: Vec<_> = read.iter().map(|leg| (leg.leg, leg.result, leg.sip_status, leg.ring_ms)).collect();
        assert_eq!(
            told,
            [
                (1, Ending::NoAnswer, None, Some(5_003)),
                (2, Ending::Failed, Some(302), None),
                (3, Ending::Answered, Some(200), Some(306)),
            ]
        );
        for (written, part) in [
            ("", "`leg`"),
            ("1:BUSY/", "`leg`"),
            ("one:BUSY", "`one` is not a number"),
            ("1:busy", "`dial_status`"),
            ("1:BUSY:17:486:0:5", "more than five fields"),
            ("1:BUSY:999", "`q850_cause`"),
            ("33:BUSY", "`leg`"),
        ] {
            let error = list(written).expect_err(written);
            assert!(error.contains(part), "{written}: {error}");
        }
    }

    fn any_leg() -> impl Strategy<Value = Leg> {
        (1..=MOST_LEGS, 0..Ending::ALL.len(), any::<Option<u64>>()).prop_map(|(leg, result, ring_ms)| Leg {
            leg,
            result: Ending::ALL[result].1,
            ring_ms,
            sip_status: None,
            q850_cause: None,
        })
    }

    proptest! {
        #[test]
        fn reports_are_idempotent_and_bounded(reports in proptest::collection::vec(any_leg(), 0..80)) {
            let mut kept = Vec::new();
            merge(&mut kept, &reports);
            let once = kept.clone();
            merge(&mut kept, &once);
            prop_assert_eq!(&kept, &once);
            prop_assert!(kept.len() <= usize::from(MOST_LEGS));
            prop_assert!(kept.windows(2).all(|pair| pair[0].leg < pair[1].leg));
        }
    }
}
