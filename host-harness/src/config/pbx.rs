//! `[kamailio]` and `[asterisk]`: where a PBX dials the numbers and linked operations that calls are sent to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::OperationEntry;
use amocrm::integration::IntegrationSettings;
use call::dialling::is_dialable;
use call::masking::unless_secret;
use call::scenario::placement_of;
use call::{Localized, localized};
use server::pbx::dialplan::Asterisk;
use server::pbx::rtjson::Kamailio;
use server::pbx::{Destinations, Syntax, is_sip_address};

/// Where FastAGI is listened for unless set: the port that Asterisk asks by itself.
const FASTAGI: &str = "127.0.0.1:4573";
/// How long nothing may be heard of a telephone.
const SILENCE: Duration = Duration::from_secs(2);
/// How long a linked operation may ring.
const LINKED_RING_TIME: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KamailioEntry {
    /// A SIP address with `{number}`.
    internal: String,
    external: String,
    /// SIP addresses by the names of linked operations.
    linked_operations: BTreeMap<String, String>,
    silence: Option<String>,
    linked_ring_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AsteriskEntry {
    /// A dial string with `{number}`.
    internal: String,
    external: String,
    /// Extensions by the names of linked operations; made of the names unless set.
    #[serde(default)]
    linked_operations: BTreeMap<String, String>,
    /// Address and port, or `off`.
    fastagi: Option<String>,
}

impl KamailioEntry {
    /// Checks the section. Every linked operation that calls can go to must have an address.
    pub(super) fn check(self, operations: &[OperationEntry]) -> Result<Kamailio, Localized> {
        let wrong = |message: Localized| message.at("[kamailio]");
        for (name, address) in &self.linked_operations {
            if !is_sip_address(address) {
                let address = unless_secret(address);
                return Err(wrong(localized!(
                    "`linked_operations`: `{name}` = `{address}` — не адрес SIP; напишите по образцу `sip:sales@127.0.0.1:5090`",
                    "`linked_operations`: `{name}` = `{address}` is no SIP address; write it like `sip:sales@127.0.0.1:5090`"
                )));
            }
        }
        for operation in operations {
            let exits = operation.exits();
            let is_missing =
                |target: &&str| placement_of(target).is_none() && !self.linked_operations.contains_key(*target);
            if let Some(name) = exits.targets().find(is_missing) {
                return Err(wrong(localized!(
                    "в `linked_operations` не сказано, где `{name}`, а туда идут звонки [[operation]] `{}`; добавьте \"{name}\" = \"sip:…\"",
                    "`linked_operations` does not say where `{name}` is, where calls of [[operation]] `{}` go; add \
                     \"{name}\" = \"sip:…\"",
                    operation.id
                )));
            }
        }
        let destinations =
            Destinations::new(Syntax::SipAddress, &self.internal, &self.external, self.linked_operations)
                .map_err(wrong)?;
        Ok(Kamailio {
            destinations,
            silence: time("silence", self.silence, SILENCE, 200..=30_000)?,
            linked_ring_time: time("linked_ring_time", self.linked_ring_time, LINKED_RING_TIME, 1_000..=170_000)?,
        })
    }
}

impl AsteriskEntry {
    /// Checks the section.
    pub(super) fn check(self) -> Result<Asterisk, Localized> {
        let wrong = |message: Localized| message.at("[asterisk]");
        for (name, extension) in &self.linked_operations {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
            if extension.is_empty() || !extension.chars().all(plain) {
                let extension = unless_secret(extension);
                return Err(wrong(localized!(
                    "`linked_operations`: `{name}` = `{extension}` — не внутренний номер; пишите латинские буквы, цифры, `-` и `_`",
                    "`linked_operations`: `{name}` = `{extension}` is not an extension; write letters, digits, `-` and `_`"
                )));
            }
        }
        let fastagi = match self.fastagi.as_deref().unwrap_or(FASTAGI) {
            "off" => None,
            written => Some(written.parse::<SocketAddr>().map_err(|_| {
                let written = unless_secret(written);
                wrong(localized!(
                    "`fastagi` = `{written}` — не адрес с портом; напишите, например, \"{FASTAGI}\" или \"off\"",
                    "`fastagi` = `{written}` is not an address with a port; write, for example, \"{FASTAGI}\", or \"off\""
                ))
            })?),
        };
        let destinations =
            Destinations::new(Syntax::DialString, &self.internal, &self.external, self.linked_operations)
                .map_err(wrong)?;
        Ok(Asterisk { destinations, fastagi })
    }
}

/// Every number must be one that a template takes, or a manager would silently not be rung.
pub(super) fn check_numbers(integrations: &[IntegrationSettings]) -> Result<(), Localized> {
    for integration in integrations {
        for (_, employee) in &integration.employees {
            if let Some(wrong) = employee.destinations.iter().find(|destination| !is_dialable(&destination.number)) {
                return Err(localized!(
                    "[[integration]] `{}`, сотрудник `{}`: `numbers`: `{}` нельзя подставить в шаблоны [kamailio] и [asterisk]; напишите \
                     цифры, международный номер — с + в начале",
                    "[[integration]] `{}`, employee `{}`: `numbers`: `{}` cannot go into the templates of [kamailio] and [asterisk]; write \
                     digits, with a leading + if international",
                    integration.id,
                    employee.id,
                    unless_secret(&wrong.number)
                ));
            }
        }
    }
    Ok(())
}

fn time(
    key: &str,
    written: Option<String>,
    usual: Duration,
    milliseconds: std::ops::RangeInclusive<u64>,
) -> Result<Duration, Localized> {
    let Some(written) = written else { return Ok(usual) };
    let (least, greatest) = (Duration::from_millis(*milliseconds.start()), Duration::from_millis(*milliseconds.end()));
    let time = humantime::parse_duration(&written).ok().filter(|time| (least..=greatest).contains(time));
    time.ok_or_else(|| {
        let written = unless_secret(&written);
        let (least, greatest) = (humantime::format_duration(least), humantime::format_duration(greatest));
        localized!(
            "[kamailio]: `{key}` = `{written}`; укажите время от `{least}` до `{greatest}`, например `5s`",
            "[kamailio]: `{key}` = `{written}`; set a duration from `{least}` to `{greatest}`, for example `5s`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKED: &str = "linked_operations = { \"queue:sales\" = \"sip:sales@127.0.0.1:5090\" }\n";
    const SIP: &str = "internal = \"sip:{number}@127.0.0.1:5070\"\nexternal = \"sip:{number}@127.0.0.1:5080\"\n";
    const DIAL: &str = "internal = \"PJSIP/{number}\"\nexternal = \"PJSIP/{number}@trunk\"\n";

    fn operations() -> Vec<OperationEntry> {
        vec![toml::from_str("linked_operation = \"queue:sales\"").unwrap()]
    }

    fn kamailio(text: &str) -> Result<Kamailio, String> {
        toml::from_str::<KamailioEntry>(text)
            .map_err(|error| error.message().to_owned())?
            .check(&operations())
            .map_err(|error| error.en)
    }

    fn asterisk(text: &str) -> Result<Asterisk, String> {
        toml::from_str::<AsteriskEntry>(text)
            .map_err(|error| error.message().to_owned())?
            .check()
            .map_err(|error| error.en)
    }

    #[test]
    fn templates_are_read_and_fastagi_is_on_loopback_unless_set() {
        let read = kamailio(&format!("{SIP}{LINKED}silence = \"1s\"")).unwrap();
        assert_eq!((read.silence, read.linked_ring_time), (Duration::from_secs(1), LINKED_RING_TIME));
        assert_eq!(read.destinations.number("101").as_deref(), Some("sip:101@127.0.0.1:5070"));
        assert_eq!(read.destinations.linked_operation("queue:sales"), Some("sip:sales@127.0.0.1:5090"));
        assert_eq!(asterisk(DIAL).unwrap().fastagi, FASTAGI.parse().ok());
        assert_eq!(asterisk(&format!("{DIAL}fastagi = \"off\"")).unwrap().fastagi, None);
    }

    #[test]
    fn the_guides_sections_are_read() {
        let guides = [include_str!("../../pbx/kamailio/README.md"), include_str!("../../pbx/asterisk/README.md")];
        let [first, second] = guides.map(|guide| {
            let block = guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
            block.expect("a section")
        });
        let first = kamailio(&first.replace("[kamailio]\n", "")).unwrap();
        assert_eq!(first.destinations.number("+79035550101").as_deref(), Some("sip:+79035550101@trunk.example"));
        let second = asterisk(&second.replace("[asterisk]\n", "")).unwrap();
        assert_eq!(second.destinations.linked_operation("queue:sales"), Some("queue-sales"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_fix() {
        for (text, message) in [
            (SIP.to_owned(), "missing field `linked_operations`"),
            (format!("{SIP}linked_operations = {{}}"), "where `queue:sales` is"),
            (format!("{SIP}{}", LINKED.replace("sip:", "tel:")), "sip:sales@127.0.0.1:5090"),
            (format!("{}{LINKED}", SIP.replace("{number}@127.0.0.1:5070", "{number}@")), "`internal`"),
            (format!("{SIP}{LINKED}silence = \"1m\""), "`silence` = `1m`"),
            (format!("{SIP}{LINKED}linked_ring_time = \"1h\""), "`linked_ring_time` = `1h`"),
            (format!("{SIP}{LINKED}ring = 1"), "unknown field"),
        ] {
            let error = kamailio(&text).expect_err(&text);
            assert!(error.contains(message), "{error}");
        }
        for (text, message) in [
            (DIAL.replace("PJSIP/{number}\"", "PJSIP/{number}&PJSIP/1\""), "`internal`"),
            (format!("{DIAL}fastagi = \"everywhere\""), "`fastagi` = `everywhere`"),
            (format!("{DIAL}linked_operations = {{ sales = \"a,b\" }}"), "is not an extension"),
        ] {
            let error = asterisk(&text).expect_err(&text);
            assert!(error.contains(message), "{error}");
        }
    }
}
