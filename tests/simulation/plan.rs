//! What happens in a world, made of its seed before anything runs, so that parts of it can be left out.

use std::time::Duration;

use fastrand::Rng;

/// Users of the account, and which of them are employees who can be rung.
pub(crate) const USERS: [u64; 8] = [700_001, 700_002, 700_003, 700_004, 700_005, 700_006, 700_007, 700_008];
/// Switched off in the PBX.
pub(crate) const DISABLED: u64 = USERS[6];
/// No number to ring.
pub(crate) const NUMBERLESS: u64 = USERS[7];
/// Whose contacts are found for every caller and are nobody's: their cards mention the number, but it is not theirs.
pub(crate) const IMPOSTOR: u64 = 666_666;
/// How many contacts there are.
pub(crate) const CONTACTS: usize = 300;
/// How many others call.
const STRANGERS: usize = 2_000;
/// How long a manager is kept.
const SIX_HOURS: Duration = Duration::from_secs(6 * 60 * 60);

/// One world.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Tokens that expire and are renewed, instead of one that stays.
    pub(crate) oauth: bool,
    /// «Учитывать статус персонального менеджера».
    pub(crate) considers_status: bool,
    /// Operations one after another, instead of one.
    pub(crate) scenario: bool,
    /// Employees have deputies, and calls are forwarded to them.
    pub(crate) deputies: bool,
    /// Working hours come before the other operations.
    pub(crate) hours: bool,
    /// Whoever last answered a caller comes before the manager.
    pub(crate) prefers_last_talked: bool,
    /// Telephones show who calls.
    pub(crate) shows_names: bool,
    /// The first manager of each contact.
    pub(crate) managers: Vec<Option<u64>>,
    pub(crate) happenings: Vec<Happening>,
}

