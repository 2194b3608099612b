//! How much memory there is, and whether it can be swapped out, as the machine says.

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
    /// `/proc/swaps`; none where it cannot be read.
    swaps: Option<String>,
    /// `memory.swap.max` of the same control groups.
    swap_limits: Vec<String>,
}

impl Machine {
    /// Reads them now. What cannot be read is left out.
    pub(super) fn read() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let root = Path::new("/sys/fs/cgroup");
        let group = root.join(own);
        let groups: Vec<_> = group.ancestors().take_while(|group| group.starts_with(root)).collect();
        let read = |name: &str| -> Vec<String> {
            groups.iter().map(|group| fs::read_to_string(group.join(name)).unwrap_or_default()).collect()
        };
        Self {
            meminfo: fs::read_to_string("/proc/meminfo").unwrap_or_default(),
            limits: read("memory.max"),
            swaps: fs::read_to_string("/proc/swaps").ok(),
            swap_limits: read("memory.swap.max"),
        }
    }

    /// Whether memory of this process can be swapped out. Where the machine does not say, it can.
    fn can_swap(&self) -> bool {
        // One line for each place to swap to, after a heading.
        let has_swap =
            self.swaps.as_deref().is_none_or(|swaps| swaps.lines().skip(1).any(|line| !line.trim().is_empty()));
        has_swap && !self.swap_limits.iter().any(|limit| limit.trim() == "0")
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

/// Whether memory of this process can be swapped out now.
pub(super) fn can_swap() -> bool {
    Machine::read().can_swap()
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
            let machine = Machine { meminfo: meminfo.to_owned(), limits, ..Machine::default() };
            assert_eq!(machine.half_of_memory(), half, "{machine:?}");
        }
        assert!(half_of_memory() > 0, "this machine has some");
    }

    #[test]
    fn memory_can_be_swapped_out_unless_the_machine_or_a_control_group_says_otherwise() {
        const NONE: &str = "Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        const SOME: &str = "Filename\tType\tSize\tUsed\tPriority\n/dev/zram0\tpartition\t8388604\t0\t100\n";
        for (swaps, limits, can) in [
            (Some(NONE), &[][..], false),
            (Some(NONE), &["max\n"], false),
            (Some(SOME), &["max\n", ""], true),
            (Some(SOME), &["max", "0\n"], false),
            (Some(SOME), &["1048576"], true),
            (None, &["max"], true),
            (None, &["0"], false),
        ] {
            let swap_limits = limits.iter().map(|limit| (*limit).to_owned()).collect();
            let machine = Machine { swaps: swaps.map(str::to_owned), swap_limits, ..Machine::default() };
            assert_eq!(machine.can_swap(), can, "{machine:?}");
        }
    }
}
