//! Other people's hosts: how each is started, told of a call's surroundings, and asked.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use host_harness::OPERATION;
use host_harness::other_hosts::OtherHost;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::client::{Client, authorised};

use super::Expected;
use super::comparison::{of_answer, of_resolution};
use super::surroundings::Surroundings;
use crate::configuration::Configuration;
use crate::program::Program;

/// A host, and what can be done with it.
#[derive(Clone, Copy)]
pub(super) struct Host {
    /// As the table names it.
    pub(super) title: &'static str,
    kind: Kind,
    /// Whether it can be told what time it is.
    pub(super) has_clock: bool,
    /// Whether it keeps values from call to call.
    has_store: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Python,
    Node,
    NodeHttp,
    Serve,
    Wash,
}

pub(super) const HOSTS: [Host; 5] = [
    Host { title: "wasmtime 50.0.1", kind: Kind::Python, has_clock: true, has_store: true },
    Host { title: "Node 24.19.0, alone", kind: Kind::Node, has_clock: true, has_store: true },
    Host { title: "Node 24.19.0, composed", kind: Kind::NodeHttp, has_clock: true, has_store: true },
    Host { title: "wasmtime serve 49.0.3", kind: Kind::Serve, has_clock: false, has_store: false },
    Host { title: "wasmCloud 2.7.0", kind: Kind::Wash, has_clock: false, has_store: true },
];

/// A host that runs as soon as a call comes, until it has to be told another configuration.
pub(super) struct Running {
    tools: PathBuf,
    folder: TempDir,
    kind: Kind,
    started: Option<Started>,
}

struct Started {
    program: Program,
    /// What it was told where it started; empty for one that is told with each call.
    configuration: Configuration,
    /// A client of it, where it is a server of its own.
    client: Option<Client>,
}

impl Host {
    /// What a case asks that this host cannot do: one word.
    pub(super) fn lacks(&self, case: &Expected) -> Option<&'static str> {
        let calls = &case.asked.calls;
        let at_once = calls.iter().all(|call| call.at == calls[0].at);
        let by_day = calls.iter().any(|call| call.configuration.contains_key("consider_manager_status"));
        let from_store =
            case.answers.iter().any(|answer| of_answer(json!(answer))["details"]["manager_source"] == "cache");
        if case.asked.is_scenario {
            Some("scenario")
        } else if !self.has_clock && (!at_once || by_day) {
            Some("clock")
        } else if !self.has_store && from_store {
            Some("store")
        } else {
            None
        }
    }

    pub(super) fn start(&self, tools: &Path) -> Running {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("operation.wasm"), OPERATION).expect("a file");
        std::fs::write(folder.path().join("composed.wasm"), OtherHost::Wasmtime.component()).expect("a file");
        Running { tools: tools.to_owned(), folder, kind: self.kind, started: None }
    }
}

impl Running {
    /// A case begins: wasmCloud keeps nothing of those before. The others have a store for each case by its name, or none.
    pub(super) fn begin(&self) {
        let kept = self.folder.path().join("kept");
        let _ = std::fs::remove_dir_all(&kept);
        std::fs::create_dir_all(kept).expect("a folder");
    }

    /// What the host answers to the call, as it is compared; else what the host says instead, and it is started anew for the next call.
    pub(super) async fn resolve(&mut self, asked: &Surroundings<'_>) -> Result<Value, String> {
        let answer = self.answer(asked).await;
        if answer.is_err() {
            self.started = None;
        }
        answer
    }

