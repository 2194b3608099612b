//! Whether a component fits the contract: which imports and exports are missing or foreign, and the fix for each.

use std::fmt;

use wasmtime::component::{Component, ComponentExportIndex};

use super::fit::{Finding, Fit};
use super::inspect::Inspection;
use call::{Localized, localized};

/// The imports of the contract: interface, and the versions that link. `0.2.x` match each other; drafts match exactly.
const IMPORTS: [(&str, Version); 13] = [
    ("telephony:operation/directory", Version::Exactly("0.2.0")),
    ("telephony:operation/types", Version::Exactly("0.2.0")),
    ("wasi:cli/stderr", Version::Compatible("0.2.")),
    ("wasi:cli/stdout", Version::Compatible("0.2.")),
    ("wasi:clocks/monotonic-clock", Version::Compatible("0.2.")),
    ("wasi:clocks/wall-clock", Version::Compatible("0.2.")),
    ("wasi:config/store", Version::Exactly("0.2.0-rc.1")),
    ("wasi:http/outgoing-handler", Version::Compatible("0.2.")),
    ("wasi:http/types", Version::Compatible("0.2.")),
    ("wasi:io/error", Version::Compatible("0.2.")),
    ("wasi:io/poll", Version::Compatible("0.2.")),
    ("wasi:io/streams", Version::Compatible("0.2.")),
    ("wasi:keyvalue/store", Version::Exactly("0.2.0-draft")),
];

/// The interface that every operation exports, in whatever version.
const OPERATION: &str = "telephony:operation/operation@";
/// The export of the contract.
const EXPORT: &str = "telephony:operation/operation@0.2.0";
/// Its function.
const RESOLVE_CALL: &str = "resolve-call";
/// The export that a component may have besides.
const NOTICES: &str = "telephony:operation/notices@0.2.0";

