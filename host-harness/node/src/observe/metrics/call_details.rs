//! How keeping call details goes, read whenever the metrics are asked for.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::call_details::CallDetails;

impl Collector for CallDetails {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let state = self.state();
        let counters = [
            ("call_details_kept", "Calls whose details were kept", state.kept),
            ("call_details_lost", "Calls whose details could not be kept", state.lost),
            ("call_details_reports_lost", "Reports that a PBX says were lost", state.reports_lost),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let gauges = [
            (
                "call_details_waiting",
                "Calls whose details wait to be written",
                i64::try_from(state.waiting).unwrap_or(i64::MAX),
            ),
            ("call_details_failing", "Whether details cannot be written now", i64::from(state.failing.is_some())),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}
