//! Debian's Chromium behind chromedriver: for tests of pages, and for pictures.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test whose browser cannot be started must stop and say why"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use url::{ParseError, Url};

/// A driver with its browsers. All of them end with it.
#[derive(Debug)]
pub struct Chromium {
    driver: Child,
    port: u16,
    profiles: PathBuf,
    sessions: Mutex<Vec<String>>,
}

/// A command of the DevTools protocol, which chromedriver passes on.
#[derive(Debug)]
pub struct DevTools(pub &'static str, pub Value);

/// A log of the driver, such as `browser`. It forgets what it has told.
#[derive(Debug)]
pub struct Log(pub &'static str);

static STARTED: AtomicU32 = AtomicU32::new(0);

impl Chromium {
    /// Starts the driver, or names the program that is missing.
    ///
    /// # Panics
    /// Where the driver is there and does not start.
    pub fn start() -> Result<Self, &'static str> {
        for program in ["chromium", "chromedriver"] {
            if !is_on_the_path(program) {
                return Err(program);
            }
        }
        let (own, nth) = (std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let profiles = std::env::temp_dir().join(format!("tendon-browser-{own}-{nth}"));
        std::fs::create_dir_all(&profiles).unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = port_of(&mut driver);
        Ok(Self {
            driver,
            port,
            profiles,
            sessions: Mutex::default(),
        })
    }

    /// Opens a browser with an empty profile: nobody is signed in.
    ///
    /// # Panics
    /// Where it does not open.
    pub async fn open(&self) -> Client {
        let nth = self.sessions.lock().unwrap().len();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&self.profiles.join(nth.to_string())))
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .unwrap_or_else(|error| panic!("the browser does not open: {error}"));
        let session = client.session_id().await.unwrap().unwrap();
        self.sessions.lock().unwrap().push(session);
        client
    }
}

/// Ends the browsers too: a driver that is killed leaves its own running.
impl Drop for Chromium {
    fn drop(&mut self) {
        for session in self.sessions.lock().unwrap().drain(..) {
            // A test that failed must not fail again here.
            let _ = end(self.port, &session);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profiles);
    }
}

fn end(port: u16, session: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    )?;
    // The driver answers once the browser is gone, and keeps the line open.
    stream.read(&mut [0; 64]).map(drop)
}

fn is_on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Reads on which port the driver listens; it chooses a free one itself.
fn port_of(driver: &mut Child) -> u16 {
    let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
    let line = said
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("started successfully on port"))
        .expect("the driver says where it listens");
    // What it says later is read, or it would wait to be.
    std::thread::spawn(move || said.for_each(drop));
    let digits = line.trim_end_matches('.').rsplit(' ').next().unwrap();
    digits.parse().unwrap()
}

fn capabilities(profile: &Path) -> Map<String, Value> {
    let options = json!({ "args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        format!("--user-data-dir={}", profile.display()),
    ] });
    let logs = json!({ "browser": "ALL", "performance": "ALL" });
    Map::from_iter([
        ("goog:chromeOptions".to_owned(), options),
        ("goog:loggingPrefs".to_owned(), logs),
    ])
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (hyper::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (hyper::Method::POST, Some(body.to_string()))
    }
}

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/se/log"))
    }

    fn method_and_body(&self, _: &Url) -> (hyper::Method, Option<String>) {
        let body = json!({ "type": self.0 });
        (hyper::Method::POST, Some(body.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_the_browser_s_own_are_addressed_to_the_session() {
        let base = Url::parse("http://127.0.0.1:9/").unwrap();
        let command = DevTools("Page.enable", json!({ "a": 1 }));
        let to = command.endpoint(&base, Some("s1")).unwrap();
        assert_eq!(to.path(), "/session/s1/goog/cdp/execute");
        let (method, body) = command.method_and_body(&to);
        assert_eq!(method, hyper::Method::POST);
        assert_eq!(body.unwrap(), r#"{"cmd":"Page.enable","params":{"a":1}}"#);
        let log = Log("browser").endpoint(&base, Some("s1")).unwrap();
        assert_eq!(log.path(), "/session/s1/se/log");
    }

    #[test]
    fn a_profile_is_the_test_s_own() {
        let wanted = capabilities(Path::new("/tmp/one"));
        let arguments = wanted["goog:chromeOptions"]["args"].as_array().unwrap();
        assert!(arguments.contains(&json!("--user-data-dir=/tmp/one")));
    }
}
