//! FastAGI, with the fuzzer in Asterisk's place.

use server::fastagi::dialogue::Dialogue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Says these bytes to a dialogue that reads a block and then sets what it read as variables, the worst that could be set.
pub fn converse(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (block, written) = runtime.block_on(async {
        // Room for everything, so that neither side waits for the other.
        let (near, mut far) = tokio::io::duplex(bytes.len() + 1_000_000);
        far.write_all(bytes).await.expect("there is room");
        far.shutdown().await.expect("an end");
        let mut dialogue = Dialogue::new(near);
        let request = dialogue.request().await.ok();
        if let Some(request) = &request {
            let call = request.call();
            let operation = request.operation().unwrap_or_default();
            for value in [
                request.path(),
                &call.id,
                &call.called,
                call.caller.as_ref().map_or("", |caller| caller.whole()),
                &operation,
            ] {
                if dialogue.set_variable("FUZZED", value).await.is_err() {
                    break;
                }
            }
            // The way of a report that is not understood.
            let _ = dialogue.verbose(&format!("no report: {}", request.arguments.join(" "))).await;
        }
        dialogue.close().await;
        let mut written = String::new();
        far.read_to_string(&mut written).await.expect("text");
        (request, written)
    });
    if block.is_none() {
        assert_eq!(written, "", "something was written to whoever is not Asterisk");
    }
    for line in written.lines() {
        let (set, said) = (line.strip_prefix("SET VARIABLE \"FUZZED\" \""), line.strip_prefix("VERBOSE \""));
        let value = set.and_then(|rest| rest.strip_suffix('"')).or(said.and_then(|rest| rest.strip_suffix("\" 1")));
        assert!(value.is_some_and(stays_in_its_quotes), "{line}");
    }
}

/// Whether every quote and backslash is taken as it is.
fn stays_in_its_quotes(value: &str) -> bool {
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return false,
            '\\' if !matches!(letters.next(), Some('"' | '\\')) => return false,
            _ => {}
        }
    }
    true
}
