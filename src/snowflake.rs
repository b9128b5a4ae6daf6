//! The time inside an ID: all of InfluxDB's IDs but those of orgs and buckets are snowflakes.

/// 2017-04-09 00:00:00 UTC, where the server starts to count.
const EPOCH_MS: u64 = 1_491_696_000_000;

/// Whether `text` has the form of an ID, as the server writes it: 16 hexadecimal digits in lower case, not all zero.
pub fn is_id(text: &str) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 16 && text.bytes().all(digit) && text.bytes().any(|byte| byte != b'0')
}

/// Why `text` is no ID, as a clause.
pub fn fault(text: &str) -> &'static str {
    if text.len() == 16 && text.bytes().all(|byte| byte == b'0') {
        "no object has the ID of 16 zeros"
    } else {
        "an ID is 16 hexadecimal digits in lower case"
    }
}

/// So much of what is called an ID as an error shows: what is none may be anything, of any length.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    text.chars().take(LONGEST).collect()
}

/// When the object with this ID was created, in milliseconds since 1970 by the server's clock (influxd 2.9.1, measured
/// for all kinds but org and bucket, whose IDs are random). None if `id` is not 16 hex digits.
pub fn created_ms(id: &str) -> Option<u64> {
    if id.len() != 16 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(id, 16).ok().map(|id| (id >> 22) + EPOCH_MS)
}

#[cfg(test)]
mod tests {
    use super::{created_ms, fault, is_id};

    #[test]
    fn the_upper_42_bits_are_milliseconds() {
        assert_eq!(created_ms("0000000000400000"), Some(1_491_696_000_001));
        assert_eq!(created_ms("00000000004fffff"), Some(1_491_696_000_001));
    }

    #[test]
    fn what_is_no_id_is_told_why() {
        assert_eq!(fault("0000000000000000"), "no object has the ID of 16 zeros");
        assert_eq!(fault("000000000000000"), "an ID is 16 hexadecimal digits in lower case");
    }

    #[test]
    fn ids_have_one_form() {
        assert!(is_id("0123456789abcdef") && is_id("0000000000000001"));
        let long = "0123456789abcdef0";
        for text in
            ["", "../orgs/x", "0123456789ABCDEF", "0000000000000000", "0123456789abcde", long, "0123456789abcdeg"]
        {
            assert!(!is_id(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_id_has_no_time() {
        for text in ["", "+000000000400000", "0000000000400000a", "000000000040000x"] {
            assert_eq!(created_ms(text), None, "{text}");
        }
    }
}
