//! How values are written by hand in account files: instants, durations, times of day, and "a short text or a table".

pub(crate) mod duration;
pub(crate) mod instant;
pub(crate) mod text_or_table;
pub(crate) mod time_of_day;
