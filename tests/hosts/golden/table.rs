//! The table host × case: every cell is there, and says that the answers are the same or what the host lacks.

use std::fmt;

use super::hosts::Host;

/// How a case went on a host.
pub(super) enum Cell {
    /// Every call came to the same.
    Same,
    /// The host cannot do what the case asks.
    Lacks(&'static str),
    /// What is different.
    Differs(String),
}

/// What hosts may lack, and what that means.
const LACKS: [(&str, &str); 3] = [
    ("clock", "the case needs a time that is not now, and the host has its own"),
    ("store", "the host keeps nothing from one call to the next"),
    ("scenario", "the case places several operations, which is for the PBX to do; other hosts have one"),
];

pub(super) struct Table<'a> {
    cases: Vec<&'a str>,
    columns: Vec<(&'a Host, Vec<Cell>)>,
}

impl<'a> Table<'a> {
    /// Fails where a cell is missing.
    pub(super) fn new(cases: impl Iterator<Item = &'a str>, columns: Vec<(&'a Host, Vec<Cell>)>) -> Self {
        let cases: Vec<_> = cases.collect();
        for (host, cells) in &columns {
            assert_eq!(cells.len(), cases.len(), "{} lacks a cell", host.title);
        }
        Self { cases, columns }
    }

    /// What is different, on every host; empty where nothing is.
    pub(super) fn wrong(&self) -> String {
        let mut wrong = String::new();
        for (host, cells) in &self.columns {
            for (case, cell) in self.cases.iter().zip(cells) {
                if let Cell::Differs(differences) = cell {
                    wrong += &format!("\n{case} on {}:\n{differences}", host.title);
                }
            }
        }
        wrong
    }

    /// The table in short, as readers are told it: for each host how many cases come to the same, and how many it lacks something for.
    pub(super) fn sums(&self) -> impl Iterator<Item = String> {
        self.columns.iter().map(|(host, cells)| {
            let same = cells.iter().filter(|cell| matches!(cell, Cell::Same)).count();
            let lacks = LACKS.map(|(lacking, _)| {
                let count = cells.iter().filter(|cell| matches!(cell, Cell::Lacks(found) if *found == lacking)).count();
                count.to_string()
            });
            format!("| {} | {same} | {} |", host.title, lacks.join(" | "))
        })
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.cases.iter().map(|case| case.len()).max().unwrap_or_default();
        write!(out, "\n{:width$}", "")?;
        for (host, _) in &self.columns {
            write!(out, "  {}", host.title)?;
        }
        writeln!(out)?;
        for (row, case) in self.cases.iter().enumerate() {
            let mut line = format!("{case:width$}");
            for (host, cells) in &self.columns {
                let said = match &cells[row] {
                    Cell::Same => "same",
                    Cell::Lacks(lacking) => lacking,
                    Cell::Differs(_) => "DIFFERS",
                };
                line += &format!("  {said:width$}", width = host.title.chars().count());
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        for (lacking, meaning) in LACKS {
            writeln!(out, "{lacking}: {meaning}")?;
        }
        Ok(())
    }
}
