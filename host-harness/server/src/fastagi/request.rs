//! The block that Asterisk opens a connection with: lines `name: value`, ended by an empty one.
//!
//! ```text
//! agi_network_script: resolve-call
//! agi_uniqueid: 1795338000.7
//! agi_callerid: +79161234567
//! agi_extension: 74951234567
//! agi_arg_1: main
//! ```
//!
//! Absent values are the word `unknown` (`res_agi.c`). A caller's name is in the block as the network gave it, so a value that this program
//! reads and that comes twice is refused: somebody may have put a line into the name.

use call::IncomingCall;
use call::call_request::CallRequest;
use call::caller::Presented;
use call::leg::Ending;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// The most bytes of a line; Asterisk's own buffer is no longer.
pub(crate) const LONGEST_LINE: usize = 8 * 1024;
/// The most bytes of a block.
pub(crate) const LONGEST_BLOCK: usize = 64 * 1024;
/// The most lines of a block.
pub(crate) const MOST_LINES: usize = 256;
/// The most arguments that are read.
const MOST_ARGUMENTS: usize = 8;
/// The most characters of a number or a name.
const LONGEST: usize = 128;
/// The most characters of an argument: as many legs as a call may have, each with all that is told of it.
const LONGEST_ARGUMENT: usize = 2_048;
/// What Asterisk writes for a value that it does not have.
const UNKNOWN: &str = "unknown";

/// What an argument is called where something is wrong with it.
const ARGUMENT: &str = "agi_arg";

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// A line is too long.
    #[error("a line is longer than {LONGEST_LINE} bytes")]
    LineTooLong,
    /// The block is too long.
    #[error("the block is longer than {LONGEST_BLOCK} bytes or {MOST_LINES} lines")]
    TooLong,
    /// A line is no `name: value`.
    #[error("a line is not written as `name: value`")]
    NoValue,
    /// A value that is read comes twice.
    #[error("`{0}` comes twice")]
    Twice(&'static str),
    /// A value is longer than any number or name.
    #[error("`{0}` is longer than {LONGEST} characters")]
    ValueTooLong(&'static str),
    /// There is no empty line at the end.
    #[error("the block has no end")]
    Unended,
}

/// A request of the dialplan's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What is asked for: the path of `agi://host/path`, with its query.
    pub script: String,
    /// Asterisk's identifier of the call.
    pub id: String,
    /// The caller's number; none when it is withheld.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
    /// The arguments of `AGI()`, in order.
    pub arguments: Vec<String>,
}

/// A block while its lines come in.
#[derive(Debug, Default)]
pub struct Block {
    bytes: usize,
    lines: usize,
    script: Option<String>,
    id: Option<String>,
    caller: Option<String>,
    presentation: Option<String>,
    extension: Option<String>,
    arguments: [Option<String>; MOST_ARGUMENTS],
}

impl Block {
    /// Takes a line in, without its end. The empty one gives the request.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Request>, BlockError> {
        if line.len() > LONGEST_LINE {
            return Err(BlockError::LineTooLong);
        }
        self.bytes += line.len() + 1;
        self.lines += 1;
        if self.bytes > LONGEST_BLOCK || self.lines > MOST_LINES {
            return Err(BlockError::TooLong);
        }
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            return Ok(Some(self.request()));
        }
        let (name, value) = line.split_once(':').ok_or(BlockError::NoValue)?;
        let (place, name) = match name {
            "agi_network_script" => (&mut self.script, "agi_network_script"),
            "agi_uniqueid" => (&mut self.id, "agi_uniqueid"),
            "agi_callerid" => (&mut self.caller, "agi_callerid"),
            "agi_callingpres" => (&mut self.presentation, "agi_callingpres"),
            "agi_extension" => (&mut self.extension, "agi_extension"),
            _ => match argument(name).and_then(|position| self.arguments.get_mut(position)) {
                Some(place) => (place, ARGUMENT),
                // Asterisk says much more than is asked for.
                None => return Ok(None),
            },
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        let most = if name == ARGUMENT { LONGEST_ARGUMENT } else { LONGEST };
        if value.chars().nth(most).is_some() {
            return Err(BlockError::ValueTooLong(name));
        }
        if place.replace(value.to_owned()).is_some() {
            return Err(BlockError::Twice(name));
        }
        Ok(None)
    }

    /// Whether no line has come yet.
    pub const fn is_empty(&self) -> bool {
        self.lines == 0
    }

    fn request(&mut self) -> Request {
        let known = |value: &mut Option<String>| value.take().filter(|value| !value.is_empty() && value != UNKNOWN);
        let restricted = self.presentation.take().is_some_and(|value| is_restricted(&value));
        let caller = known(&mut self.caller).filter(|caller| !restricted && !Presented::is_withheld(caller));
        Request {
            script: known(&mut self.script).unwrap_or_default(),
            id: known(&mut self.id).unwrap_or_default(),
            caller,
            called: known(&mut self.extension).unwrap_or_default(),
            arguments: self.arguments.iter_mut().map_while(Option::take).collect(),
        }
    }
}

