//! Signatures are verified here by a reader written apart from lettre's
//! writer, straight from RFC 6376: canonical forms (§3.4.2, §3.4.4), the hash
//! of the body (§3.7), the hash of the headers with an empty `b=` (§3.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::rand_core::{self, CryptoRng, RngCore};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use tendon_care::contact::{Address, Email};
use tendon_care::message::Body as Words;

use super::*;
use crate::carrier::Outgoing;
use crate::carrier::tests::text_to;

/// A seeded generator (SplitMix64), good enough for a key that guards nothing.
struct Seeded(u64);

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for chunk in dest.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Seeded {}

static KEY: LazyLock<RsaPrivateKey> =
    LazyLock::new(|| RsaPrivateKey::new(&mut Seeded(20_261_122), 1024).unwrap());

fn pkcs8() -> SecretString {
    use rsa::pkcs8::EncodePrivateKey as _;
    KEY.to_pkcs8_pem(LineEnding::LF).unwrap().as_str().into()
}

fn signer(key: &SecretString) -> Signer {
    Signer::new("clinic.example", "tendon1", key).unwrap()
}

/// Returns a signed letter as it stands on the wire before the final dot.
fn letter(signer: &Signer, html: bool) -> String {
    let mut outgoing = text_to("+13125550142", "Hola,  Ana.\n\nMañana a las nueve. \n\n\n");
    outgoing.to = Address::Email(Email::parse("ana@example.org").unwrap());
    outgoing.content.subject = Some(Words::new(
        "Su visita de mañana, con un asunto tan largo que se pliega",
    ));
    outgoing.content.html = html.then(|| Words::new("<p>Mañana a las <b>nueve</b></p>"));
    on_the_wire(&outgoing, signer)
}

fn on_the_wire(outgoing: &Outgoing, signer: &Signer) -> String {
    let from = Email::parse("care@clinic.example").unwrap();
    let letter = super::super::letter::write(outgoing, &from, Some(signer)).unwrap();
    String::from_utf8(letter.bytes).unwrap() + "\r\n"
}

/// Splits headers into names and raw values, folds kept.
fn headers(head: &str) -> Vec<(String, String)> {
    let marked = head.replace("\r\n ", "\u{1} ").replace("\r\n\t", "\u{1}\t");
    marked
        .split("\r\n")
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.replace('\u{1}', "\r\n"))
        })
        .collect()
}

fn relaxed(name: &str, value: &str) -> String {
    let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    format!("{name}:{value}")
}

fn relaxed_body(body: &str) -> String {
    let mut lines: Vec<String> = body
        .split("\r\n")
        .map(|line| {
            let squeezed = line
                .split([' ', '\t'])
                .enumerate()
                .filter(|(at, word)| *at == 0 || !word.is_empty())
                .map(|(_, word)| word)
                .collect::<Vec<_>>();
            squeezed.join(" ")
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// Returns a tag of the signature without white space.
fn tag(signature: &str, name: &str) -> String {
    let packed: String = signature.split_ascii_whitespace().collect();
    packed
        .split(';')
        .find_map(|tag| tag.strip_prefix(&format!("{name}=")))
        .unwrap()
        .to_owned()
}

fn verifies(letter: &str, key: &RsaPublicKey) -> bool {
    let (head, body) = letter.split_once("\r\n\r\n").unwrap();
    let mut headers = headers(head);
    let at = headers
        .iter()
        .position(|(name, _)| name == "dkim-signature")
        .unwrap();
    let (_, signature) = headers.remove(at);
    let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));

    let mut signed = String::new();
    for name in tag(&signature, "h").split(':') {
        if let Some((name, value)) = headers.iter().find(|(have, _)| have == name) {
            signed += &relaxed(name, value);
            signed += "\r\n";
        }
    }
    let (unsigned, _) = signature.rsplit_once("b=").unwrap();
    signed += &relaxed("dkim-signature", &format!("{unsigned}b="));

    // The DigestInfo of SHA-256 (RFC 8017 §9.2, note 1).
    let prefix = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let scheme = Pkcs1v15Sign {
        hash_len: Some(32),
        prefix: Box::new(prefix),
    };
    let claimed = STANDARD.decode(tag(&signature, "b")).unwrap();
    tag(&signature, "bh") == body_hash
        && key
            .verify(scheme, &Sha256::digest(signed), &claimed)
            .is_ok()
}

#[test]
fn signed_letters_verify_and_changed_ones_do_not() {
    let signer = signer(&pkcs8());
    let public = KEY.to_public_key();
    for html in [false, true] {
        let letter = letter(&signer, html);
        assert!(verifies(&letter, &public), "{letter}");
        for (from, to) in [
            ("nueve", "ocho"),
            ("care@clinic", "evil@clinic"),
            ("/u/secret-token", "/u/another-token"),
            ("=One-Click", "=Two-Click"),
            ("Content-Type: ", "Content-Type: x-"),
            ("Jan", "Feb"),
        ] {
            let changed = letter.replacen(from, to, 1);
            assert_ne!(changed, letter, "{from} is in the letter");
            assert!(!verifies(&changed, &public), "{from} may be changed");
        }
    }
}

#[test]
fn absent_headers_cannot_be_added() {
    let letter = letter(&signer(&pkcs8()), false);
    for added in ["Reply-To: evil@example.org\r\n", "Cc: all@example.org\r\n"] {
        assert!(!verifies(
            &(added.to_owned() + &letter),
            &KEY.to_public_key()
        ));
    }
}

#[test]
fn both_unsubscribe_headers_are_under_the_signature() {
    let letter = letter(&signer(&pkcs8()), false);
    let (head, _) = letter.split_once("\r\n\r\n").unwrap();
    let headers = headers(head);
    let (_, signature) = headers
        .iter()
        .find(|(name, _)| name == "dkim-signature")
        .unwrap();
    let signed = tag(signature, "h");
    for name in ["list-unsubscribe", "list-unsubscribe-post", "from"] {
        assert!(signed.split(':').any(|have| have == name), "{signed}");
        assert!(headers.iter().any(|(have, _)| have == name), "{name}");
    }
    assert_eq!(tag(signature, "d"), "clinic.example");
    assert_eq!(tag(signature, "s"), "tendon1");
}

#[test]
fn old_and_new_rsa_keys_and_ed25519_seeds_are_read() {
    let pkcs1: SecretString = KEY.to_pkcs1_pem(LineEnding::LF).unwrap().as_str().into();
    assert!(verifies(
        &letter(&signer(&pkcs1), true),
        &KEY.to_public_key()
    ));
    assert_eq!(KEY.size() * 8, 1024);

    let seed: SecretString = STANDARD.encode([7; 32]).into();
    assert!(letter(&signer(&seed), false).contains("a=ed25519-sha256;"));
}

#[test]
fn what_cannot_sign_is_refused_by_the_name_of_its_setting() {
    let good = pkcs8();
    for (domain, selector, key, setting) in [
        ("clinic.example", "tendon1", "hunter2".into(), "dkim_key"),
        (
            "clinic.example",
            "tendon1",
            "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----".into(),
            "dkim_key",
        ),
        (
            "clinic.example; x=1",
            "tendon1",
            good.clone(),
            "dkim_domain",
        ),
        ("", "tendon1", good.clone(), "dkim_domain"),
        ("clinic.example", "a..b", good, "dkim_selector"),
    ] {
        let error = Signer::new(domain, selector, &key).unwrap_err();
        assert_eq!(error.setting, setting);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
