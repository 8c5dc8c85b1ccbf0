//! Theme and density: a choice of the browser, kept in a cookie.

use axum::http::{HeaderMap, HeaderValue};

use super::cookie::Cookie;
use crate::pages::frame::{Look, Theme};

/// Reads the look of a browser.
pub(crate) fn of(headers: &HeaderMap, secure: bool) -> Look {
    let text = Cookie::Look.read(headers, secure).unwrap_or_default();
    let (theme, density) = text.split_once('.').unwrap_or((text, ""));
    Look {
        theme: Theme::from_code(theme),
        compact: density == "compact",
    }
}

/// Makes the cookie of a look in which one thing was chosen anew.
pub(crate) fn choose(
    look: Look,
    theme: Option<&str>,
    density: Option<&str>,
    secure: bool,
) -> HeaderValue {
    let theme = theme.map_or(look.theme, Theme::from_code);
    let compact = density.map_or(look.compact, |density| density == "compact");
    let density = if compact { "compact" } else { "roomy" };
    Cookie::Look.set(
        &format!("{}.{density}", theme.code().unwrap_or("auto")),
        secure,
    )
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn one_choice_leaves_the_other() {
        let header = choose(
            Look {
                theme: Theme::Dark,
                compact: false,
            },
            None,
            Some("compact"),
            false,
        );
        let sent = header.to_str().unwrap().split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(sent).unwrap());
        assert_eq!(
            of(&headers, false),
            Look {
                theme: Theme::Dark,
                compact: true
            }
        );
        assert_eq!(of(&HeaderMap::new(), false), Look::default());
    }
}
