use super::Zone;

/// When the day began, and how many hours it has.
fn day(zone: &str, at: i64) -> (i64, i64) {
    let zone = Zone::named(zone).expect("a zone of the database");
    let start = zone.start_of_day(at);
    let mut end = start;
    while zone.start_of_day(end) == start {
        end += 1_800;
    }
    (start, (end - start) / 3_600)
}

#[test]
fn d07_a_day_of_a_clock_change_has_23_or_25_hours() {
    // 2027-03-28T07:00Z: the clock went forward at 01:00Z, and the day began at 23:00Z, not at 22:00Z.
    assert_eq!(day("Europe/Madrid", 1_806_217_200), (1_806_188_400, 23));
    // 2027-10-31T12:00Z.
    assert_eq!(day("Europe/Madrid", 1_824_984_000), (1_824_933_600, 25));
    // 2026-11-22T09:00Z: an ordinary day in a zone without changes.
    assert_eq!(day("Europe/Moscow", 1_795_338_000), (1_795_294_800, 24));
}

#[test]
fn d07_a_day_without_midnight_begins_with_the_clock_change() {
    // In Cairo the clock goes from 00:00 to 01:00 on 2027-04-30, that is at 2027-04-29T22:00Z.
    assert_eq!(day("Africa/Cairo", 1_809_075_600), (1_809_036_000, 23));
}
