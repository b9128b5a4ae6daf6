//! A number as a value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A finite number. Equal ones have one spelling: there is no `-0`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Number(f64);

impl Number {
    /// `number`; none where it is infinite or none at all.
    pub fn new(number: f64) -> Option<Self> {
        // Adding 0 turns -0 into 0.
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| serde::de::Error::custom("not a finite number"))
    }
}

/// As TOML and JSON write it, without a fraction that is zero.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() < 1e16 { write!(f, "{}", self.0) } else { write!(f, "{:e}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_have_one_spelling() {
        let shown = |number: f64| Number::new(number).map(|number| number.to_string());
        let texts = [75.0, 0.5, -0.0, 1e300, 2f64.powi(53)].map(shown);
        assert_eq!(texts.map(Option::unwrap_or_default), ["75", "0.5", "0", "1e300", "9007199254740992"]);
        assert_eq!(Number::new(-0.0), Number::new(0.0));
        assert_eq!([f64::NAN, f64::INFINITY].map(Number::new), [None, None]);
    }
}
