//! `script.js`: a readable AMD module that asks no more than it needs (amoCRM facts §7.6).
//!
//! A script is judged by what stands in it. One that wants to hide something can: moderation reads it, too.

use call::{Localized, localized};

use crate::code::Code;
use crate::{Archive, Finding, Rule};

const FILE: &str = "script.js";
/// The callbacks that are called of every widget.
const CALLBACKS: [&str; 3] = ["render", "init", "bind_actions"];
/// The longest line, and the most characters of a line on average, of a text that people wrote.
const LONGEST_LINE: usize = 500;
const AVERAGE_LINE: usize = 120;
/// What sends a request.
const REQUESTS: [&str; 10] = [
    "authorizedAjax",
    "$authorizedAjax",
    "ajax(",
    "$.get(",
    "$.post(",
    "getJSON(",
    "crm_post(",
    "XMLHttpRequest",
    "fetch(",
    "sendBeacon(",
];
/// What makes code of texts.
const GENERATING: [&str; 5] = ["eval(", "Function(", "atob(", "unescape(", "document.write("];
/// The parts of `APP` that are documented.
const APP: [&str; 9] = [
    "constant",
    "data",
    "getBaseEntity",
    "getV3WidgetsArea",
    "getWidgetsArea",
    "isCard",
    "lang",
    "notifications",
    "sdk",
];

pub(crate) fn findings(archive: &Archive) -> Vec<Finding> {
    let Some(content) = archive.file(FILE) else { return Vec::new() };
    let Ok(script) = std::str::from_utf8(content) else {
        let what = Localized::new("скрипт не в кодировке UTF-8", "the script is not in UTF-8");
        return vec![finding(Rule::Minified, what, Localized::new("сохраните его в UTF-8", "save it in UTF-8"))];
    };
    let script = script.trim_start_matches('\u{feff}');
    let code = Code::of(script);
    let mut findings = Vec::new();
    findings.extend(module(&code));
    findings.extend(callbacks(&code));
    findings.extend(readable(script, &code));
    findings.extend(generated(&code));
    findings.extend(loops(&code));
    findings.extend(synchronous(&code));
    findings.extend(globals(&code));
    if script.contains("http://") {
        let what = Localized::new("в нём есть адрес с http://", "it names an address with http://");
        let fix = Localized::new(
            "обращайтесь только к серверам с https: страницы открыты по https, и другого браузер не разрешит",
            "ask https servers only: the pages are https, and browsers refuse anything else",
        );
        findings.push(finding(Rule::PlainHttp, what, fix));
    }
    findings
}

fn finding(rule: Rule, what: Localized, fix: Localized) -> Finding {
    Finding::new(rule, FILE, what, fix)
}

/// One call of `define`, and nothing beside it.
fn module(code: &Code) -> Option<Finding> {
    let text = code.text();
    let begin = text.len() - text.trim_start().len();
    let is_module = text[begin..].starts_with("define(") && {
        let arguments = code.enclosed(begin + "define".len());
        text.get(arguments.end + 1..).is_some_and(|rest| matches!(rest.trim(), "" | ";"))
    };
    (!is_module).then(|| {
        finding(
            Rule::Amd,
            Localized::new("это не один модуль AMD", "it is not one AMD module"),
            Localized::new(
                "напишите его целиком как define(['jquery'], function ($) { return function () { … }; });",
                "write all of it as define(['jquery'], function ($) { return function () { … }; });",
            ),
        )
    })
}

fn callbacks(code: &Code) -> Vec<Finding> {
    let is_there =
        |name: &str| code.uses(name).any(|at| code.text()[at + name.len()..].trim_start().starts_with([':', '(']));
    let missing = CALLBACKS.into_iter().filter(|name| !is_there(name));
    missing
        .map(|name| {
            let what = localized!("функции `{name}` нет", "the callback `{name}` is missing");
            let fix = Localized::new("добавьте её; она возвращает true", "add it; it returns true");
            finding(Rule::Callback, what, fix)
        })
        .collect()
}

