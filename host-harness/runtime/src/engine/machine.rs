//! How much memory there is, as the machine says.

use std::fs;
use std::path::Path;

/// What is assumed where the machine says nothing, in bytes.
const UNKNOWN: usize = 2 * 1024 * 1024 * 1024;

/// The machine's own words. A file that is not there has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    /// `/proc/meminfo`.
    meminfo: String,
    /// `memory.max` of this process's control group and of those above it.
    limits: Vec<String>,
}

impl Machine {
    /// Reads them now. What cannot be read is left out.
    pub(super) fn read() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let root = Path::new("/sys/fs/cgroup");
        let group = root.join(own);
        let groups = group.ancestors().take_while(|group| group.starts_with(root));
        let limits = groups.map(|group| fs::read_to_string(group.join("memory.max")).unwrap_or_default());
        Self { meminfo: fs::read_to_string("/proc/meminfo").unwrap_or_default(), limits: limits.collect() }
    }

    /// Half of the memory that this process may use, in bytes: the machine's, or that of its control group.
    pub(super) fn half_of_memory(&self) -> usize {
        let kibibytes = self.meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
        let total = kibibytes.and_then(|text| text.trim().trim_end_matches(" kB").parse::<usize>().ok());
        let total = total.map(|kibibytes| kibibytes.saturating_mul(1024));
        let limits = self.limits.iter().filter_map(|most| most.trim().parse().ok());
        limits.chain(total).min().map_or(UNKNOWN, |bytes: usize| bytes / 2)
    }
}

/// Half of the memory that this process may use, in bytes.
pub fn half_of_memory() -> usize {
    Machine::read().half_of_memory()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:        8000000 kB\nMemFree:          20496 kB\n";

    #[test]
    fn the_least_of_the_machine_and_its_control_groups_counts() {
        for (meminfo, limits, half) in [
            (MEMINFO, &[][..], 4_096_000_000),
            (MEMINFO, &["max\n", "1073741824\n"], 536_870_912),
            (MEMINFO, &["", "max"], 4_096_000_000),
            ("", &["1073741824"], 536_870_912),
            ("nonsense", &["nonsense"], UNKNOWN),
        ] {
            let limits: Vec<_> = limits.iter().map(|most| (*most).to_owned()).collect();
            let machine = Machine { meminfo: meminfo.to_owned(), limits };
            assert_eq!(machine.half_of_memory(), half, "{machine:?}");
        }
        assert!(half_of_memory() > 0, "this machine has some");
    }
}