/// The place of `agi_arg_N`, from 0.
fn argument(name: &str) -> Option<usize> {
    name.strip_prefix("agi_arg_")?.parse::<usize>().ok()?.checked_sub(1)
}

/// Whether the caller does not want the number to be shown: bits 6 and 7 of Q.931's presentation are `01`.
fn is_restricted(presentation: &str) -> bool {
    presentation.parse::<u8>().is_ok_and(|presentation| presentation & 0x60 == 0x20)
}

impl Request {
    /// Reads a whole block.
    pub fn read(block: &[u8]) -> Result<Self, BlockError> {
        let mut lines = Block::default();
        for line in block.split(|byte| *byte == b'\n') {
            if let Some(request) = lines.line(line)? {
                return Ok(request);
            }
        }
        Err(BlockError::Unended)
    }

    /// What is asked for, without the query.
    pub fn path(&self) -> &str {
        self.script.split('?').next().unwrap_or_default().trim_matches('/')
    }

    /// The placed operation: the first argument, or `operation` of the query.
    pub fn operation(&self) -> Option<String> {
        let query = self.script.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let by_query = || pairs.find(|(key, _)| key == "operation").map(|(_, value)| value.into_owned());
        self.arguments.first().filter(|operation| !operation.is_empty()).cloned().or_else(by_query)
    }

    /// The operation whose numbers rang in vain, where the dialplan comes back: the third argument, `ROUTE_AFTER` as it was set.
    pub fn after(&self) -> Option<String> {
        let after = self.arguments.get(2).filter(|after| !after.is_empty())?;
        Some(percent_decode_str(after).decode_utf8_lossy().into_owned())
    }

