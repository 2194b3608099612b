//! A program that runs beside this one, and ends with the value that stands for it.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};

/// A running program and the processes that it started.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    said: PathBuf,
}

impl Program {
    /// Starts it, in a process group of its own. What it says goes to the file `said`.
    pub(super) fn start(mut command: Command, said: PathBuf) -> anyhow::Result<Self> {
        let file = File::create(&said).with_context(|| format!("cannot write {}", said.display()))?;
        let errors = file.try_clone()?;
        command.stdin(Stdio::null()).stdout(file).stderr(errors).process_group(0);
        let name = command.get_program().to_owned();
        let child = command.spawn().with_context(|| format!("cannot start {}", Path::new(&name).display()))?;
        Ok(Self { child, said })
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it said so far.
    pub(super) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.said).unwrap_or_default()).into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Nothing here has anything to save. A group has no member left where the program ended by itself.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
