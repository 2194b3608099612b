//! `--host`: another wasm host, on the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::other_hosts::OtherHost;

impl ValueEnum for OtherHost {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
