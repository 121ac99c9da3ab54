/// Reads one value of DER after the other, as much of it as public keys need.
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The contents of the next value, if it is a `tag`.
    pub(super) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // No key or certificate has 16 MiB.
            0x81..=0x83 => {
                let (len, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (len.iter().fold(0, |len, &byte| len << 8 | usize::from(byte)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(len)?;
        (found == tag).then(|| {
            self.0 = rest;
            contents
        })
    }

    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.read(SEQUENCE).map(Self)
    }

    /// An integer that is not negative, without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.read(INTEGER)?;
        (bytes.first()? & 0x80 == 0).then(|| without_zeros(bytes))
    }

    /// A bit string of whole bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        self.read(BIT_STRING)?.strip_prefix(&[0])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number, big end first, as short as it can be.
pub(super) fn without_zeros(mut bytes: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

pub(super) const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// The version of a certificate.
pub(super) const EXPLICIT_0: u8 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_another_value_is_not_read() {
        for (bytes, expected) in [
            (&[0x30, 2, 1, 2][..], Some(&[1, 2][..])),
            (&[0x30, 0x81, 2, 1, 2], Some(&[1, 2])),
            (&[0x30, 0x83, 0, 0, 1, 9], Some(&[9])),
            (&[0x30, 0], Some(&[])),
            (&[0x31, 0], None),
            (&[0x30, 2, 1], None),
            (&[0x30, 0x82, 1], None),
            (&[0x30, 0x80, 0, 0], None),
            (&[0x30, 0x84, 0, 0, 0, 0], None),
            (&[0x30, 0xff], None),
            (&[0x30], None),
            (&[], None),
        ] {
            assert_eq!(Der::new(bytes).read(SEQUENCE), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn numbers_are_not_negative_and_begin_with_what_counts() {
        for (bytes, expected) in [
            (&[INTEGER, 2, 0, 0x80][..], Some(&[0x80][..])),
            (&[INTEGER, 1, 0x7f], Some(&[0x7f])),
            (&[INTEGER, 1, 0], Some(&[])),
            (&[INTEGER, 1, 0x80], None),
            (&[INTEGER, 0], None),
        ] {
            assert_eq!(Der::new(bytes).unsigned(), expected, "{bytes:x?}");
        }
    }
}
