//! What the PBX saw of a call, told leg by leg: Anna's desk rang for 20 s, then her mobile, then the queue answered.

use call::Language;
use call::one_line::Lines;
use call::outcome::{Outcome, Rung, RungLeg};

/// The width of the longest ringing.
const WIDTH: u64 = 24;

/// Writes the outcome: a line for each leg, with a bar for how long it rang, and how the call ended.
pub(super) fn write(out: &mut Lines, outcome: &Outcome, language: Language) {
    let say = |ru: &'static str, en: &'static str| language.say(ru, en);
    let longest = outcome.legs.iter().filter_map(|rung| rung.leg.ring_ms).max().unwrap_or_default().max(1);
    out.line(format_args!("{}", say("Что видела АТС", "What the PBX saw")));
    for RungLeg { rung, leg } in &outcome.legs {
        let name = match rung {
            Rung::Number(number) => number.clone(),
            Rung::LinkedOperation(name) => format!("{} {name}", say("связанная операция", "linked operation")),
        };
        let (rang, bar) = match leg.ring_ms {
            Some(0) => (say("не звонил", "did not ring").to_owned(), String::new()),
            Some(time) => {
                let seconds = std::time::Duration::from_millis(time).as_secs_f64();
                let bar = "▒".repeat(usize::try_from((time * WIDTH).div_ceil(longest)).unwrap_or_default());
                (format!("{} {seconds:.1} {}", say("звонил", "rang"), say("с", "s")), bar)
            }
            None => (say("о вызове не сообщено", "ringing not reported").to_owned(), String::new()),
        };
        let codes: Vec<_> = [
            leg.sip_status.map(|status| format!("SIP {status}")),
            leg.q850_cause.map(|cause| format!("Q.850 {cause}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
        let ended = leg.result.text(language);
        out.line(format_args!(
            "  {}. {name:<30} {rang:<13} {bar:<width$} {ended}{codes}",
            leg.leg,
            width = WIDTH as usize
        ));
    }
    match &outcome.answered_by {
        Some(rung) => out.line(format_args!("  {}: {}", say("ответили", "answered by"), rung.name())),
        None => {
            out.line(format_args!(
                "  {}: {}",
                say("не ответил никто", "answered by nobody"),
                outcome.result.text(language)
            ));
        }
    }
}
