//! What holds for every page, whoever looks at it and on what.

use serde_json::{Value, json};

use super::tab::{DESKTOP, PHONE, Tab};

/// The most that the first load of a page may weigh on the wire, in bytes.
const MOST_WEIGHT: u64 = 200_000;

/// Asks axe for what breaks WCAG 2.1 A or AA, with everything unfolded.
const AXE: &str = "for (const fold of document.querySelectorAll('details')) fold.open = true;
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
  (result) => done(result.violations.map((v) =>
    `${v.id}: ${v.nodes.length} times, first ${v.nodes[0].html}: ${v.nodes[0].failureSummary}`)),
  (error) => done([String(error)]),
);";

/// Lists what reaches over the right edge, where the page can be scrolled sideways.
const SIDEWAYS: &str = "const wide = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= wide) return [];
return [...document.querySelectorAll('body *')]
  .filter((e) => e.getBoundingClientRect().right > wide + 1)
  .map((e) => e.outerHTML.slice(0, 120)).slice(-3);";

/// Says how far things have jumped, once two pictures have been painted.
const SHIFT: &str =
    "requestAnimationFrame(() => requestAnimationFrame(() => done(window.tendonShift)))";

/// Listens to what Tab reaches, and marks what it has to. One button of a group of
/// radio buttons stands for all.
const LISTEN: &str = "window.tendonReached = new Set();
window.tendonUnseen = [];
addEventListener('focusin', ({ target }) => {
  window.tendonReached.add(target);
  const style = getComputedStyle(target);
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const row = target.closest('.row, tr, .item');
  if (!ring && !(row && target === row)) window.tendonUnseen.push(target.outerHTML.slice(0, 120));
});
document.activeElement?.blur();
const groups = new Set();
window.tendonWanted = [...document.querySelectorAll(
  'a[href], button, input, select, textarea, summary, [tabindex]')].filter((e) => {
    if (e.tabIndex < 0 || e.disabled || e.type === 'hidden' || !e.checkVisibility()) return false;
    if (e.type !== 'radio') return true;
    return e.checked;
  });
// A date or a time is several stops: its parts, and the button that opens a calendar.
const parts = window.tendonWanted.filter((e) => ['date', 'time', 'datetime-local'].includes(e.type));
return window.tendonWanted.length + 5 * parts.length;";

/// Returns what Tab never reached, and what nobody could see that it had.
const REACHED: &str = "return [
  window.tendonWanted.filter((e) => !window.tendonReached.has(e)).map((e) => e.outerHTML.slice(0, 120)),
  window.tendonUnseen,
];";

/// Holds the page against WCAG in both themes and on both screens.
pub async fn reads_well(tab: &Tab, name: &str) {
    for (screen, on) in [(DESKTOP, "desktop"), (PHONE, "phone")] {
        for dark in [false, true] {
            tab.screen(screen, dark).await;
            let found = tab.ask_later(AXE).await;
            assert_eq!(found, json!([]), "{name}, {on}, dark: {dark}");
        }
        let wide = tab.ask(SIDEWAYS).await;
        assert_eq!(wide, json!([]), "{name} scrolls sideways on a {on}");
    }
    tab.screen(DESKTOP, false).await;
}

/// Loads a page for the first time and holds it to its weight, its calm and its
/// silence: nothing jumps, nothing is asked of others, nothing is complained about.
pub async fn loads_well(tab: &Tab, url: &str, expected: u16) {
    tab.notes().await;
    tab.go(url).await;
    let shift = tab.ask_later(SHIFT).await;
    assert_eq!(shift.as_f64(), Some(0.0), "{url} jumps while it loads");
    let weight = is_silent(tab, url, expected).await;
    assert!(weight > 0, "{url} weighs nothing");
    assert!(weight <= MOST_WEIGHT, "{url} weighs {weight} bytes");
}

/// Returns how much came over the wire, after holding the browser's notes against
/// what a page may do.
pub async fn is_silent(tab: &Tab, url: &str, expected: u16) -> u64 {
    let notes = tab.notes().await;
    let own: url::Url = url.parse().unwrap();
    for asked in &notes.asked {
        // The empty page of a new window is the browser's own.
        let outside = asked.has_host() && asked.scheme() != "chrome";
        assert!(
            !outside || asked.origin() == own.origin(),
            "{url} asks {asked}"
        );
    }
    // A page that says that it is not there is complained about for saying so.
    let refused = format!("status of {expected}");
    let complaints: Vec<&String> = notes
        .complaints
        .iter()
        .filter(|complaint| expected == 200 || !complaint.contains(&refused))
        .collect();
    assert!(complaints.is_empty(), "{url}: {complaints:?}");
    notes.weight
}

/// Walks through the page with Tab.
pub async fn is_reached_by_tab(tab: &Tab, name: &str) {
    let many = tab.ask(LISTEN).await.as_u64().unwrap();
    tab.tab_on(usize::try_from(many).unwrap() + 1).await;
    let reached = tab.ask(REACHED).await;
    let nothing = Value::Array(vec![]);
    assert_eq!(reached[0], nothing, "{name}: never reached by Tab");
    assert_eq!(reached[1], nothing, "{name}: reached, and nobody sees it");
}
