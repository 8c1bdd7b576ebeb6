//! Pseudonyms: keyed, and with another key for each purpose, so that tables of two purposes
//! cannot be joined without the key. HMAC-SHA-256 (RFC 2104) with a key derived by HKDF (RFC 5869).
//!
//! A pseudonym is still personal information (art. 73 of the Personal Information Protection Law):
//! who has the key can tell whose it is. A hash without a key would be none at all, since all
//! phone numbers can be hashed in minutes.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::ledger::hex;
use crate::error::{Code, Error, Result};

/// HMAC-SHA-256 of a message. The bytes are taken as they are: `007` and `7` differ.
///
/// # Errors
/// None for any length of key; `invalid-option` guards the library's own.
pub fn hmac(key: &[u8], message: &[u8]) -> Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| no_key())?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().into())
}

/// HKDF-SHA-256, extract and expand. An empty salt is 32 zero bytes.
///
/// # Errors
/// `invalid-option` for more than 8,160 bytes.
pub fn hkdf(key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Result<Vec<u8>> {
    let hkdf = Hkdf::<Sha256>::new(Some(salt), key);
    let mut derived = vec![0; length.min(255 * 32 + 1)];
    hkdf.expand(info, &mut derived).map_err(|_| {
        Error::new(Code::InvalidOption, "a key has at most 8,160 bytes").at_path("length")
    })?;
    Ok(derived)
}

/// Bytes of hexadecimal digits.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some((digit(high)? * 16 + digit(low)?) as u8);
    let bytes = pairs.iter().map(byte).collect::<Option<Vec<u8>>>()?;
    rest.is_empty().then_some(bytes)
}

/// A new key of 32 bytes, from the platform.
///
/// # Errors
/// `unsupported` if the platform gives no secure random numbers.
pub fn new_key() -> Result<String> {
    let mut key = [0u8; 32];
    getrandom::fill(&mut key).map_err(|_| {
        Error::new(Code::Unsupported, "the platform gives no secure random numbers")
    })?;
    Ok(hex(&key))
}

fn no_key() -> Error {
    Error::new(Code::InvalidOption, "a key is 64 hexadecimal digits, as a new key has them")
        .at_path("key")
}

/// Makes pseudonyms for one purpose and one version of the key.
#[derive(Clone)]
pub struct Pseudonyms {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// With the key `pseudonym/v<version>/<purpose>` derived from `key`.
    ///
    /// # Errors
    /// `invalid-option` for a key that is not 32 bytes in hexadecimal digits, or no purpose.
    pub fn new(key: &str, version: u32, purpose: &str) -> Result<Self> {
        let key = from_hex(key).filter(|key| key.len() == 32).ok_or_else(no_key)?;
        if purpose.is_empty() {
            return Err(Error::new(Code::InvalidOption, "pseudonyms are for a purpose: name it")
                .at_path("purpose"));
        }
        let derived = hkdf(&key, &[], format!("pseudonym/v{version}/{purpose}").as_bytes(), 32)?;
        Ok(Pseudonyms { mac: Hmac::new_from_slice(&derived).map_err(|_| no_key())? })
    }

    /// The pseudonym of an id: 64 hexadecimal digits.
    #[must_use]
    pub fn of(&self, id: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(id);
        hex(&mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_two_purposes_cannot_be_joined() {
        let key = new_key().unwrap();
        let of = |key: &str, version, purpose, id: &str| {
            Pseudonyms::new(key, version, purpose).unwrap().of(id.as_bytes())
        };
        let one = of(&key, 1, "segmentation", "C001");
        assert_eq!(one, of(&key, 1, "segmentation", "C001"));
        assert_eq!(one.len(), 64);
        let others = [
            of(&key, 1, "marketing", "C001"),
            of(&key, 2, "segmentation", "C001"),
            of(&new_key().unwrap(), 1, "segmentation", "C001"),
            of(&key, 1, "segmentation", "C001 "),
        ];
        assert!(others.iter().all(|other| *other != one));
    }

    #[test]
    fn a_key_is_a_key() {
        for key in ["", "00", &"0".repeat(63), &"g".repeat(64)] {
            assert!(Pseudonyms::new(key, 1, "p").is_err());
        }
        assert!(Pseudonyms::new(&"0".repeat(64), 1, "").is_err());
        assert!(hkdf(b"k", b"", b"", 8161).is_err() && hkdf(b"k", b"", b"", 8160).is_ok());
    }
}
