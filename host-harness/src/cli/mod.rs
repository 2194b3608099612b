//! The command line: one of the faces. It translates arguments into a call and the outcome into text, JSON and an exit code; it decides
//! nothing.

mod access;
mod amocrm;
mod audit;
mod backup;
mod call;
mod calls;
mod check;
mod component;
mod config_file;
mod configuration;
mod connect;
#[cfg(unix)]
mod demo_pbx;
mod describe;
mod forget_manager;
mod host_choice;
mod integration;
mod logging;
mod messages;
mod new_operation;
mod package;
mod presence;
mod pull;
mod push;
mod rehearse;
mod replay;
mod serve;
mod test;
mod token;
mod versions;
mod widget;

use std::env;
use std::fmt::Display;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::causes::text_of;
use ::call::one_line::{Lines, visible_json};
use ::call::{Localized, localized};
use messages::{LanguageChoice, choose_language, fail, language, note, note_lines, say, say_lines, warn};

/// The first argument with which this program compiles a component; people have no use for it.
pub const COMPILE: &str = "compile-component";

/// Under which heading `--help` lists the options that every command has.
const GLOBAL_OPTIONS: &str = "Global options";

/// Loads telephony operations and resolves calls with them.
///
/// Exit codes: 0 forwarded (or done), 1 linked operation, 2 usage or configuration error (or a person is needed), 3 component rejected, 4 operation failed, 5 a policy test failed, 6 a replay departed from its recording, 7 a widget's archive would be refused, 10 to 15 findings of `audit` (see `audit --help`).
#[derive(Parser)]
#[command(name = "host-harness", version)]
struct Arguments {
    /// Log to stderr: error, warn, info, debug, trace, or a filter such as amocrm::access=debug [default: warn for serve, else nothing]
    #[arg(long, global = true, value_name = "FILTER", help_heading = GLOBAL_OPTIONS)]
    log: Option<logging::Filter>,
    /// The format of the log: text for people, or one JSON object per line; implies --log info [default: text]
    #[arg(long, global = true, value_name = "FORMAT", help_heading = GLOBAL_OPTIONS)]
    log_format: Option<logging::Format>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Call(call::Call),
    Calls(calls::Calls),
    Connect(connect::Connect),
    Access(access::Access),
    Presence(presence::PresenceCommand),
    ForgetManager(forget_manager::ForgetManager),
    Audit(audit::Audit),
    Describe(describe::Describe),
    Check(check::Check),
    Amocrm(amocrm::Amocrm),
    Widget(widget::WidgetCommand),
    Package(package::Package),
    Push(push::PushComponent),
    Pull(pull::PullComponent),
    NewOperation(new_operation::NewOperation),
    Config(configuration::ConfigCommand),
    Serve(serve::Serve),
    Backup(backup::BackupCommand),
    Token(token::TokenCommand),
    #[cfg(unix)]
    DemoPbx(demo_pbx::DemoPbx),
    Test(test::Test),
    Replay(replay::Replay),
    Rehearse(rehearse::Rehearse),
}

