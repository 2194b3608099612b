//! What can be read off a node whenever the metrics are asked for.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::Node;

/// The states of a circuit, by name.
const CIRCUIT: [&str; 3] = ["closed", "open", "half-open"];

/// Reads the node at each scrape.
pub(super) struct NodeState(pub(super) Node);

impl fmt::Debug for NodeState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NodeState")
    }
}

impl Collector for NodeState {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let in_flight = ConstGauge::new(number(self.0.in_flight()));
        let help = "Calls that are being resolved";
        in_flight.encode(encoder.encode_descriptor("calls_in_flight", help, None, MetricType::Gauge)?)?;

        if let Some(memory) = self.0.guest_memory() {
            for (name, help, bytes) in [
                (
                    "guest_memory_limit_bytes",
                    "How much memory the components of all calls may use together",
                    memory.limit,
                ),
                ("guest_memory_in_use_bytes", "How much memory the components of all calls use", memory.in_use),
            ] {
                let gauge = ConstGauge::new(number(bytes));
                gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
            }
            let help = "How often a call was refused memory";
            let refused = ConstCounter::new(memory.refused);
            refused.encode(encoder.encode_descriptor("guest_memory_refused", help, None, MetricType::Counter)?)?;
        }

        if let Some(slots) = self.0.slots() {
            for (name, help, is_so) in [
                (
                    "page_scan",
                    "1 where the kernel is asked which pages of a call's memory to set back",
                    slots.page_scan,
                ),
                ("swap", "1 where memory can be swapped out, which is not safe with the page scan", slots.swap),
            ] {
                let gauge = ConstGauge::new(i64::from(is_so));
                gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
            }
        }

        let revision = self.0.revision();
        let states: Vec<_> =
            revision.integrations().iter().map(|(id, integration)| (&**id, integration.http().state())).collect();
        let on = revision.integrations().iter();
        let on = on.map(|(id, integration)| (vec![("integration", &**id)], i64::from(integration.is_on())));
        gauge(&mut encoder, "integration_on", "Whether the integration's calls are resolved", on)?;
        let now = self.0.clock().now();
        let refused = revision.integrations().iter();
        let refused =
            refused.map(|(id, integration)| (vec![("integration", &**id)], i64::from(integration.is_refused(now))));
        let help = "1 while amoCRM refuses the integration's requests, or has ended its access: a person is needed";
        gauge(&mut encoder, "access_refused", help, refused)?;
        let waiting = states.iter().map(|(id, state)| (vec![("integration", *id)], number(state.waiting)));
        gauge(&mut encoder, "budget_waiting", "Requests that wait for their turn", waiting)?;
        let open = states.iter().map(|(id, state)| (vec![("integration", *id)], number(state.connections_open)));
        gauge(&mut encoder, "connections_open", "Connections to the account that are open", open)?;
        let circuits = states.iter().flat_map(|(id, state)| {
            CIRCUIT.map(|name| (vec![("integration", *id), ("state", name)], i64::from(state.circuit.name() == name)))
        });
        gauge(&mut encoder, "circuit_state", "1 at the state that the circuit is in", circuits)?;

        let help = "Connections to the account that were opened";
        let mut family = encoder.encode_descriptor("connections_opened", help, None, MetricType::Counter)?;
        for (id, state) in &states {
            let labels = [("integration", *id)];
            ConstCounter::new(state.connections_opened).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// A gauge with a value for each set of labels.
fn gauge<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl Iterator<Item = (Vec<(&'a str, &'a str)>, i64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
