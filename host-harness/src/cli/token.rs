//! `host-harness token`: makes tokens for clients of the server, and lists those of the configuration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::config_file::Config;
use super::{Outcome, Stop, note, print, warn};
use crate::config::HarnessConfig;
use crate::live;
use crate::text_file;
use call::one_line::one_line;
use runtime::capabilities::clocks::Clock;
use runtime::toml_file;
use server::scope::Scope;
use server::tokens::{self, MadeToken, Token};
use stores::StoreLocation;

/// Make a token for a client of the server, or list the tokens of the configuration
#[derive(Args)]
pub(super) struct TokenCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    New(Box<New>),
    List(List),
}

/// Make a token and print it once
///
/// The first line of the output is the token. With --config its hash is written into that file, where a running server takes it up; without, the lines
/// for the configuration are printed too. Hand the token over now: nothing can show it again.
#[derive(Args)]
struct New {
    /// Whose token it is: a person, or a program such as kamailio
    name: String,
    /// What it may do: pbx (resolve calls and report outcomes), viewer (read), or manager (everything)
    #[arg(long, value_name = "SCOPE")]
    scope: Scope,
    /// For how long it counts, such as 90d [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    expires: Option<Duration>,
    /// The configuration file that the token is written into; comments stay
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the server keeps its state, to remember the change there [default: the configured store, or the user's state directory]
    #[arg(long, value_name = "DIR", requires = "config")]
    state: Option<StoreLocation>,
}

/// List the tokens of the configuration; GET /v1/tokens of a server says when each was last used
#[derive(Args)]
struct List {
    #[command(flatten)]
    config: Config,
}

impl TokenCommand {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        match self.action {
            Action::New(new) => (*new).run(),
            Action::List(list) => list.run(),
        }
    }
}

impl New {
    fn run(self) -> Result<Outcome, Stop> {
        let made = MadeToken::new().context("the system gives no randomness")?;
        let expires_at = self.expires.map(expiry).transpose()?;
        let token = Token { name: self.name, scope: self.scope, hash: made.hash, expires_at };
        let mut all = match &self.config {
            Some(file) => HarnessConfig::read(file)?.server.tokens,
            None => Vec::new(),
        };
        all.push(token.clone());
        tokens::judge(&all).map_err(|error| anyhow!("{error}"))?;
        if let Some(file) = &self.config {
            write(file, &token, self.state.as_ref())?;
            print(made.token.expose());
            note(format_args!("this is the token, shown this once: hand it over; its hash is in {}", file.display()));
            return Ok(Outcome::Done);
        }
        print(made.token.expose());
        print("");
        print("[[server.tokens]]");
        print(format_args!("name = {}", toml::Value::from(token.name)));
        print(format_args!("scope = \"{}\"", token.scope));
        print(format_args!("hash = \"{}\"", token.hash));
        if let Some(at) = token.expires_at {
            print(format_args!("expires = {at}"));
        }
        note(
            "the first line is the token, shown this once: hand it over, and put the other lines into host-harness.toml",
        );
        Ok(Outcome::Done)
    }
}

impl List {
    fn run(self) -> Result<Outcome, Stop> {
        let server = HarnessConfig::read(&self.config.file()?)?.server;
        if server.token.is_some() {
            print(format_args!("{}: {}, does not expire ([server] token)", tokens::SERVER, Scope::Manager));
        }
        let now = Clock::system().now();
        for Token { name, scope, expires_at, .. } in server.tokens {
            let name = one_line(&name);
            match expires_at {
                None => print(format_args!("{name}: {scope}, does not expire")),
                Some(at) if at <= now => print(format_args!("{name}: {scope}, expired on {at}")),
                Some(at) => print(format_args!("{name}: {scope}, expires on {at}")),
            }
        }
        Ok(Outcome::Done)
    }
}

/// Adds a token to the text of the file, which is judged before it is written.
fn write(file: &Path, token: &Token, state: Option<&StoreLocation>) -> anyhow::Result<()> {
    let shown = file.display();
    let former = toml_file::read_text(file)?;
    let mut document: DocumentMut = former.parse().context("the file is not TOML")?;
    let mut section = Table::new();
    // The tokens alone need no `[server]`.
    section.set_implicit(true);
    let server = document.entry("server").or_insert(Item::Table(section)).as_table_mut();
    let server = server.with_context(|| format!("{shown}: write `server` as a section, `[server]`"))?;
    let tokens = server.entry("tokens").or_insert(Item::ArrayOfTables(ArrayOfTables::new())).as_array_of_tables_mut();
    let tokens = tokens.with_context(|| format!("{shown}: write each token as a section, `[[server.tokens]]`"))?;
    let mut entry = Table::new();
    entry.insert("name", value(token.name.as_str()));
    entry.insert("scope", value(token.scope.name()));
    entry.insert("hash", value(token.hash.to_string()));
    if let Some(at) = token.expires_at {
        entry.insert("expires", value(at.to_string().parse::<toml_edit::Datetime>()?));
    }
    tokens.push(entry);
    let text = text_file::spelt_as(&former, document.to_string());
    let config = HarnessConfig::parse(file, &text)?;
    let written = text_file::replace(file, &former, &text).with_context(|| format!("{shown} cannot be written"))?;
    ensure!(written, "{shown} was changed meanwhile, and stays as it is: try again");
    let location = state.cloned().or(config.store).unwrap_or_default();
    if let Err(error) = live::record_by_command(&location, (&former, &text), Clock::system().now()) {
        warn(&error);
    }
    Ok(())
}

/// When what is made now expires, in whole seconds.
fn expiry(after: Duration) -> anyhow::Result<Timestamp> {
    let seconds = i64::try_from(after.as_secs()).ok().filter(|seconds| *seconds > 0);
    let at = seconds.and_then(|seconds| Clock::system().now().as_second().checked_add(seconds));
    at.and_then(|at| Timestamp::from_second(at).ok())
        .context("--expires: write a time such as 90d or 12h; it ends before the year 10000")
}
