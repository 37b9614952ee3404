//! A fingerprint that shows whether two runs are trained on the same data.

/// A hash of values (FNV-1a on whole words); different values almost certainly have different hashes.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        // Multiplication alone does not carry high bits to low ones.
        self.0 ^= self.0 >> 32;
    }

    pub(crate) fn add_text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.add(byte.into()));
        self.add(u64::MAX);
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }

    pub(crate) fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_its_place_count() {
        let of = |words: &[u64]| {
            let mut fingerprint = Fingerprint::new();
            words.iter().for_each(|&word| fingerprint.add(word));
            fingerprint.text()
        };
        assert_eq!(of(&[1, 2]), of(&[1, 2]));
        assert!(of(&[1, 2]) != of(&[2, 1]) && of(&[1]) != of(&[1, 0]) && of(&[1 << 63]) != of(&[0]));
        let text = |a: &str, b: &str| {
            let mut fingerprint = Fingerprint::new();
            fingerprint.add_text(a);
            fingerprint.add_text(b);
            fingerprint.text()
        };
        assert_ne!(text("ab", "c"), text("a", "bc"));
    }
}
