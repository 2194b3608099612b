//! A look at the server when a process starts: is it there, and does it keep what it is given?

use std::thread;

use redis::Client;
use tokio::time::timeout;

use super::link::{self, OPERATION};
use call::{Localized, localized};
use runtime::store::StoreError;

/// Whether the server answers, and what may make it lose what it keeps. Blocks for up to about a second, on a thread of its own, since who
/// calls it may be inside a runtime.
pub(super) fn look(client: &Client, server: &str) -> Result<Option<Localized>, StoreError> {
    let failed = |cause: String| StoreError::Unprepared { server: server.to_owned(), cause };
    let looking = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        runtime.block_on(async {
            let mut connection = link::connect(client, server).await?;
            // A server that does not tell has nothing to warn of.
            let mut told = String::new();
            for section in ["persistence", "memory"] {
                let mut ask = redis::cmd("INFO");
                ask.arg(section);
                if let Ok(Ok(text)) = timeout(OPERATION, ask.query_async::<String>(&mut connection)).await {
                    told.push_str(&text);
                }
            }
            Ok(dangers(&told))
        })
    };
    thread::scope(|scope| scope.spawn(looking).join())
        .unwrap_or_else(|_| Err(failed("the look at it ended".to_owned())))
}

/// What the server's own words say of losing entries that have no expiry.
fn dangers(told: &str) -> Option<Localized> {
    let value = |key: &str| told.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(':'));
    let mut dangers = Vec::new();
    if value("aof_enabled") == Some("0") {
        dangers.push(Localized::new(
            "оно не ведёт журнал добавлений (задайте `appendonly yes`)",
            "it keeps no append-only file (set `appendonly yes`)",
        ));
    }
    if value("maxmemory").is_some_and(|most| most != "0")
        && let Some(policy) = value("maxmemory_policy").filter(|policy| policy.starts_with("allkeys"))
    {
        dangers.push(localized!(
            "когда память заполнена, оно удаляет любые записи (`{policy}`: задайте `maxmemory-policy volatile-lru`)",
            "it drops any entry when its memory is full (`{policy}`: set `maxmemory-policy volatile-lru`)"
        ));
    }
    dangers.into_iter().reduce(|all, danger| all.then("", &Localized::new(", и ", ", and ")).then("", &danger))
}

#[cfg(test)]
mod tests {
    use super::dangers;

    #[test]
    fn what_may_lose_an_entry_is_named_with_its_fix() {
        let text =
            dangers("# Persistence\r\naof_enabled:0\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n").unwrap();
        assert!(text.en.contains("appendonly yes") && text.ru.contains("volatile-lru"), "{text}");
        assert_eq!(dangers("aof_enabled:1\r\nmaxmemory:1000\r\nmaxmemory_policy:volatile-lru\r\n"), None);
        assert_eq!(dangers("aof_enabled:1\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n"), None);
        assert_eq!(dangers(""), None);
    }
}
