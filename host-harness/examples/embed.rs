//! A PBX that answers from its own directory, keeps values in memory and resolves one call: `cargo run --example embed`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm::limits::{AmocrmPolicy, REQUESTS_PER_SECOND};
use amocrm_simulator::{Options, Simulator};
use call::call_request::CallRequest;
use call::document::Ring;
use call::{IncomingCall, Localized};
use runtime::capabilities::directory::{Destination, Directory, Employee, Presence, Unavailable};
use runtime::capabilities::http::{AccessToken, BaseUrl, OutboundHttpConfig, PrivateAddresses};
use runtime::host::Host;
use runtime::secret::Secret;
use runtime::store::MemoryStore;

/// A real PBX would look into its database.
struct Pbx;

#[async_trait::async_trait]
impl Directory for Pbx {
    async fn find(
        &self,
        user: u64,
        _: jiff::Timestamp,
        _: &mut Vec<Localized>,
    ) -> Result<Option<Employee>, Unavailable> {
        let destinations = vec![Destination { number: "101".to_owned(), ring_time: Duration::from_secs(20) }];
        let (id, name) = (format!("user-{user}"), "Анна Соколова".to_owned());
        let presence = Presence::NotFed;
        Ok(Some(Employee {
            id,
            name,
            enabled: true,
            destinations,
            presence,
            ring: Ring::InTurn,
            deputy_crm_user_id: None,
        }))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let simulator = Simulator::start(Options { token: Some("token".to_owned()), ..Options::default() }).await?;
    let account: BaseUrl = simulator.base_url().parse()?;
    let token = AccessToken::new(account.origin().clone(), &Secret::new("token".to_owned()))?;
    let host = Host::builder()
        .directory(Pbx)
        .store(MemoryStore::new(), "office")
        .http(OutboundHttpConfig {
            access: Some(Arc::new(token)),
            policy: Arc::new(AmocrmPolicy),
            requests_per_second: REQUESTS_PER_SECOND,
            private_addresses: PrivateAddresses::Granted, // The simulator is on this machine.
            ..OutboundHttpConfig::default()
        })
        .configuration([("amocrm_base_url", account.to_string()), ("kv_bucket", "default".to_owned())])
        .build()?;
    let placement = host.place(host_harness::OPERATION, "queue:sales", &BTreeMap::new()).await?;
    let request = CallRequest { caller: Some("+79161234567".to_owned()), ..CallRequest::default() };
    let resolved = host.resolve(&placement, IncomingCall::new(request, || "call-1".to_owned())).await;
    println!("{}", serde_json::to_string_pretty(&resolved)?);
    Ok(())
}
