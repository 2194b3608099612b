//! Writes the table: `cargo run -p numbering-plans --example write_table > host-harness/call/src/numbers/plan/table.rs`.

use std::io::{Write, stdout};

fn main() -> std::io::Result<()> {
    stdout().write_all(numbering_plans::table().as_bytes())
}
