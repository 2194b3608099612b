//! The built-in demonstration: a simulated amoCRM inside this process and a PBX with a few employees, so that the operation can be watched
//! without an account.

use std::sync::Arc;
use std::time::Duration;

use amocrm_simulator::{Options, Simulator};

use amocrm::access::LongLived;
use amocrm::integration::{Access, IntegrationSettings};
use call::document::Ring;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::{Destination, Employee, Presence};
use runtime::capabilities::http::{BaseUrl, PrivateAddresses};
use runtime::secret::Secret;

/// The number that the demonstration calls are made to.
pub const CALLED: &str = "+74951234567";
/// Where calls go that are not forwarded.
pub const LINKED_OPERATION: &str = "queue:sales";
/// What the simulated account takes for an access token.
const TOKEN: &str = "demonstration-token";
/// What hides the numbers of the demonstration's callers, who are fictional, in stored keys: known to all, so that nodes which try a shared store
/// need no configuration.
const CACHE_KEY_SECRET: &str = "the-demonstration-has-no-secrets";

/// A running demonstration: the simulator lives as long as this value.
pub struct Demo {
    /// The simulated amoCRM.
    pub simulator: Simulator,
    /// The integration with it.
    pub integration: IntegrationSettings,
}

impl Demo {
    /// Starts the simulator on a loopback port that the system chooses.
    pub async fn start(clock: &Clock) -> anyhow::Result<Self> {
        let simulated = clock.clone();
        let simulator = Simulator::start(Options {
            clock: Arc::new(move || simulated.now()),
            token: Some(TOKEN.to_owned()),
            ..Options::default()
        })
        .await?;
        let cache_key_secret = Some(Secret::new(CACHE_KEY_SECRET.to_owned()));
        let integration =
            IntegrationSettings { cache_key_secret, ..integration(simulator.base_url().parse()?, employees()) };
        Ok(Self { simulator, integration })
    }
}

/// An integration with a simulated amoCRM at this address.
pub fn integration(account: BaseUrl, employees: Vec<(u64, Employee)>) -> IntegrationSettings {
    let access = Access::LongLived(LongLived {
        account,
        token: Secret::new(TOKEN.to_owned()),
        // The port changes from run to run; what is kept is kept all the same.
        namespace: "demo".to_owned(),
    });
    let settings = IntegrationSettings::new("demo", access, employees);
    IntegrationSettings { private_addresses: PrivateAddresses::Granted, ..settings }
}

/// The PBX's employees by amoCRM user. User 504144 of the simulated account is nobody's on purpose.
pub fn employees() -> Vec<(u64, Employee)> {
    vec![
        (504_141, employee("anna", "Анна Соколова", &[("101", 20), ("+79035550101", 25)])),
        (504_142, employee("boris", "Борис Ковалёв", &[("102", 20)])),
        (504_143, Employee { enabled: false, ..employee("vera", "Вера Лебедева", &[("103", 20)]) }),
        (504_145, employee("daria", "Дарья Орлова", &[])),
        (504_146, employee("egor", "Егор Зимин", &[("106", 15), ("+79035550106", 30)])),
        (504_147, employee("zhanna", "Жанна Крылова", &[("107", 20)])),
    ]
}

fn employee(id: &str, name: &str, numbers: &[(&str, u64)]) -> Employee {
    let destination = |(number, seconds): &(&str, u64)| Destination {
        number: (*number).to_owned(),
        ring_time: Duration::from_secs(*seconds),
    };
    Employee {
        id: id.to_owned(),
        name: name.to_owned(),
        enabled: true,
        destinations: numbers.iter().map(destination).collect(),
        presence: Presence::NotFed,
        deputy_crm_user_id: None,
        ring: Ring::InTurn,
    }
}
