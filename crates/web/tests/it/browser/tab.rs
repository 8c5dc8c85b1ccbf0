//! A browser as a person uses it, with an ear for what it complains about.

use std::collections::HashMap;
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tendon_testkit::chromium::{DevTools, Log};
use url::Url;

/// A screen: width and height in CSS pixels.
pub const DESKTOP: (u32, u32) = (1440, 900);

/// The same for a phone.
pub const PHONE: (u32, u32) = (390, 844);

/// How long something may take to appear before it is missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often an element may be exchanged while it is being clicked.
const EXCHANGES: usize = 10;

/// Runs before the scripts of every page: notes what jumps, from where and to where.
const WATCH: &str = "window.tendonJumps = [];
const place = (r) => `${r.x},${r.y} ${r.width}x${r.height}`;
const moved = ({ node, previousRect, currentRect }) =>
  `${place(previousRect)} to ${place(currentRect)}: ${(node?.outerHTML ?? '').slice(0, 160)}`;
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries())
    window.tendonJumps.push({ value, moved: sources.map(moved) });
}).observe({ type: 'layout-shift', buffered: true });";

/// Answers once two pictures have been painted.
const PAINTED: &str = "requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";

/// One browser window.
pub struct Tab {
    client: Client,
}

/// What the browser noted since it was last asked.
#[derive(Debug, Default)]
pub struct Notes {
    /// Errors and warnings of the console, with violations of the page's policy.
    pub complaints: Vec<String>,
    /// Every address that was asked for.
    pub asked: Vec<Url>,
    /// Bytes that came over the wire, with their headers.
    pub weight: u64,
}

impl Tab {
    pub(super) async fn new(client: Client, axe: &str) -> Self {
        let tab = Self { client };
        tab.devtools("Network.enable", json!({})).await;
        // Every load is the first one.
        let none = json!({ "cacheDisabled": true });
        tab.devtools("Network.setCacheDisabled", none).await;
        for source in [WATCH, axe] {
            let early = "Page.addScriptToEvaluateOnNewDocument";
            tab.devtools(early, json!({ "source": source })).await;
        }
        tab.screen(DESKTOP, false).await;
        tab
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client
            .issue_cmd(DevTools(command, parameters))
            .await
            .unwrap()
    }

