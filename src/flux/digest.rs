//! The query for the digest of a secret of an org: it tells whether the server has a secret, and shows nothing of it.
//!
//! Whoever may read the org's secrets may ask. There is no secret for an empty value either (influxd 2.9.1, measured: 404
//! `error calling function "get" @4:38-4:61: secret not found`; 401 `read:orgs/ORG/secrets is unauthorized`).

use sha2::{Digest as _, Sha256};

use super::{Literal, LiteralError};

/// What stands before the key, and behind it.
const BEFORE: &str = "import \"array\"\nimport \"contrib/qxip/hash\"\nimport \"influxdata/influxdb/secrets\"\n\
                      array.from(rows: [{v: hash.sha256(v: secrets.get(key: ";
const BEHIND: &str = "))}])";
/// Where the call stands that fails where there is no such secret.
const CALL: &str = "secrets.get";

/// A query for the SHA-256 of the secret `key`.
///
/// # Errors
/// A key that Flux cannot hold.
pub fn query(key: &str) -> Result<String, LiteralError> {
    Ok(format!("{BEFORE}{}{BEHIND}", Literal::String(key.to_owned()).encode()?))
}

/// The digest of a secret, as the server writes it.
pub(crate) fn of(secret: &[u8]) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest in the CSV of a reply to [`query`], in hexadecimal digits; none in anything else.
pub fn read_reply(csv: &str) -> Option<&str> {
    let cells = csv.strip_prefix(",result,table,v\r\n,_result,0,")?.strip_suffix("\r\n\r\n")?;
    (cells.len() == 64 && cells.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(cells)
}

/// The reply of influxd 2.9.1 with a digest.
pub(crate) fn reply(digest: &str) -> String {
    format!(",result,table,v\r\n,_result,0,{digest}\r\n\r\n")
}

/// The literal with the key in a script that [`query`] has made, and from which byte to which the call goes that gets the secret.
pub(crate) fn asked(script: &str) -> Option<(&str, std::ops::Range<usize>)> {
    let literal = script.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
    let call = BEFORE.rfind(CALL)?..BEFORE.len() + literal.len() + 1;
    Some((literal, call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_its_string() {
        let script = query("a\"b\\c${d}\n").unwrap();
        insta::assert_snapshot!(script, @r#"
        import "array"
        import "contrib/qxip/hash"
        import "influxdata/influxdb/secrets"
        array.from(rows: [{v: hash.sha256(v: secrets.get(key: "a\"b\\c\${d}\n"))}])
        "#);
        let (literal, call) = asked(&script).unwrap();
        assert_eq!(literal, r#""a\"b\\c\${d}\n""#);
        assert_eq!(&script[call], r#"secrets.get(key: "a\"b\\c\${d}\n")"#);
        assert_eq!(query("a\0"), Err(LiteralError::Nul));
    }

    #[test]
    fn only_a_digest_is_one() {
        let digest = "0a".repeat(32);
        assert_eq!(read_reply(&reply(&digest)), Some(digest.as_str()));
        for csv in ["", "\r\n", &reply(""), &reply(&digest[1..]), &reply(&"x".repeat(64)), reply(&digest).trim_end()] {
            assert_eq!(read_reply(csv), None, "{csv:?}");
        }
    }
}
