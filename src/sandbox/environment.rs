//! Secrets that the environment gives: taken out of it, so that nothing that is started later, and nobody who looks at the process,
//! finds them there.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Takes all variables of the environment that are text, and wipes those named `secrets` from it, also from the memory that Linux
/// shows as `/proc/PID/environ`.
///
/// # Safety
/// No other thread runs.
#[allow(unsafe_code)]
pub unsafe fn take_environment(secrets: &[&str]) -> BTreeMap<String, String> {
    // Variables that are not UTF-8 are none of ours.
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let vars = std::env::vars_os().filter_map(text).collect();
    for name in secrets {
        #[cfg(target_os = "linux")]
        // SAFETY: no other thread runs, as the caller promises.
        unsafe {
            wipe(name);
        }
        // SAFETY: no other thread runs, as the caller promises.
        unsafe { std::env::remove_var(name) };
    }
    vars
}

/// Overwrites the values of the variable `name` where they are.
///
/// # Safety
/// No other thread runs.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
unsafe fn wipe(name: &str) {
    use std::ffi::CStr;

    // SAFETY: `environ` is null, or an array of strings that ends with a null pointer; nobody changes it meanwhile, as no other
    // thread runs. The strings are the process's own and may be written to up to their zero byte.
    unsafe {
        let mut at = libc::environ;
        while !at.is_null() && !(*at).is_null() {
            let text = CStr::from_ptr(*at).to_bytes();
            if text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")) {
                let (start, length) = (name.len() + 1, text.len());
                std::ptr::write_bytes((*at).add(start), 0, length - start);
            }
            at = at.add(1);
        }
    }
}
