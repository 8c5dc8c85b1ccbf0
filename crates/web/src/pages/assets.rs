//! The files that pages fetch: compiled in, so that one binary is all there is.

use rust_embed::RustEmbed;

use super::urls::Asset;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// What a browser may do with a page (Content Security Policy, level 3): load
/// our own style, modules and icons, talk to us, and nothing else. No inline
/// script or style is needed anywhere, so no exception is made.
pub const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A file with what a browser needs to keep it.
#[derive(Debug)]
pub struct File {
    /// The bytes.
    pub bytes: std::borrow::Cow<'static, [u8]>,
    /// The media type.
    pub media_type: &'static str,
    /// The entity tag: the first half of the SHA-256, in quotes.
    pub etag: String,
}

impl Asset {
    /// Reads the file; `None` only where the build lacks it, which a test refuses.
    pub fn file(self) -> Option<File> {
        let file = Files::get(self.name())?;
        let hash = file.metadata.sha256_hash();
        let half = u128::from_be_bytes(*hash.first_chunk()?);
        Some(File {
            bytes: file.data,
            media_type: self.media_type(),
            etag: format!("\"{half:032x}\""),
        })
    }

    /// Finds a file by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|asset| asset.name() == name)
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Parts | Self::Live | Self::Keys | Self::Theme => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text(asset: Asset) -> String {
        String::from_utf8(asset.file().unwrap().bytes.into_owned()).unwrap()
    }

    #[test]
    fn every_file_is_there_and_no_other() {
        for asset in Asset::ALL {
            let file = asset.file().unwrap();
            assert!(file.etag.len() > 20 && !file.bytes.is_empty());
            assert_eq!(Asset::from_name(asset.name()), Some(asset));
        }
        assert_eq!(Files::iter().count(), Asset::ALL.len());
    }

    #[test]
    fn styles_and_modules_keep_their_size() {
        assert!(text(Asset::Style).len() <= 30_000);
        let modules = [Asset::Parts, Asset::Live, Asset::Keys, Asset::Theme];
        let total: usize = modules.into_iter().map(|asset| text(asset).len()).sum();
        assert!(total <= 15_000, "{total}");
    }

    #[test]
    fn no_rule_of_the_style_is_dead_and_no_class_without_one() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = String::new();
        let mut folders = vec![root.join("templates"), root.join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        sources.push_str(&text(Asset::Parts));
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let css = text(Asset::Style);
        let styled: std::collections::BTreeSet<&str> = css
            .split('.')
            .skip(1)
            .map(|rest| rest.split(|c| !is_name(c)).next().unwrap())
            .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
            .collect();
        assert!(styled.len() > 100);
        let words: std::collections::BTreeSet<&str> =
            sources.split(|c: char| !is_name(c)).collect();
        let dead: Vec<_> = styled.difference(&words).collect();
        assert!(dead.is_empty(), "{dead:?}");
        for class in sources.split(r#"class=""#).skip(1) {
            let plain = class.split(['"', '{']).next().unwrap();
            for name in plain.split_whitespace().filter(|n| n.chars().all(is_name)) {
                assert!(styled.contains(name), "{name} has no rule");
            }
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for asset in [
            Asset::Style,
            Asset::Parts,
            Asset::Live,
            Asset::Keys,
            Asset::Theme,
        ] {
            assert!(!text(asset).contains("://"), "{}", asset.name());
        }
    }

    /// Reads the custom properties of the first block after `start`.
    fn tokens(css: &str, start: &str) -> BTreeMap<String, String> {
        let (_, rest) = css.split_once(start).unwrap();
        let (block, _) = rest.split_once('}').unwrap();
        block
            .split(';')
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect()
    }

    /// Returns the relative luminance of `#rrggbb` (WCAG 2.1, §1.4.3).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126f64.mul_add(
            channel(1),
            0.7152f64.mul_add(channel(3), 0.0722 * channel(5)),
        )
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_colour_can_be_read_in_light_and_dark() {
        let css = text(Asset::Style);
        for start in [":root{", "data-theme=light]){", ":root[data-theme=dark]{"] {
            let tokens = tokens(&css, start);
            let grounds = ["paper", "ground", "accent-wash"];
            let inks = ["ink", "ink-2", "ink-3", "accent-ink"];
            let mut pairs: Vec<(&str, &str)> = inks
                .into_iter()
                .flat_map(|ink| grounds.map(|ground| (ink, ground)))
                .collect();
            pairs.extend([
                ("good", "good-wash"),
                ("warn", "warn-wash"),
                ("bad", "bad-wash"),
                ("info", "info-wash"),
                ("bad", "paper"),
                ("ink-2", "line-2"),
                ("ink-3", "line-2"),
                ("ink", "bubble"),
                ("on-accent", "accent"),
                ("ink", "warn-wash"),
            ]);
            for (ink, ground) in pairs {
                let ratio = contrast(&tokens[ink], &tokens[ground]);
                assert!(ratio >= 4.5, "{start} {ink} on {ground}: {ratio:.2}");
            }
            // The edge of a field is not text: 3 : 1 (WCAG 2.1, §1.4.11).
            let edge = contrast(&tokens["field"], &tokens["paper"]);
            assert!(edge >= 3.0, "{start} field: {edge:.2}");
        }
    }

    #[test]
    fn both_ways_into_the_dark_lead_to_the_same_colours() {
        let css = text(Asset::Style);
        assert_eq!(
            tokens(&css, "data-theme=light]){"),
            tokens(&css, ":root[data-theme=dark]{")
        );
    }
}
