//! Other wasm hosts: the operation composed for each, and whether a component fits what such a host links.
//!
//! A host that knows nothing of telephony runs HTTP components. For it the build composes the operation with an adapter that answers
//! `POST /v1/resolve-call` and a directory of employees from configuration (`guest/hosts`). What each host links is vendored in
//! `host-harness/worlds`; a component fits where it imports no more than that, in the same shapes, and exports what the host calls
//! (the judgement of `wac targets`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use wac_types::{ItemKind, Package, TargetValidationReport, Type, Types, WorldId, validate_target};

use call::{Localized, localized};
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
            .map(|import| {
                let what = localized!("нет импорта `{import}`", "missing import `{import}`");
                Finding::rejected(what, self.fix_of(import))
            })
            .collect();
        findings.extend(report.missing_exports().map(|(export, _)| {
            Finding::rejected(
                localized!("нет экспорта `{export}`", "missing export `{export}`"),
                localized!("{} вызывает компоненты по HTTP", "{} calls components over HTTP", self.name())
                    .then(": ", &self.composed()),
            )
        }));
        findings.extend(report.mismatched_types().map(|(name, _, error)| {
            Finding::rejected(
                localized!("типы `{name}` там другие ({error:#})", "`{name}` has another shape than there ({error:#})"),
                Localized::new(
                    "соберите его с версиями из `host-harness/worlds`",
                    "build it against the versions in `host-harness/worlds`",
                ),
            )
        }));
        findings
    }

    /// What to do about an import that the host does not link.
    fn fix_of(self, import: &str) -> Localized {
        let (package, name) = (import.split('/').next().unwrap_or_default(), self.name());
        match (package, self) {
            ("telephony:operation", _) => localized!(
                "у {name} нет телефонии, компонент надо собрать вместе с ней",
                "{name} has no telephony, the component needs composing"
            )
            .then(": ", &self.composed()),
            ("wasi:keyvalue" | "wasi:config", _) => {
                localized!("у {name} другой черновик интерфейса", "{name} links another draft")
                    .then(": ", &self.composed())
            }
            ("wasi:cli" | "wasi:filesystem" | "wasi:sockets", Self::Wasmtime) => Localized::new(
                "`wasmtime serve` даёт его только с `-Scli`: соберите для wasm32-unknown-unknown или запускайте с `-Scli`",
                "`wasmtime serve` links it with `-Scli` only; build for wasm32-unknown-unknown, or run with `-Scli`",
            ),
            _ => localized!("у {name} его нет; уберите его", "{name} does not link it; remove it"),
        }
    }

    fn composed(self) -> Localized {
        let name = self.name();
        localized!(
            "`host-harness package --host {name} FILE` запишет операцию, собранную для него",
            "`host-harness package --host {name} FILE` writes the operation composed for it"
        )
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
        localized!("подходит ли компонент, выяснить не удалось ({why})", "the component cannot be judged ({why})"),
        Localized::new(
            "сравните его импорты с документацией хоста",
            "compare its imports with the host's documentation",
        ),
    )
}
