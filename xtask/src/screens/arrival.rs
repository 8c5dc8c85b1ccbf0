//! What the browser says of the page that it shows, so that no picture is one of a
//! sign-in page, of an error, or of nothing.

use anyhow::ensure;
use serde::Deserialize;

/// Asks the page for [`Arrival`]; its argument is the mark of the page that is wanted.
pub(super) const SCRIPT: &str = "\
    const [navigation] = performance.getEntriesByType('navigation');
    return {
        status: navigation.responseStatus,
        path: location.pathname + location.search,
        marked: document.querySelector(arguments[0]) !== null,
    };";

/// Where the browser has arrived.
#[derive(Debug, Deserialize)]
pub(super) struct Arrival {
    /// The status of the answer, after redirections.
    status: u16,
    /// Path and query.
    path: String,
    /// The mark of the wanted page is on it.
    marked: bool,
}

impl Arrival {
    /// Refuses any page but the wanted one.
    pub(super) fn must_be(&self, path: &str, mark: &str) -> anyhow::Result<()> {
        let Self {
            status,
            path: there,
            marked,
        } = self;
        let wanted = path.split('#').next().unwrap_or_default();
        ensure!(*status == 200, "{path} answers {status}");
        ensure!(there == wanted, "{path} leads to {there}");
        ensure!(marked, "{path} shows another page: it has no {mark}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wanted_page_is_drawn() {
        let judged = |status, path: &str, marked| {
            let path = path.to_owned();
            let arrival = Arrival {
                status,
                path,
                marked,
            };
            let judged = arrival.must_be("/audit?x=1#lines", "#badge");
            judged.map_err(|error| error.to_string())
        };
        assert_eq!(judged(200, "/audit?x=1", true), Ok(()));
        for (status, path, marked, why) in [
            (404, "/audit?x=1", true, "/audit?x=1#lines answers 404"),
            (200, "/sign-in", false, "/audit?x=1#lines leads to /sign-in"),
            (
                200,
                "/audit?x=1",
                false,
                "/audit?x=1#lines shows another page: it has no #badge",
            ),
        ] {
            assert_eq!(judged(status, path, marked), Err(why.to_owned()));
        }
    }
}