/// Something that happens, so long after what happened before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happening {
    pub(crate) after: Duration,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Call {
        caller: Caller,
        spelling: usize,
    },
    /// A contact gets another manager.
    Manager {
        contact: usize,
        user: Option<u64>,
    },
    /// amoCRM misbehaves from now on like this, or no longer.
    Faults(Vec<&'static str>),
    ReadsFail(bool),
    WritesFail(bool),
    /// The node dies; the cache forgets what it kept in the last second.
    Crash {
        down: Duration,
        loses_last_second: bool,
    },
    /// The host's wall clock jumps.
    Jump {
        seconds: i64,
    },
    /// The account gets another address.
    Rename,
    /// The integration is switched on or off in the PBX.
    Enabled(bool),
    /// A user does something in amoCRM.
    Active(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Caller {
    Contact(usize),
    Stranger(usize),
    Withheld,
    Extension,
}

impl Caller {
    /// Ten digits, without the country.
    pub(crate) fn national(self) -> Option<String> {
        match self {
            Self::Contact(number) => Some(format!("999{:07}", 1_000_000 + number * 7_919)),
            Self::Stranger(number) => Some(format!("998{:07}", 2_000_000 + number * 3_571)),
            Self::Withheld | Self::Extension => None,
        }
    }

    /// As the network presents it.
    pub(crate) fn presented(self, spelling: usize) -> Option<String> {
        match (self.national(), self) {
            (Some(national), _) => Some(match spelling % 4 {
                0 => format!("+7{national}"),
                1 => format!("8{national}"),
                2 => national,
                _ => format!("+7 ({}) {}-{}-{}", &national[..3], &national[3..6], &national[6..8], &national[8..]),
            }),
            (None, Self::Extension) => Some("101".to_owned()),
            _ => None,
        }
    }
}

/// How amoCRM misbehaves; each for a while.
const FAULTS: [&[&str]; 18] = [
    &["contacts:delay-headers=1s"],
    &["contacts:delay-headers=2900ms"],
    &["contacts:delay-headers=4s"],
    &["contacts:slow-body=64/50ms"],
    &["contacts:hang"],
    &["contacts:hang-mid-body"],
    &["contacts:close-before-headers"],
    &["contacts:close-mid-body"],
    &["contacts:bad-json"],
    &["contacts:wrong-shape"],
    &["contacts:empty-200"],
    &["contacts:status=503@0.5"],
    &["contacts:too-many-requests-429@0.3"],
    &["html-403@0.2"],
    &["contacts:unauthorized-401@0.3"],
    &["contacts:unpaid-402@0.5"],
    &["events:hang", "account:delay-headers=1s"],
    &["events:bad-json@0.5"],
];

impl Plan {
    /// The world of a seed, with so many calls.
    pub(crate) fn of(seed: u64, calls: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (oauth, considers_status) = (rng.u8(..4) == 0, rng.bool());
        let managers = (0..CONTACTS).map(|_| manager(&mut rng)).collect();
        let mut happenings = Vec::new();
        if considers_status {
            // Some are there in the morning.
            for user in USERS.iter().filter(|_| rng.u8(..3) > 0) {
                happenings.push(Happening { after: Duration::ZERO, what: What::Active(*user) });
            }
        }
        let mut mending = Vec::new();
        let (mut made, mut last) = (0, None);
        while made < calls {
            // A rush now and then; else a call every few minutes.
            let rush = if rng.u8(..40) == 0 { rng.usize(5..30) } else { 1 };
            for number in 0..rush.min(calls - made) {
                let after = if number == 0 { gap(&mut rng) } else { Duration::from_millis(rng.u64(..60)) };
                // Who called just before six hours passed is worth hearing again.
                let again = last.filter(|_| after >= SIX_HOURS - Duration::from_secs(2) && rng.u8(..4) > 0);
                let caller = again.unwrap_or_else(|| caller(&mut rng));
                last = Some(caller);
                let what = What::Call { caller, spelling: rng.usize(..4) };
                happenings.push(Happening { after, what });
                made += 1;
            }
            if rng.u8(..6) == 0 {
                trouble(&mut rng, &mut happenings, &mut mending);
            } else if !mending.is_empty() && rng.u8(..4) == 0 {
                let what = mending.swap_remove(rng.usize(..mending.len()));
                happenings.push(Happening { after: gap(&mut rng), what });
            }
        }
        // What else happens in a world is drawn without these.
        let (scenario, deputies) = (seed % 3 == 2, seed % 4 == 1);
        let (hours, prefers_last_talked) = (seed % 9 == 8, !scenario && seed % 5 == 1);
        Self {
            seed,
            oauth,
            considers_status,
            scenario,
            deputies,
            hours,
            prefers_last_talked,
            shows_names: seed.is_multiple_of(2),
            managers,
            happenings,
        }
    }
}

fn manager(rng: &mut Rng) -> Option<u64> {
    (rng.u8(..20) > 0).then(|| USERS[rng.usize(..USERS.len())])
}

/// Mostly minutes; sometimes hours, and now and then six hours but for a second, or to the second.
fn gap(rng: &mut Rng) -> Duration {
    match rng.u8(..60) {
        0 => SIX_HOURS - Duration::from_secs(2),
        1 => SIX_HOURS,
        2 => Duration::from_secs(rng.u64(3_600..43_200)),
        3..=12 => Duration::from_millis(rng.u64(..2_000)),
        _ => Duration::from_millis(rng.u64(1_000..480_000)),
    }
}

/// A few call often.
fn caller(rng: &mut Rng) -> Caller {
    match rng.u8(..20) {
        0 => Caller::Withheld,
        1 => Caller::Extension,
        2..=5 => Caller::Stranger(rng.usize(..STRANGERS)),
        6..=13 => Caller::Contact(rng.usize(..12)),
        _ => Caller::Contact(rng.usize(..CONTACTS)),
    }
}

fn trouble(rng: &mut Rng, happenings: &mut Vec<Happening>, mending: &mut Vec<What>) {
    let what = match rng.u8(..22) {
        0..=6 => {
            mending.push(What::Faults(Vec::new()));
            What::Faults(FAULTS[rng.usize(..FAULTS.len())].to_vec())
        }
        7..=10 => What::Manager { contact: rng.usize(..12), user: manager(rng) },
        11 => {
            mending.push(What::ReadsFail(false));
            What::ReadsFail(true)
        }
        12 => {
            mending.push(What::WritesFail(false));
            What::WritesFail(true)
        }
        13 | 14 => What::Crash { down: Duration::from_millis(rng.u64(1_100..20_000)), loses_last_second: rng.bool() },
        15 => What::Jump { seconds: *rng.choice([-90_000, -3_600, -5, 5, 3_600, 22_000].iter()).expect("some") },
        16 => What::Rename,
        17 => {
            mending.push(What::Enabled(true));
            What::Enabled(false)
        }
        _ => What::Active(USERS[rng.usize(..USERS.len())]),
    };
    happenings.push(Happening { after: gap(rng), what });
}
