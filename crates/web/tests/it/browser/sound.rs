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

/// Lists what runs out of its own box and over what stands beside it.
const SPILT: &str = "return [...document.querySelectorAll('main *')]
  .filter((e) => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !e.closest('.sr, svg'))
  .filter((e) => getComputedStyle(e).overflowX === 'visible')
  .map((e) => e.outerHTML.slice(0, 160)).slice(-3);";

/// Says what has jumped, once two pictures have been painted.
const JUMPS: &str =
    "requestAnimationFrame(() => requestAnimationFrame(() => done(window.tendonJumps)))";

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

/// Returns what axe has to say against the page.
async fn against(tab: &Tab) -> Value {
    tab.ask_later(AXE).await
}

/// Holds the page against WCAG in both themes and on both screens.
pub async fn reads_well(tab: &Tab, name: &str) {
    for (screen, on) in [(DESKTOP, "desktop"), (PHONE, "phone")] {
        for dark in [false, true] {
            tab.screen(screen, dark).await;
            let found = against(tab).await;
            assert_eq!(found, json!([]), "{name}, {on}, dark: {dark}");
        }
        let spilt = tab.ask(SPILT).await;
        assert_eq!(spilt, json!([]), "{name}: runs out of its box on a {on}");
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
    let jumps = tab.ask_later(JUMPS).await;
    assert_eq!(jumps, json!([]), "{url} jumps while it loads");
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
        // The page of a new window is the browser's own; some versions fill it.
        let browsers = ["chrome", "chrome-untrusted"].contains(&asked.scheme());
        let outside = asked.has_host() && !browsers;
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

/// A page on which everything is wrong that is asked of the others.
const BAD: &str = "<!doctype html><html><head><title>Bad</title>
<meta name='viewport' content='width=device-width'></head><body>
<script>document.title = 'run in spite of the policy'</script>
<div id='late'></div><main><p style='width: 900px'>wide</p>
<div style='width: 40px'><b style='display: block; white-space: nowrap'>runs out of its box</b></div></main>
<img src='http://127.0.0.2:9/elsewhere.png'>
<button style='outline: none'></button><a href='/x' onfocus='this.blur()'>never held</a>
<script src='/late.js'></script></body></html>";

/// Moves everything down, after it has been seen.
const LATE: &str = "requestAnimationFrame(() => setTimeout(() => {
  document.getElementById('late').style.height = '300px';
  document.title = 'late';
}, 50));";

#[tokio::test]
async fn what_is_wrong_with_a_page_is_found() {
    use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
    use axum::routing::get;
    let Some(chrome) = super::chrome::Chrome::start() else {
        return;
    };
    let policy = "script-src 'self'";
    let page = (
        [
            (CONTENT_TYPE, "text/html"),
            (CONTENT_SECURITY_POLICY, policy),
        ],
        BAD,
    );
    let script = ([(CONTENT_TYPE, "text/javascript")], LATE);
    let pages = axum::Router::new()
        .route("/", get(move || async move { page }))
        .route("/late.js", get(move || async move { script }));
    let base = super::clinic::listen(pages).await;
    let tab = chrome.open().await;
    tab.screen(PHONE, false).await;
    tab.go(&base).await;
    tab.until("return document.title === 'late'").await;
    assert_ne!(tab.ask_later(JUMPS).await, json!([]));
    let found = against(&tab).await.to_string();
    for rule in ["image-alt", "button-name", "html-has-lang"] {
        assert!(found.contains(rule), "{rule} is not among {found}");
    }
    assert_ne!(tab.ask(SIDEWAYS).await, json!([]));
    assert_ne!(tab.ask(SPILT).await, json!([]));
    let many = tab.ask(LISTEN).await.as_u64().unwrap();
    assert_eq!(many, 2);
    tab.tab_on(3).await;
    let reached = tab.ask(REACHED).await;
    assert!(reached[1].to_string().contains("button"), "{reached}");
    let notes = tab.notes().await;
    let blocked = |complaint: &String| complaint.contains("Content Security Policy");
    assert!(
        notes.complaints.iter().any(blocked),
        "{:?}",
        notes.complaints
    );
    let elsewhere = |asked: &url::Url| asked.host_str() == Some("127.0.0.2");
    assert!(notes.asked.iter().any(elsewhere), "{:?}", notes.asked);
    assert!(notes.weight > 0);
}