fn readable(script: &str, code: &Code) -> Option<Finding> {
    let longest = code.text().lines().map(|line| line.trim().chars().count()).max().unwrap_or_default();
    let average = script.chars().count() / script.lines().count().max(1);
    let is_renamed = code
        .text()
        .match_indices("_0x")
        .any(|(at, _)| code.text()[at + 3..].starts_with(|letter: char| letter.is_ascii_hexdigit()));
    (longest > LONGEST_LINE || average > AVERAGE_LINE || is_renamed).then(|| {
        finding(
            Rule::Minified,
            Localized::new("он сжат или запутан", "it is minified or obfuscated"),
            Localized::new("положите скрипт таким, каким его писали люди", "put in the script as people wrote it"),
        )
    })
}

fn generated(code: &Code) -> Vec<Finding> {
    let found = GENERATING.into_iter().filter(|name| code.uses(name).next().is_some());
    found
        .map(|name| {
            let name = name.trim_end_matches('(');
            let what = localized!("в нём используется `{name}`", "it uses `{name}`");
            finding(Rule::GeneratedCode, what, Localized::new("напишите код как есть", "write the code out"))
        })
        .collect()
}

fn loops(code: &Code) -> Vec<Finding> {
    let functions = code.functions_with(&REQUESTS);
    let of_themselves = code.of_themselves();
    let mut findings: Vec<_> = functions
        .intersection(&of_themselves)
        .map(|name| {
            let what = localized!(
                "`{name}` отправляет запрос и вызывает сама себя",
                "`{name}` sends a request and calls itself again"
            );
            let fix = Localized::new(
                "отправляйте запрос один раз, а снова — только по действию человека",
                "send the request once, and again only when the person does something",
            );
            finding(Rule::Loop, what, fix)
        })
        .collect();
    let repeated = code.repeated();
    let names = REQUESTS.iter().copied().chain(functions.iter().copied());
    for name in names {
        if code.uses(name).any(|at| repeated.iter().any(|body| body.contains(&at))) {
            let name = name.trim_end_matches('(');
            let what = localized!(
                "`{name}` стоит в цикле или вызывается по таймеру",
                "`{name}` is in a loop or at an interval"
            );
            let fix = Localized::new("отправьте один запрос на всё сразу", "send one request for all of it");
            findings.push(finding(Rule::Loop, what, fix));
        }
    }
    findings
}

fn synchronous(code: &Code) -> Option<Finding> {
    let is_false = |at: usize| {
        let rest = code.text()[at + "async".len()..].trim_start().strip_prefix(':');
        rest.is_some_and(|rest| rest.trim_start().starts_with("false") || rest.trim_start().starts_with("!1"))
    };
    code.uses("async").any(is_false).then(|| {
        let what = Localized::new(
            "запрос останавливает страницу, пока не придёт ответ (`async: false`)",
            "a request stops the page until it is answered (`async: false`)",
        );
        finding(Rule::Synchronous, what, Localized::new("уберите это", "remove it"))
    })
}

fn globals(code: &Code) -> Vec<Finding> {
    let text = code.text();
    let mut findings = Vec::new();
    if code.uses("AMOCRM").next().is_some() {
        let what = Localized::new("`AMOCRM` устарел", "`AMOCRM` is outdated");
        findings.push(finding(Rule::Global, what, Localized::new("используйте `APP`", "use `APP`")));
    }
    for at in code.uses("APP") {
        let Some(rest) = text[at + "APP".len()..].strip_prefix('.') else { continue };
        let member: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        if !APP.contains(&member.as_str()) {
            findings.push(finding(
                Rule::Global,
                localized!("`APP.{member}` нет в документации", "`APP.{member}` is not documented"),
                Localized::new("используйте то, что есть в документации", "use what the documentation names"),
            ));
        }
    }
    for at in code.uses("window") {
        let Some(rest) = text[at + "window".len()..].strip_prefix('.') else { continue };
        let name = rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$'));
        let after = name.trim_start();
        if after.starts_with('=') && !after.starts_with("==") {
            findings.push(finding(
                Rule::Global,
                Localized::new("он пишет в `window`", "it writes into `window`"),
                Localized::new("храните значения в модуле", "keep values in the module"),
            ));
        }
    }
    findings
}
