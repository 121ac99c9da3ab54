use std::net::IpAddr;

/// What counts as one client: an address of IPv4, or the network of 64 bits of one of IPv6.
///
/// An IPv6 host can use any address of its network, and a home or an office has at least one such network.
///
/// # Source
///
/// RFC 4291, [Addresses](https://www.rfc-editor.org/rfc/rfc4291.html#section-2.5.1): the last 64 bits of an
/// address name an interface.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Address {
    V4(u32),
    V6(u64),
}

/// An IPv4-mapped IPv6 address counts as the IPv4 address.
impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.to_bits()),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_of_64_bits_are_one_and_those_of_ipv4_are_each_their_own() {
        for (one, other, expected) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::192.0.2.1", "192.0.2.1", false),
            ("0.0.0.0", "::", false),
        ] {
            let address = |text: &str| Address::from(text.parse::<IpAddr>().unwrap());
            assert_eq!(address(one) == address(other), expected, "{one} {other}");
        }
    }
}
