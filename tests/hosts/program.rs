//! Somebody else's program as a process of its own: what it says comes in lines, and it ends with its value.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use test_support::client::PATIENCE;

pub(crate) struct Program {
    child: Child,
    told: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    /// Starts it. What it says on standard error comes among its lines.
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.env("NO_COLOR", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = channel();
        read(child.stdout.take().expect("a pipe"), sender.clone());
        read(child.stderr.take().expect("a pipe"), sender);
        Self { told: child.stdin.take(), child, lines }
    }

    /// Tells it a line. Where it has ended, what it said last tells more.
    pub(crate) fn tell(&mut self, line: &str) {
        let _ = writeln!(self.told.as_mut().expect("a pipe"), "{line}");
    }

    /// The first line, from now on, of which this makes something; else what it says instead until it ends or nobody would wait any longer.
    pub(crate) fn wait_for<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let mut said = String::new();
        let mut wait = || {
            while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
                if let Some(found) = wanted(&line) {
                    return Ok(found);
                }
                said += &format!("    {line}\n");
            }
            Err(format!("  no answer; the program says\n{said}"))
        };
        // Others of this test go on meanwhile.
        if tokio::runtime::Handle::try_current().is_ok() { tokio::task::block_in_place(wait) } else { wait() }
    }
}

/// Reads to the end, so that the program never waits for a reader.
fn read(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = to.send(line);
        }
    });
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
