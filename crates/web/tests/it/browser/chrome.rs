//! The browsers of one test, with axe in each of their pages.

use tendon_testkit::chromium::Chromium;

use super::tab::Tab;

/// Where `npm ci` puts axe-core.
const AXE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/npm/node_modules/axe-core/axe.min.js"
);

/// Chromium, and what is asked of every page.
pub struct Chrome {
    chromium: Chromium,
    axe: String,
}

impl Chrome {
    /// Starts it; `None`, with a line that says so, where something is missing.
    pub fn start() -> Option<Self> {
        let Ok(axe) = std::fs::read_to_string(AXE) else {
            println!("SKIPPED: axe-core is missing; run `npm ci` in crates/web/tests/npm");
            return None;
        };
        match Chromium::start() {
            Ok(chromium) => Some(Self { chromium, axe }),
            Err(program) => {
                println!("SKIPPED: there is no {program}");
                None
            }
        }
    }

    /// Opens a browser in which nobody is signed in.
    pub async fn open(&self) -> Tab {
        Tab::new(self.chromium.open().await, &self.axe).await
    }
}
