//! A QR code (ISO/IEC 18004) for the authenticator app, drawn here so that the
//! secret never leaves for a service that draws pictures.

use std::fmt;

use askama::filters::HtmlSafe;
use qrcodegen::{QrCode, QrCodeEcc};

/// The light border that scanners need, in modules (ISO/IEC 18004 §6.3.8).
const QUIET: i32 = 4;

/// A QR code.
#[derive(Clone)]
pub struct Qr(QrCode);

impl Qr {
    /// Encodes a text; `None` where it is too long for any QR code.
    pub fn new(text: &str) -> Option<Self> {
        QrCode::encode_text(text, QrCodeEcc::Medium).ok().map(Self)
    }
}

impl fmt::Display for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.size();
        let side = size + 2 * QUIET;
        write!(
            f,
            r#"<svg role="img" width="176" height="176" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><title>QR code for your authenticator app</title><path d=""#
        )?;
        for y in 0..size {
            for x in (0..size).filter(|x| self.0.get_module(*x, y)) {
                write!(f, "M{} {}h1v1h-1z", x + QUIET, y + QUIET)?;
            }
        }
        f.write_str(r#""/></svg>"#)
    }
}

impl HtmlSafe for Qr {}

impl fmt::Debug for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Qr(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_finders_and_a_quiet_border() {
        let qr = Qr::new("otpauth://totp/Tendon:ana@example.org?secret=JBSWY3DPEHPK3PXP").unwrap();
        let html = qr.to_string();
        let far = qr.0.size() - 7 + QUIET;
        for corner in [(QUIET, QUIET), (far, QUIET), (QUIET, far)] {
            assert!(html.contains(&format!("M{} {}h1", corner.0, corner.1)));
        }
        assert!(!html.contains("M0 "));
        assert_eq!(format!("{qr:?}"), "Qr(…)");
    }

    #[test]
    fn too_long_a_text_is_refused() {
        assert!(Qr::new(&"x".repeat(4_000)).is_none());
    }
}
