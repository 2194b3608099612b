//! Rehearsal: a history of calls, resolved again in a time of its own, so that a component or a setting is tried on yesterday's calls before it is
//! trusted with today's.
//!
//! Everything but the PBX and amoCRM is the real thing: the component in its sandbox, the host's budget, circuit and shared requests, the kept
//! managers. Hours pass in seconds, because the clocks only go on when nothing is left to do. The calls come from a file, from the kept
//! details or from recordings ([`History`]); amoCRM is a simulated account, or what recordings say that it answered ([`Amocrm`]).

mod account;
mod figures;
mod history;
mod picture;
mod stage;
mod text;
mod variant;
mod world;

pub use account::{Amocrm, Simulated};
pub use figures::{AGAINST, Changes, Figures, REHEARSED, Span, StepFigures};
pub use history::{History, PastCall};
pub use picture::{Reader, picture};
pub use stage::{Stage, StagePlacement};
pub use text::side_by_side;
pub use variant::Variant;
pub use world::run;
