//! What a word was meant to be.

/// A word of more bytes is no slip of the keyboard, and the time to compare it grows with the square of its length.
const WORD: usize = 200;

/// The candidate nearest to `word`, if one is near enough to be a slip of the keyboard: a few letters of it differ, or the case
/// of any. What two addresses have in common as their kind does not bring them nearer, nor what two codes have as their group.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| {
        if word.len() > WORD || candidate.len() > WORD {
            return None;
        }
        if word.eq_ignore_ascii_case(candidate) {
            return Some(0);
        }
        let (a, b) = match (parts(word), parts(candidate)) {
            (Some((kind, a)), Some((other, b))) if kind == other => (a, b),
            _ => (word, candidate),
        };
        let (of_a, of_b) = (a.chars().count(), b.chars().count());
        let most = (of_b / 3).max(1);
        if of_a.abs_diff(of_b) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(a, b);
        // Of a single letter nothing is left that could be alike.
        (distance <= most && distance < of_a.min(of_b)).then_some(distance)
    };
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(candidate)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The kind and the key of an address, or the group and the rest of a code.
fn parts(text: &str) -> Option<(&str, &str)> {
    text.split_once('.').or_else(|| text.split_once("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_none() {
        assert_eq!(nearest("retenton", ["retention", "name"]), Some("retention"));
        assert_eq!(nearest("colour", ["retention", "name"]), None);
        assert_eq!(nearest("RETENTION", ["retention", "name"]), Some("retention"));
        let long = "x".repeat(WORD + 1);
        assert_eq!(nearest(&long, [&*long]), None);
        for (word, candidate, near) in [
            ("bucket.zz", "bucket.f", false),
            ("bucket.a", "bucket.b", false),
            ("bucket.rwa", "bucket.raw", true),
            ("buckt.raw", "bucket.raw", true),
            ("bucket.b1", "bucket.b2", true),
            ("task.raw", "bucket.raw", false),
            ("flux::nonsense", "flux::no-range", false),
            ("flux::no-rang", "flux::no-range", true),
            ("flx::no-range", "flux::no-range", true),
        ] {
            assert_eq!(nearest(word, [candidate]).is_some(), near, "{word} {candidate}");
        }
    }
}