    /// The call. The number that was called is the second argument, where a dialplan knows it better than by its extension; how the numbers ended
    /// that rang in vain is the fourth, by name with colons between them. The fifth is the call's identifier, where one channel makes several.
    pub fn call(&self) -> IncomingCall {
        let called = self.arguments.get(1).filter(|called| !called.is_empty()).unwrap_or(&self.called);
        let request = CallRequest {
            id: Some(self.arguments.get(4).filter(|id| !id.is_empty()).unwrap_or(&self.id).clone()),
            caller: self.caller.clone(),
            called: Some(called.clone()),
            operation: None,
            after: self.after(),
            legs: self.arguments.get(3).map(|legs| Ending::list(legs)).unwrap_or_default(),
        };
        IncomingCall::new(request, String::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As captured from Asterisk 22 (telephony facts §2.2), with fictional numbers.
    const CAPTURED: &str = "agi_network: yes\nagi_network_script: resolve-call\nagi_request: agi://127.0.0.1:4573/resolve-call\n\
        agi_channel: PJSIP/trunk-00000001\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1795338000.7\nagi_version: 22.10.1\n\
        agi_callerid: +79161234567\nagi_calleridname: Иван \"x\" $si\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
        agi_callingtns: 0\nagi_dnid: unknown\nagi_rdnis: unknown\nagi_context: from-trunk\nagi_extension: 74951234567\nagi_priority: 1\n\
        agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 139870012345\nagi_arg_1: main\nagi_arg_2: +74951234567\n\n";

    fn read(block: &str) -> Result<Request, BlockError> {
        Request::read(block.as_bytes())
    }

    #[test]
    fn the_captured_block_is_a_call() {
        let request = read(CAPTURED).unwrap();
        assert_eq!((request.path(), request.operation().as_deref()), ("resolve-call", Some("main")));
        let call = request.call();
        assert_eq!((call.id.as_str(), call.called.as_str()), ("1795338000.7", "+74951234567"));
        assert_eq!(call.caller, Some("+79161234567".into()));
        let bare = CAPTURED
            .replace("agi_arg_1: main\nagi_arg_2: +74951234567\n", "")
            .replace("script: resolve-call", "script: resolve-call?operation=second");
        let request = read(&bare).unwrap();
        assert_eq!((request.path(), request.operation().as_deref()), ("resolve-call", Some("second")));
        let second = CAPTURED
            .replace("agi_arg_2: +74951234567\n", "agi_arg_2: \nagi_arg_3: \nagi_arg_4: \nagi_arg_5: 1795338000.7-2\n");
        assert_eq!(read(&second).unwrap().call().id, "1795338000.7-2", "a call of its own on the same channel");
        assert_eq!(request.call().called, "74951234567", "the extension, where no argument says better");
    }

    #[test]
    fn d01_a_number_that_is_not_shown_is_withheld() {
        for (from, to) in [
            ("agi_callerid: +79161234567", "agi_callerid: unknown"),
            ("agi_callerid: +79161234567", "agi_callerid: "),
            ("agi_callerid: +79161234567", "agi_callerid: Anonymous"),
            ("agi_callingpres: 0", "agi_callingpres: 32"),
            ("agi_callingpres: 0", "agi_callingpres: 35"),
        ] {
            assert_eq!(read(&CAPTURED.replace(from, to)).unwrap().caller, None, "{to}");
        }
        for shown in ["1", "3", "67"] {
            let block = CAPTURED.replace("agi_callingpres: 0", &format!("agi_callingpres: {shown}"));
            assert!(read(&block).unwrap().caller.is_some(), "{shown}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_block_is_said() {
        let injected = CAPTURED.replace("\"x\"", "\nagi_arg_1: another");
        assert_eq!(read(&injected), Err(BlockError::Twice("agi_arg")));
        assert_eq!(read(CAPTURED.trim_end()), Err(BlockError::Unended));
        assert_eq!(read("GET / HTTP/1.1\n\n"), Err(BlockError::NoValue));
        assert_eq!(read(&format!("agi_x: {}\n\n", "x".repeat(LONGEST_LINE))), Err(BlockError::LineTooLong));
        assert_eq!(read(&"agi_x: 1\n".repeat(MOST_LINES + 1)), Err(BlockError::TooLong));
        assert_eq!(read(&format!("agi_x: {}\n", "x".repeat(8_000)).repeat(9)), Err(BlockError::TooLong));
        let long = CAPTURED.replace("+79161234567", &"1".repeat(LONGEST + 1));
        assert_eq!(read(&long), Err(BlockError::ValueTooLong("agi_callerid")));
        let legs = |legs: usize| {
            CAPTURED
                .replace("agi_arg_1: main", &format!("agi_arg_1: {}", "/32:CHANUNAVAIL:127:699:86400000".repeat(legs)))
        };
        assert!(read(&legs(usize::from(call::leg::MOST_LEGS))).is_ok(), "every leg of a call in one report");
        assert_eq!(read(&legs(65)), Err(BlockError::ValueTooLong("agi_arg")));
    }

    proptest! {
        #[test]
        fn any_block_is_read_or_refused(block in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(request) = Request::read(&block) {
                prop_assert!(request.arguments.len() <= MOST_ARGUMENTS);
                prop_assert!(!request.id.contains('\n') && !request.script.contains('\n'));
            }
        }

        #[test]
        fn a_callers_name_changes_nothing(name in "[^\\r\\n\\x00]{0,60}") {
            let plain = read(CAPTURED).unwrap();
            let request = read(&CAPTURED.replace("Иван \"x\" $si", &name)).unwrap();
            prop_assert_eq!(request.caller, plain.caller);
            prop_assert_eq!(request.called, plain.called);
            prop_assert_eq!(request.script, plain.script);
            prop_assert_eq!(request.id, plain.id);
        }
    }
}
