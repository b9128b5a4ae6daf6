//! Words as a shell takes them.

/// A command line of these words, each quoted where a shell would make something else of it.
pub fn shell_quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    // No argument of a process has a zero byte.
    let quoted = |word: &'a str| shlex::try_quote(word).unwrap_or_default();
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_words_that_were_written() {
        let words = ["fluxform", "a b", "", "it's", "$HOME", "bucket.*", "`id`", "a\nb", "--var", "x=\"y\"", "ü", "!"];
        let script = format!("printf '%s\\0' {}", shell_quoted(words));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let read: Vec<_> = output.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        assert_eq!(read[..words.len()], words);
    }
}
