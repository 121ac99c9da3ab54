//! Tells keys that others may know from secrets. A public key that is used as a secret lets everybody sign.

/// Whether `contents` are those of a PEM file.
pub(crate) fn is_pem(contents: &[u8]) -> bool {
    contents.windows(PEM.len()).any(|window| window == PEM)
}

/// Whether `contents` are a JWK or a set of them.
pub(crate) fn is_jwk(contents: &[u8]) -> bool {
    let object = serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(contents);
    object.is_ok_and(|object| object.contains_key("kty") || object.contains_key("keys"))
}

/// Whether `contents` are one sequence of DER that begins as keys and certificates do, and is as long as the
/// shortest of them. So hardly any random bytes are taken for it.
pub(crate) fn is_der(contents: &[u8]) -> bool {
    let [SEQUENCE, first, rest @ ..] = contents else {
        return false;
    };
    let (len, inner) = match rest.split_at_checked(usize::from(first & 0x7F)) {
        _ if *first < 0x80 => (usize::from(*first), rest),
        Some((len @ [_, ..], inner)) if len.len() <= 4 => {
            (len.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), inner)
        }
        _ => return false,
    };
    SHORTEST_DER <= contents.len()
        && len == inner.len()
        && matches!(inner.first(), Some(&(SEQUENCE | INTEGER)))
}

const PEM: &[u8] = b"-----BEGIN ";
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// The public key of Ed25519.
const SHORTEST_DER: usize = 44;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_is_told_from_secrets() {
        let of = |head: &[u8], len: usize| [head, &vec![0; len]].concat();
        for (contents, expected) in [
            (of(&[0x30, 42, 0x30], 41), true),
            (of(&[0x30, 42, 0x02], 41), true),
            (of(&[0x30, 0x81, 200, 0x30], 199), true),
            (of(&[0x30, 0x82, 1, 0, 0x30], 255), true),
            (of(&[0x30, 0x80, 0x30], 100), false),
            (of(&[0x30, 0x85, 0, 0, 0, 0, 42, 0x30], 41), false),
            (of(&[0x30, 42, 0x31], 41), false),
            (of(&[0x30, 41, 0x30], 41), false),
            (of(&[0x30, 30, 0x30], 29), false),
            (of(&[0x30, 0x84, 1], 0), false),
            (vec![0x30], false),
            (Vec::new(), false),
        ] {
            assert_eq!(is_der(&contents), expected, "{contents:?}");
        }
    }
}
