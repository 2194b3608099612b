//! Whatever the lists of users and contacts answer is read or refused, and judged.
#![no_main]

use forward_to_personal_manager::caller::CountryCode;
use host_harness::audit::answers::{contacts, users};
use host_harness::audit::findings::ContactsSeen;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let users = users(body).map(|page| page.entries).unwrap_or_default();
    let mut seen = ContactsSeen::new(CountryCode::DEFAULT);
    if let Ok(page) = contacts(body) {
        page.entries.iter().for_each(|contact| seen.see(contact));
    }
    let _ = seen.judge(&users, &[]);
});
