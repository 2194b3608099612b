//! How the files that this process may have open are shared out: every connection is one. What strangers may hold never takes what calls need.
//!
//! | part | how many |
//! |---|---|
//! | requests to amoCRM, stores, logs, components | 640, or three eighths where there are few |
//! | FastAGI, where it is listened for | a quarter of the rest, at most two for each call |
//! | HTTP | what is left, at most `max_connections` |

use call::{Localized, localized};
use server::ServerSettings;

/// The most connections to amoCRM: those of all integrations that wait for an answer.
const OUTGOING: u64 = 512;
/// Databases with their companions, logs, components, listeners.
const OWN: u64 = 128;

/// Raises what this process may open as far as that needs no privilege, and gives the limit; none where there is none.
pub(crate) fn raised_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // Where it is refused, the limit stays as it was.
        match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            Ok(()) => maximum,
            Err(_) => current,
        }
    }
    #[cfg(not(unix))]
    None
}

/// Bounds the server's connections by what the process may open. Where there are fewer than calls at once, the text says so.
pub(crate) fn share_out(limit: Option<u64>, settings: &mut ServerSettings) -> Option<Localized> {
    let limit = limit?;
    let left = limit - (OUTGOING + OWN).min(limit / 8 * 3);
    let wants_fastagi = settings.asterisk.as_ref().is_some_and(|asterisk| asterisk.fastagi.is_some());
    let calls = u64::try_from(settings.max_calls).unwrap_or(u64::MAX);
    let fastagi = if wants_fastagi { (left / 4).clamp(1, calls.saturating_mul(2).max(1)) } else { 0 };
    let http = (left - fastagi.min(left)).max(1);
    let bound = |most: u64| usize::try_from(most).unwrap_or(usize::MAX);
    settings.max_connections = settings.max_connections.min(bound(http));
    settings.max_fastagi_connections = bound(fastagi);
    settings.max_unproved_per_address = settings.max_unproved_per_address.min((settings.max_connections / 2).max(1));
    (http < calls).then(|| {
        localized!(
            "этот процесс может открыть файлов: {limit}, этого хватит на соединений: {http}, а `max_calls` — {calls}: увеличьте предел \
             (LimitNOFILE= в systemd, `ulimit -n`) или уменьшите `max_calls` в [server]",
            "this process may open {limit} files, which is enough for {http} connections, but `max_calls` is {calls}: raise the limit \
             (LimitNOFILE= of systemd, `ulimit -n`), or lower `max_calls` in [server]"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use server::pbx::dialplan::Asterisk;
    use server::pbx::{Destinations, Syntax};

    use super::*;

    fn settings(with_fastagi: bool) -> ServerSettings {
        let destinations =
            Destinations::new(Syntax::DialString, "PJSIP/{number}", "PJSIP/{number}@trunk", Default::default());
        let asterisk =
            Asterisk { destinations: destinations.unwrap(), fastagi: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))) };
        ServerSettings { asterisk: with_fastagi.then_some(asterisk), ..ServerSettings::default() }
    }

    #[test]
    fn connections_never_take_what_calls_need() {
        for limit in [0, 1, 8, 64, 256, 300, 1_024, 4_096, 20_000, 65_536, 1_048_576, u64::MAX] {
            for with_fastagi in [false, true] {
                let mut settings = settings(with_fastagi);
                let warned = share_out(Some(limit), &mut settings);
                let taken = settings.max_connections + settings.max_fastagi_connections;
                let reserve = limit - u64::try_from(taken).unwrap().min(limit);
                assert!(limit < 8 || reserve >= (OUTGOING + OWN).min(limit / 8 * 3), "{limit}: {reserve}");
                assert!(settings.max_connections >= 1 && settings.max_unproved_per_address >= 1);
                assert!(settings.max_unproved_per_address <= settings.max_connections / 2 || limit < 8);
                assert_eq!(settings.max_fastagi_connections > 0, with_fastagi, "{limit}");
                assert_eq!(warned.is_some(), limit < 20_000, "{limit}: {warned:?}");
            }
        }
        let mut settings = settings(false);
        assert_eq!(share_out(None, &mut settings), None);
        assert_eq!(settings.max_connections, ServerSettings::default().max_connections);
        let warned = share_out(Some(1_024), &mut settings).unwrap();
        assert!(warned.en.contains("1024 files") && warned.en.contains("LimitNOFILE"), "{warned}");
    }
}
