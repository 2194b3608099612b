//! Which IP addresses a component's requests may go to.
//!
//! A granted name says nothing about where it leads: whoever runs its DNS can point it at `127.0.0.1`, at the office printer, or at
//! a cloud's metadata service (DNS rebinding). So addresses are judged too, after the lookup, by the registries of special-purpose
//! addresses (IANA, RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether requests may go to addresses of the own machine or network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateAddresses {
    /// Only addresses that are `Reach::Public`.
    #[default]
    Refused,
    /// Also those that are `Reach::Private`: a server on this machine or in this network takes the account's place.
    Granted,
}

impl PrivateAddresses {
    /// Whether a connection to this address may be made.
    pub fn permit(self, address: IpAddr) -> bool {
        match reach(address) {
            Reach::Public => true,
            Reach::Private => self == Self::Granted,
            Reach::Never => false,
        }
    }
}

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A server on the internet (global unicast).
    Public,
    /// This machine or this network: loopback, RFC 1918, carrier-grade NAT, unique local and site-local IPv6.
    Private,
    /// Nothing that a request could sensibly want, and never granted: unspecified, link-local (cloud metadata lives there),
    /// multicast, broadcast, documentation, benchmarking, reserved, tunnels (6to4, Teredo).
    Never,
}

/// Judges an address. An IPv4 address inside an IPv6 one (mapped, or NAT64's well-known prefix) is judged as what it is.
pub(crate) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [10, ..] | [127, ..] | [192, 168, ..] => Reach::Private,
        [172, b, ..] if b & 0xf0 == 16 => Reach::Private,
        // Carrier-grade NAT, 100.64.0.0/10.
        [100, b, ..] if b & 0xc0 == 64 => Reach::Private,
        // "This" network; link-local; IETF protocol assignments; the retired 6to4 relays.
        [0, ..] | [169, 254, ..] | [192, 0, 0, _] | [192, 88, 99, _] => Reach::Never,
        // Documentation.
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Never,
        // Benchmarking, 198.18.0.0/15.
        [198, b, ..] if b & 0xfe == 18 => Reach::Never,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if address == Ipv6Addr::LOCALHOST {
        return Reach::Private;
    }
    let segments = address.segments();
    let embedded = Ipv4Addr::from((u32::from(segments[6]) << 16) | u32::from(segments[7]));
    match segments {
        // IPv4-mapped: the operating system connects to the IPv4 address.
        [0, 0, 0, 0, 0, 0xffff, ..] => reach_v4(embedded),
        // NAT64's well-known prefix (RFC 6052): how a network without IPv4 reaches the IPv4 internet, and only that.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] if reach_v4(embedded) == Reach::Public => Reach::Public,
        // Unique local, fc00::/7; site-local, fec0::/10.
        [a, ..] if a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfec0 => Reach::Private,
        // IETF protocol assignments, 2001::/23: Teredo, benchmarking, ORCHID.
        [0x2001, b, ..] if b < 0x200 => Reach::Never,
        // Documentation, 2001:db8::/32 and 3fff::/20; 6to4, 2002::/16.
        [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Never,
        // Global unicast is 2000::/3; what lies outside is unspecified, IPv4-compatible, link-local, multicast, or not assigned.
        [a, ..] if a & 0xe000 == 0x2000 => Reach::Public,
        _ => Reach::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.1",
        "198.51.101.1",
        "203.0.112.1",
        "203.0.114.1",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2003::1",
        "2606:4700::1111",
        "2a02:6b8::2:242",
        "3ffe:ffff::1",
        "3fff:1000::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ];
    const PRIVATE: &[&str] = &[
        "10.0.0.0",
        "10.255.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "::1",
        "fc00::",
        "fdff:ffff::1",
        "fec0::1",
        "feff::1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:c0a8:1",
    ];
    const NEVER: &[&str] = &[
        "0.0.0.0",
        "0.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::8.8.8.8",
        "fe80::1",
        "febf::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:1ff::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "5f00::1",
        "4000::1",
        "::ffff:0.0.0.0",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
    ];

    #[test]
    fn every_special_range_is_judged_at_both_of_its_ends() {
        for (expected, addresses) in [(Reach::Public, PUBLIC), (Reach::Private, PRIVATE), (Reach::Never, NEVER)] {
            for text in addresses {
                assert_eq!(reach(text.parse().unwrap()), expected, "{text}");
            }
        }
    }

    #[test]
    fn granting_private_addresses_grants_nothing_else() {
        let permitted =
            |policy: PrivateAddresses, list: &[&str]| list.iter().filter(|a| policy.permit(a.parse().unwrap())).count();
        assert_eq!(permitted(PrivateAddresses::Refused, PUBLIC), PUBLIC.len());
        assert_eq!(permitted(PrivateAddresses::Refused, PRIVATE), 0);
        assert_eq!(permitted(PrivateAddresses::Refused, NEVER), 0);
        assert_eq!(permitted(PrivateAddresses::Granted, PUBLIC), PUBLIC.len());
        assert_eq!(permitted(PrivateAddresses::Granted, PRIVATE), PRIVATE.len());
        assert_eq!(permitted(PrivateAddresses::Granted, NEVER), 0);
    }

    proptest! {
        #[test]
        fn nothing_that_the_standard_library_calls_special_is_public(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_broadcast()
                || address.is_documentation() || address.is_unspecified() || address.is_multicast();
            prop_assert!(!special || reach_v4(address) != Reach::Public);
        }

        #[test]
        fn the_same_ipv4_address_is_judged_the_same_in_ipv6_clothes(bits: u32) {
            let address = Ipv4Addr::from(bits);
            prop_assert_eq!(reach_v6(address.to_ipv6_mapped()), reach_v4(address));
        }

        #[test]
        fn public_ipv6_is_global_unicast_or_a_public_ipv4(bits: u128) {
            let address = Ipv6Addr::from(bits);
            if reach_v6(address) == Reach::Public {
                let global = address.segments()[0] >> 13 == 1;
                let translated = address.to_ipv4_mapped().is_some() || address.segments()[..2] == [0x64, 0xff9b];
                prop_assert!(global || translated);
            }
            if address.is_unique_local() || address.is_unicast_link_local() || address.is_multicast() {
                prop_assert_ne!(reach_v6(address), Reach::Public);
            }
        }
    }
}