    async fn answer(&mut self, asked: &Surroundings<'_>) -> Result<Value, String> {
        match self.kind {
            Kind::Python | Kind::Node => {
                let program = &mut self.started(Configuration::new())?.program;
                program.tell(&asked.alone().to_string());
                Ok(of_resolution(&program.wait_for(|line| serde_json::from_str(line).ok())?))
            }
            Kind::NodeHttp => {
                let mut told = asked.alone();
                told["configuration"] = json!(asked.composed("default"));
                let program = &mut self.started(Configuration::new())?.program;
                program.tell(&told.to_string());
                let client = Client::of(program.wait_for(|line| line.parse().ok())?);
                post(&client, asked).await
            }
            // Its bucket has no name.
            Kind::Serve => self.configured(asked.composed(""), asked).await,
            Kind::Wash => self.configured(asked.composed("default"), asked).await,
        }
    }

    /// Asks a host that is told its configuration where it starts.
    async fn configured(&mut self, configuration: Configuration, asked: &Surroundings<'_>) -> Result<Value, String> {
        let client = self.started(configuration)?.client.as_ref().expect("a server");
        post(client, asked).await
    }

    fn started(&mut self, configuration: Configuration) -> Result<&mut Started, String> {
        if self.started.as_ref().is_none_or(|started| started.configuration != configuration) {
            // The one before ends first: it has the folder.
            self.started = None;
            let program = Program::start(&mut self.command(&configuration));
            let client = match self.kind {
                Kind::Python | Kind::Node | Kind::NodeHttp => None,
                Kind::Serve => Some(Client::of(program.wait_for(address)?)),
                Kind::Wash => {
                    let address = program.wait_for(address)?;
                    // It listens before it has the component.
                    program.wait_for(|line| line.contains("listening for HTTP requests").then_some(()))?;
                    Some(Client::of(address))
                }
            };
            self.started = Some(Started { program, configuration, client });
        }
        Ok(self.started.as_mut().expect("it was started"))
    }

    fn command(&self, configuration: &Configuration) -> Command {
        let (tools, folder) = (&self.tools, self.folder.path());
        let program = match self.kind {
            Kind::Python => "python/bin/python",
            Kind::Node | Kind::NodeHttp => "bin/node",
            Kind::Serve => "bin/wasmtime",
            Kind::Wash => "bin/wash",
        };
        let mut command = Command::new(tools.join(program));
        command.current_dir(folder).env("HOME", folder);
        match self.kind {
            Kind::Python => command.arg(tools.join("python/golden.py")).arg("operation.wasm"),
            Kind::Node => command.arg(tools.join("node/golden.js")).arg("operation.wasm").arg(folder),
            Kind::NodeHttp => command.arg(tools.join("node/golden.js")).arg("composed.wasm").arg(folder).arg("http"),
            Kind::Serve => {
                command.args(["serve", "--addr", "127.0.0.1:0", "-Skeyvalue", "-Sconfig"]);
                command.args(configuration.iter().map(|(key, value)| format!("-Sconfig-var={key}={value}")));
                command.arg("composed.wasm")
            }
            Kind::Wash => {
                let written = json!({
                    "build": {"command": "true", "component_path": "composed.wasm"},
                    "dev": {"address": "127.0.0.1:0", "wasi_keyvalue_path": folder.join("kept")},
                    "workload": {"config": configuration, "allowedHosts": ["127.0.0.1"]},
                });
                std::fs::create_dir_all(folder.join(".wash")).expect("a folder");
                // JSON is YAML.
                std::fs::write(folder.join(".wash/config.yaml"), written.to_string()).expect("a file");
                command.arg("dev")
            }
        };
        command
    }
}

/// Where a server says that it listens.
fn address(line: &str) -> Option<SocketAddr> {
    line.split(['/', '=', ' ']).find_map(|part| part.parse().ok())
}

async fn post(client: &Client, asked: &Surroundings<'_>) -> Result<Value, String> {
    let request = authorised(Method::POST, "/v1/resolve-call").header("content-type", "application/json");
    let answer = client.try_send(request, asked.posted().to_string()).await.ok_or("  no answer\n")?;
    if answer.status == StatusCode::OK { Ok(of_answer(answer.json())) } else { Err(format!("  {answer:?}\n")) }
}
