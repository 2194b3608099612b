//! Other wasm hosts: the operation composed for each, and whether a component fits what such a host links.
//!
//! A host that knows nothing of telephony runs HTTP components. For it the build composes the operation with an adapter that answers
//! `POST /v1/resolve-call` and a directory of employees from configuration (`guest/hosts`). What each host links is vendored in
//! `host-harness/worlds`; a component fits where it imports no more than that, in the same shapes, and exports what the host calls
//! (the judgement of `wac targets`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use wac_types::{ItemKind, Package, TargetValidationReport, Type, Types, WorldId, validate_target};

use runtime::engine::{Finding, Fit};

/// The operation behind HTTP, with its employees in configuration.
const BEHIND_HTTP: &[u8] = include_bytes!(env!("HTTP_COMPONENT"));
/// The worlds of all of these hosts, as an encoded WIT package.
const WORLDS: &[u8] = include_bytes!(env!("OTHER_HOSTS_WIT"));

/// A host that runs components and is not of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherHost {
    /// `wasmtime serve`.
    Wasmtime,
    /// wasmCloud.
    WasmCloud,
}

impl OtherHost {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Wasmtime, Self::WasmCloud];

    /// Its name on the command line, and that of its vendored world.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wasmtime => "wasmtime",
            Self::WasmCloud => "wasmcloud",
        }
    }

    /// Its name and the version whose world is vendored.
    pub fn title(self) -> &'static str {
        match self {
            Self::Wasmtime => "wasmtime serve 48.0.8 (-Skeyvalue -Sconfig)",
            Self::WasmCloud => "wasmCloud 2.7.0 (HTTP)",
        }
    }

    /// The built-in operation, composed for this host.
    pub fn component(self) -> &'static [u8] {
        match self {
            Self::Wasmtime | Self::WasmCloud => BEHIND_HTTP,
        }
    }

    /// Whether a component runs there: each import or export that does not fit, and the fix. The bytes are those of a valid component.
    pub fn judge(self, component: &[u8]) -> Fit {
        // The library that judges has words of its own for what it does not know yet.
        match catch_unwind(AssertUnwindSafe(|| self.compare(component))) {
            Ok(Ok(fit)) => fit,
            Ok(Err(error)) => cannot_judge(&format!("{error:#}")),
            Err(_) => cannot_judge("it uses types that are not known here"),
        }
    }

    fn compare(self, component: &[u8]) -> anyhow::Result<Fit> {
        let mut types = Types::default();
        let wit = Package::from_bytes("worlds", None, WORLDS, &mut types)?;
        let component = Package::from_bytes("component", None, component, &mut types)?;
        let world =
            self.world(&types, wit.ty()).ok_or_else(|| anyhow::anyhow!("its world is not among the vendored"))?;
        match validate_target(&types, world, component.ty()) {
            Ok(()) => Ok(Fit { findings: Vec::new() }),
            Err(report) => Ok(Fit { findings: self.findings(&report) }),
        }
    }

    fn findings(self, report: &TargetValidationReport) -> Vec<Finding> {
        let mut findings: Vec<_> = report
            .imports_not_in_target()
            .map(|import| Finding::rejected(format!("missing import `{import}`"), self.fix_of(import)))
            .collect();
        findings.extend(report.missing_exports().map(|(export, _)| {
            Finding::rejected(
                format!("missing export `{export}`"),
                format!("{} calls components over HTTP: {}", self.name(), self.composed()),
            )
        }));
        findings.extend(report.mismatched_types().map(|(name, _, error)| {
            Finding::rejected(
                format!("`{name}` has another shape than there ({error:#})"),
                "build it against the versions in `host-harness/worlds`",
            )
        }));
        findings
    }

    /// What to do about an import that the host does not link.
    fn fix_of(self, import: &str) -> String {
        let package = import.split('/').next().unwrap_or_default();
        match (package, self) {
            ("telephony:operation", _) => {
                format!("{} has no telephony, the component needs composing: {}", self.name(), self.composed())
            }
            ("wasi:keyvalue" | "wasi:config", _) => format!("{} links another draft: {}", self.name(), self.composed()),
            ("wasi:cli" | "wasi:filesystem" | "wasi:sockets", Self::Wasmtime) => {
                "`wasmtime serve` links it with `-Scli` only; build for wasm32-unknown-unknown, or run with `-Scli`"
                    .to_owned()
            }
            _ => format!("{} does not link it; remove it", self.name()),
        }
    }

    fn composed(self) -> String {
        format!("`host-harness package --host {} FILE` writes the operation composed for it", self.name())
    }

    /// Its world in the package of all of them.
    fn world(self, types: &Types, package: WorldId) -> Option<WorldId> {
        let ItemKind::Type(Type::World(world)) = types[package].exports.get(self.name())? else { return None };
        match types[*world].exports.first()? {
            (_, ItemKind::Component(world)) => Some(*world),
            _ => None,
        }
    }
}

fn cannot_judge(why: &str) -> Fit {
    Fit::rejected(
        format!("the component cannot be judged ({why})"),
        "compare its imports with the host's documentation",
    )
}