impl Command {
    /// The language that is asked for, of the commands for administrators; those for developers speak English.
    const fn lang(&self) -> Option<LanguageChoice> {
        match self {
            Self::Call(command) => command.lang,
            Self::Calls(command) => command.lang,
            Self::Access(command) => command.lang,
            Self::Presence(command) => command.lang,
            Self::Audit(command) => command.lang,
            Self::ForgetManager(command) => command.lang,
            Self::Describe(command) => command.lang,
            Self::Widget(command) => command.lang,
            Self::Config(command) => command.lang(),
            Self::Serve(command) => command.lang,
            Self::Backup(command) => command.lang,
            Self::Replay(command) => command.lang,
            Self::Rehearse(command) => command.lang,
            Self::Connect(_) | Self::Token(_) => None,
            Self::Check(_)
            | Self::Amocrm(_)
            | Self::Package(_)
            | Self::Push(_)
            | Self::Pull(_)
            | Self::NewOperation(_)
            | Self::Test(_) => Some(LanguageChoice::En),
            #[cfg(unix)]
            Self::DemoPbx(_) => Some(LanguageChoice::En),
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The call was forwarded, or the command did what it was asked.
    Done,
    /// A person has to do something first; the output says what.
    UserNeeded,
    /// The audit was carried out; this is the exit code for what it found.
    Audited(u8),
    /// The call goes to the linked operation.
    LinkedOperation,
    /// A policy test failed.
    CasesFailed,
    /// A recorded call took another course.
    Departed,
    /// amoCRM would refuse a widget's archive.
    WidgetRefused,
    /// The component does not fit the contract.
    ComponentRejected,
    /// The operation gave no answer; the call goes to the linked operation.
    OperationFailed,
}

/// A command that could not be carried out, by the exit code it ends with.
enum Stop {
    /// The arguments or the configuration are wrong, or something outside stands in the way.
    Usage(anyhow::Error),
    /// The component does not fit the contract.
    ComponentRejected(Localized),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Usage(error.into())
    }
}

/// The definition of the command line, for its manual and the completions of shells.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Carries out the command in this process's arguments.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    choose_language(arguments.command.lang());
    let usual = matches!(arguments.command, Command::Serve(_)).then_some(logging::OF_SERVERS);
    let _logging = logging::begin(arguments.log, arguments.log_format, usual);
    let outcome = match arguments.command {
        Command::Call(command) => command.run().await,
        Command::Calls(command) => command.run().await,
        Command::Connect(command) => command.run().await,
        Command::Access(command) => command.run().await,
        Command::Presence(command) => command.run().await,
        Command::ForgetManager(command) => command.run().await,
        Command::Audit(command) => command.run().await,
        Command::Describe(command) => command.run().await,
        Command::Check(command) => command.run().await,
        Command::Amocrm(command) => command.run().await,
        Command::Widget(command) => command.run(),
        Command::Package(command) => command.run(),
        Command::Push(command) => command.run().await,
        Command::Pull(command) => command.run().await,
        Command::NewOperation(command) => command.run(),
        Command::Config(command) => command.run().await,
        Command::Serve(command) => command.run().await,
        Command::Backup(command) => command.run(),
        Command::Token(command) => command.run(),
        #[cfg(unix)]
        Command::DemoPbx(command) => command.run().await,
        Command::Test(command) => command.run().await,
        Command::Replay(command) => command.run().await,
        Command::Rehearse(command) => command.run().await,
    };
    ExitCode::from(match outcome {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Audited(code)) => code,
        Ok(Outcome::LinkedOperation) => 1,
        Ok(Outcome::UserNeeded) => 2,
        Ok(Outcome::ComponentRejected) => 3,
        Ok(Outcome::OperationFailed) => 4,
        Ok(Outcome::CasesFailed) => 5,
        Ok(Outcome::Departed) => 6,
        Ok(Outcome::WidgetRefused) => 7,
        Err(Stop::Usage(error)) => {
            fail(&text_of(&error));
            2
        }
        Err(Stop::ComponentRejected(findings)) => {
            say_lines(&findings);
            3
        }
    })
}

/// Says that the process cannot even begin, and gives the exit code for it.
pub fn cannot_start(error: &std::io::Error) -> ExitCode {
    note(format_args!("error: the asynchronous runtime cannot be started: {error}"));
    ExitCode::from(2)
}

/// Writes a line of the command's output. Like the functions beside it, it lets no text from outside write a line of its own or reach the
/// terminal as a command ([`one_line`](::call::one_line)).
fn print(line: impl Display) {
    print_lines(&[line].into_iter().collect());
}

/// Writes lines of the command's output; false where nobody reads any more, which is not an error: `host-harness calls | head` is fine.
fn print_lines(lines: &Lines) -> bool {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_str().as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Writes the command's output as JSON.
fn print_json(output: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(output)?;
    print_lines(&Lines::split(&visible_json(&json)));
    Ok(())
}

/// The zone in which times without an offset are read and shown: that of `TZ`, else the system's, else UTC.
fn local_zone() -> Result<TimeZone, Localized> {
    match TimeZone::try_system() {
        Ok(zone) => Ok(zone),
        Err(_) if env::var_os("TZ").is_none() => Ok(TimeZone::UTC),
        Err(error) => Err(localized!(
            "в TZ не часовой пояс; напишите его имя, например TZ=Europe/Moscow, или уберите переменную ({error})",
            "TZ is not a time zone; write a name such as TZ=Europe/Moscow, or unset it: {error}"
        )),
    }
}