#[derive(Clone, Copy)]
enum Version {
    Exactly(&'static str),
    /// Any version that begins so and is not a draft.
    Compatible(&'static str),
}

impl Version {
    fn matches(self, version: &str) -> bool {
        match self {
            Self::Exactly(exact) => version == exact,
            Self::Compatible(prefix) => version.starts_with(prefix) && !version.contains('-'),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(exact) => formatter.write_str(exact),
            Self::Compatible(prefix) => write!(formatter, "{prefix}x"),
        }
    }
}

/// Whether a component has the optional export.
pub(super) fn takes_notices(inspection: &Inspection) -> bool {
    inspection.exports.iter().any(|name| name == NOTICES)
}

/// Where a component of the contract has the function that resolves a call.
pub(super) fn resolve_call(component: &Component) -> Result<ComponentExportIndex, Fit> {
    let interface = component.get_export_index(None, EXPORT);
    let function = interface.and_then(|interface| component.get_export_index(Some(&interface), RESOLVE_CALL));
    function.ok_or_else(|| mismatch(&wasmtime::Error::msg(format!("`{EXPORT}` has no `{RESOLVE_CALL}`"))))
}

/// Compares a component's imports and exports with the contract's.
pub(super) fn judge(inspection: &Inspection) -> Fit {
    if let Some(version) = other_version(inspection) {
        let needed = EXPORT.trim_start_matches(OPERATION);
        return Fit::rejected(
            localized!(
                "компонент сделан для версии контракта {version}, а здесь нужна {needed}",
                "the component is made for version {version} of the contract, and this host needs {needed}"
            ),
            localized!(
                "соберите его заново с файлами каталога `wit` этой программы (пакет `telephony:operation@{needed}`)",
                "build it again with the files of this host's `wit` folder (package `telephony:operation@{needed}`)"
            ),
        );
    }
    let mut names = inspection.imports.clone();
    names.sort();
    let mut findings: Vec<_> = names.iter().filter_map(|name| foreign_import(name)).collect();
    let mut exported = false;
    for name in &inspection.exports {
        if name == EXPORT {
            exported = true;
        } else if name != NOTICES {
            findings.push(Finding::remark(
                localized!("экспорт `{name}` не из контракта", "foreign export `{name}`"),
                Localized::new("здесь на него не смотрят", "hosts of this contract ignore it"),
            ));
        }
    }
    if !exported {
        findings.push(Finding::rejected(
            localized!("нет экспорта `{EXPORT}`", "missing export `{EXPORT}`"),
            Localized::new(
                "соберите компонент для мира `telephony:operation/custom-operation@0.2.0` из каталога `wit`",
                "build the component for the world `telephony:operation/custom-operation@0.2.0` of the `wit` folder",
            ),
        ));
    }
    let unused =
        IMPORTS.iter().filter(|(interface, _)| !names.iter().any(|name| name.split('@').next() == Some(interface)));
    let unused: Vec<_> = unused.map(|(interface, version)| format!("`{interface}@{version}`")).collect();
    if !unused.is_empty() {
        findings.push(Finding::remark(
            localized!("нет импорта {}", "missing import {}", unused.join(", ")),
            Localized::new("это не ошибка, если операции он не нужен", "fine, if the operation does not need it"),
        ));
    }
    // What keeps the component out comes first.
    findings.sort_by_key(|finding| finding.severity);
    Fit { findings }
}

/// The version of the contract that a component is made for, where it is another one.
fn other_version(inspection: &Inspection) -> Option<&str> {
    let versions = inspection.exports.iter().filter(|name| *name != EXPORT);
    let other = versions.filter_map(|name| name.strip_prefix(OPERATION)).next();
    other.filter(|_| !inspection.exports.iter().any(|name| name == EXPORT))
}

/// What is wrong with an import, if it is none of the contract's.
fn foreign_import(name: &str) -> Option<Finding> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some((_, expected)) = IMPORTS.iter().find(|(known, _)| *known == interface) {
        return (!expected.matches(version)).then(|| {
            let fix = localized!(
                "соберите компонент с `{interface}@{expected}`",
                "build it against `{interface}@{expected}`"
            );
            Finding::rejected(foreign(name), fix)
        });
    }
    let (ru, en) = match interface.split('/').next().unwrap_or_default() {
        "wasi:cli" => (
            "у операции нет ни командной строки, ни переменных окружения, ни стандартного ввода: Rust собирайте для wasm32-unknown-unknown и \
             упаковывайте через wit-component, Python — командой `componentize-py componentize --stub-wasi`, JavaScript — через \
             componentize-js, отключив `stdio`, `random`, `clocks` и `fetch-event`",
            "an operation has no command line, environment or standard input: build Rust for wasm32-unknown-unknown and encode it with \
             wit-component, Python with `componentize-py componentize --stub-wasi`, JavaScript by componentize-js with `stdio`, `random`, \
             `clocks` and `fetch-event` disabled",
        ),
        "wasi:keyvalue" => (
            "используйте только `wasi:keyvalue/store`: batch и atomics на разных хостах различаются",
            "use `wasi:keyvalue/store` alone: batch and atomics differ between hosts",
        ),
        "wasi:config" => ("используйте `wasi:config/store`", "use `wasi:config/store`"),
        "wasi:logging" => {
            ("пишите замечания в примечания детализации звонка", "put remarks into the call details' notes")
        }
        "wasi:random" => (
            "у операции нет случайных чисел: на одинаковые вопросы она отвечает одинаково",
            "an operation has no randomness: the same questions get the same answer",
        ),
        "wasi:filesystem" | "wasi:sockets" => (
            "операция обращается наружу только через `wasi:http/outgoing-handler` и `wasi:keyvalue/store`",
            "an operation reaches the outside through `wasi:http/outgoing-handler` and `wasi:keyvalue/store` alone",
        ),
        _ => {
            ("уберите его: контракт не даёт этого интерфейса", "remove it: the contract does not offer this interface")
        }
    };
    Some(Finding::rejected(foreign(name), Localized::new(ru, en)))
}

fn foreign(name: &str) -> Localized {
    localized!("импорт `{name}` не из контракта", "foreign import `{name}`")
}

/// The names fit, but the types of an import or export do not.
pub(super) fn mismatch(error: &wasmtime::Error) -> Fit {
    let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
    Fit::rejected(
        localized!(
            "типы импорта или экспорта не такие, как в контракте ({})",
            "an import or export has another shape than the contract's ({})",
            chain.join(": ")
        ),
        Localized::new("соберите его с файлами каталога `wit`", "build it against the files of the `wit` folder"),
    )
}