    /// Sets the size of the screen, and light or dark, and waits until the page that
    /// is open is painted on it: what is opened next would jump when that comes late.
    pub async fn screen(&self, (width, height): (u32, u32), dark: bool) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            // What fades in has no contrast until it is there.
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
        self.ask_later(PAINTED).await;
    }

    /// Turns the scripts of all pages off.
    pub async fn without_scripts(&self) {
        let off = json!({ "value": true });
        self.devtools("Emulation.setScriptExecutionDisabled", off)
            .await;
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Returns the path, query and fragment of the page.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        let after_host = &url[url::Position::BeforePath..];
        after_host.to_owned()
    }

    /// Runs a script of the test's in the page.
    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// Runs one that answers later, by calling `done`.
    pub async fn ask_later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1];\n{script}");
        self.client.execute_async(&script, vec![]).await.unwrap()
    }

    /// Waits for an element.
    #[track_caller]
    pub fn sees(&self, css: &str) -> impl Future<Output = Element> {
        let caller = std::panic::Location::caller();
        async move {
            let wait = self.client.wait().at_most(PATIENCE);
            match wait.for_element(Locator::Css(css)).await {
                Ok(element) => element,
                Err(error) => panic!("{caller}: no {css} on {}: {error}", self.path().await),
            }
        }
    }

    /// Waits until a script of the test's answers with a truth.
    #[track_caller]
    pub fn until(&self, script: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            if !self.comes_true(script).await {
                let (path, text) = (self.path().await, self.text("body").await);
                panic!("{caller}: never {script} on {path}\n{text}");
            }
        }
    }

    /// Waits until an element holds these words.
    #[track_caller]
    pub fn says(&self, css: &str, words: &str) -> impl Future<Output = ()> {
        let (css, words) = (json!(css), json!(words));
        let script = format!(
            "return [...document.querySelectorAll({css})].some((e) => e.textContent.includes({words}))"
        );
        let caller = std::panic::Location::caller();
        async move {
            if !self.comes_true(&script).await {
                let (path, text) = (self.path().await, self.text("body").await);
                panic!("{caller}: {css} never says {words} on {path}\n{text}");
            }
        }
    }

    /// Asks again and again, as nothing tells a test that a page has changed. While
    /// one page gives way to the next there is no answer, which is not yet one.
    async fn comes_true(&self, script: &str) -> bool {
        let asking = async {
            let mut often = tokio::time::interval(Duration::from_millis(40));
            loop {
                often.tick().await;
                if let Ok(Value::Bool(true)) = self.client.execute(script, vec![]).await {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.is_ok()
    }

    /// Returns the text of the first such element; empty where there is none.
    pub async fn text(&self, css: &str) -> String {
        let script = format!(
            "return document.querySelector({})?.innerText ?? ''",
            json!(css)
        );
        self.ask(&script).await.as_str().unwrap().to_owned()
    }

    /// Returns how many such elements the page has.
    pub async fn count(&self, css: &str) -> u64 {
        let script = format!("return document.querySelectorAll({}).length", json!(css));
        self.ask(&script).await.as_u64().unwrap()
    }

    /// Clicks an element; where the page exchanges it at that moment, nothing was
    /// clicked, and the one that took its place is.
    #[track_caller]
    pub fn click(&self, css: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            for _ in 0..EXCHANGES {
                match self.sees(css).await.click().await {
                    Ok(()) => return,
                    Err(error) if error.is_stale_element_reference() => {}
                    Err(error) => panic!("{caller}: clicking {css}: {error}"),
                }
            }
            panic!("{caller}: {css} never stands still");
        }
    }

    /// Replaces what stands in a field.
    #[track_caller]
    pub fn fill(&self, css: &str, text: &str) -> impl Future<Output = ()> {
        let seen = self.sees(css);
        async move {
            let field = seen.await;
            field.clear().await.unwrap();
            field.send_keys(text).await.unwrap();
        }
    }

    /// Sets a field that a keyboard of another country would fill differently.
    pub async fn set(&self, css: &str, value: &str) {
        self.sees(css).await;
        let script = format!(
            "document.querySelector({}).value = {}",
            json!(css),
            json!(value)
        );
        self.ask(&script).await;
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys.chars() {
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Marks the page, so that a reload can be told from a swap.
    pub async fn mark(&self) {
        self.ask("window.tendonMark = true").await;
    }

    /// Tells whether it is still the page that was marked.
    pub async fn is_marked(&self) -> bool {
        self.ask("return window.tendonMark === true").await == json!(true)
    }

    /// Fetches an address with the cookies of this browser: status, type and text.
    pub async fn fetch(&self, path: &str) -> (u64, String, String) {
        let script = format!(
            "fetch({}).then(async (r) => done([r.status, r.headers.get('content-type'), await r.text()]))",
            json!(path)
        );
        let answer = self.ask_later(&script).await;
        let text = |n: usize| answer[n].as_str().unwrap_or_default().to_owned();
        (answer[0].as_u64().unwrap(), text(1), text(2))
    }

    /// Returns what the browser noted since it was last asked.
    pub async fn notes(&self) -> Notes {
        let mut notes = Notes::default();
        for entry in self.log("browser").await {
            notes.complaints.push(entry["message"].to_string());
        }
        let mut sizes: HashMap<String, u64> = HashMap::new();
        for entry in self.log("performance").await {
            let text = entry["message"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(text).unwrap();
            let (method, parameters) = (&event["message"]["method"], &event["message"]["params"]);
            let request = || {
                parameters["requestId"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            match method.as_str() {
                Some("Network.requestWillBeSent") => {
                    let address = parameters["request"]["url"].as_str().unwrap_or_default();
                    notes.asked.push(address.parse().unwrap());
                }
                Some("Network.loadingFinished") => {
                    let size = parameters["encodedDataLength"].as_f64().unwrap_or_default();
                    sizes.insert(request(), whole(size));
                }
                _ => {}
            }
        }
        notes.weight = sizes.values().sum();
        notes
    }

    async fn log(&self, name: &'static str) -> Vec<Value> {
        match self.client.issue_cmd(Log(name)).await.unwrap() {
            Value::Array(entries) => entries,
            other => panic!("{other}"),
        }
    }

    /// Presses Tab so many times, as the system does.
    pub async fn tab_on(&self, times: usize) {
        for _ in 0..times {
            for kind in ["rawKeyDown", "keyUp"] {
                let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
                self.devtools("Input.dispatchKeyEvent", key).await;
            }
        }
    }
}

/// DevTools counts bytes in numbers of JavaScript.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size in bytes, far from any limit"
)]
fn whole(size: f64) -> u64 {
    size as u64
}
