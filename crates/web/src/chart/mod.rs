//! Charts drawn on the server as SVG.
//!
//! Colours come from the style's variables through classes, so that one drawing
//! serves light, dark and paper. Every drawing carries `<title>` and `<desc>`
//! for who hears the page; a page that shows numbers worth reading puts their
//! table beneath.

mod qr;
mod ring;
mod segments;
mod spark;

pub use qr::Qr;
pub use ring::Ring;
pub use segments::{Segment, Segments};
pub use spark::Spark;

use std::fmt;

/// Text made safe for the inside of an element or a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// Writes the opening of a drawing with its title and description.
fn open(
    f: &mut fmt::Formatter<'_>,
    class: &str,
    (width, height): (u32, u32),
    title: &str,
    description: &str,
) -> fmt::Result {
    write!(
        f,
        r#"<svg class="{class}" role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}"><title>{}</title><desc>{}</desc>"#,
        Escaped(title),
        Escaped(description)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(
            Escaped(r#"<a b="c">&"#).to_string(),
            "&lt;a b=&quot;c&quot;&gt;&amp;"
        );
    }
}
