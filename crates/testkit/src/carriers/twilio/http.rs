//! The two endpoints: make a message, list messages.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::super::habits::{Manner, Mood};
use super::{Accepted, Fault, Shared, Then};

/// The most that one request may hold.
const MAX_REQUEST_BYTES: usize = 1 << 20;

type Answer = Response<Full<Bytes>>;

/// Ends a connection without an answer: hyper closes it on any error.
#[derive(Debug)]
struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hanging up as told")
    }
}

impl std::error::Error for HangUp {}

/// Takes connections until it is dropped, and they with it.
pub(super) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&shared), request));
            // A connection that ends badly was told to, or its caller was killed.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, HangUp> {
    let list = format!(
        "/2010-04-01/Accounts/{}/Messages.json",
        shared.options.account_sid
    );
    if !may_enter(&shared, &request) {
        return Ok(refusal(&shared, 401, 20003));
    }
    if request.uri().path() != list {
        return Ok(refusal(&shared, 404, 20404));
    }
    match *request.method() {
        Method::GET => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            Ok(list_messages(&shared, &list, &query))
        }
        Method::POST => {
            let body = Limited::new(request.into_body(), MAX_REQUEST_BYTES);
            let body = body.collect().await.map_err(|_| HangUp)?.to_bytes();
            make_message(&shared, &body).await
        }
        _ => Ok(refusal(&shared, 405, 20004)),
    }
}

fn may_enter(shared: &Shared, request: &Request<Incoming>) -> bool {
    let expected = format!(
        "{}:{}",
        shared.options.account_sid, shared.options.auth_token
    );
    request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .is_some_and(|given| given == STANDARD.encode(expected))
}

async fn make_message(shared: &Arc<Shared>, body: &[u8]) -> Result<Answer, HangUp> {
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let (fault, mood) = shared.state().next();
    if let Err(code) = complete(&form) {
        return Ok(refusal(shared, 400, code));
    }
    // The real service goes on with a request whose caller is gone.
    let taking = tokio::spawn(take_in_time(Arc::clone(shared), form, fault.taken, mood));
    let made = taking.await.map_err(|_| HangUp)?;
    tokio::time::sleep(mood.after).await;
    match fault.then {
        Then::Answer => Ok(made.map_or_else(
            || refusal(shared, 500, 20500),
            |made| reply(shared, 201, resource(&made).to_string()),
        )),
        Then::Refuse { status, code } => Ok(refusal(shared, status, code)),
        Then::Bare { status } => Ok(reply(shared, status, String::new())),
        Then::Garble => Ok(reply(shared, 201, "<html>It worked!</html>".into())),
        Then::Hang => std::future::pending().await,
        Then::Close => Err(HangUp),
    }
}

impl super::State {
    /// Counts a request; what was scripted for it goes before the habits.
    fn next(&mut self) -> (Fault, Mood) {
        self.requests += 1;
        if let Some(fault) = self.faults.pop_front() {
            return (fault, Mood::default());
        }
        let mood = self.temper.mood();
        let fault = match mood.then {
            Manner::Kind => Fault::after(Then::Answer),
            Manner::Busy => Fault::before(Then::Refuse {
                status: 429,
                code: 20429,
            }),
            Manner::Silent => Fault::after(Then::Close),
        };
        (fault, mood)
    }
}

async fn take_in_time(
    shared: Arc<Shared>,
    form: HashMap<String, String>,
    taken: bool,
    mood: Mood,
) -> Option<Accepted> {
    tokio::time::sleep(mood.before).await;
    let (to, from, body) = complete(&form).ok().filter(|_| taken)?;
    Some(take(&shared, to, from, body, form.get("StatusCallback")))
}

/// Checks the fields as the real API does; returns its code for what lacks.
fn complete(form: &HashMap<String, String>) -> Result<(&String, &String, &String), u32> {
    let given = |name: &str| form.get(name).filter(|value| !value.is_empty());
    let to = given("To").ok_or(21604_u32)?;
    let from = given("From").or_else(|| given("MessagingServiceSid"));
    let body = given("Body").ok_or(21602_u32)?;
    if !to.starts_with('+') {
        return Err(21211);
    }
    Ok((to, from.ok_or(21603_u32)?, body))
}

fn take(
    shared: &Shared,
    to: &str,
    from: &str,
    body: &str,
    status_callback: Option<&String>,
) -> Accepted {
    let mut state = shared.state();
    state.asked.remove(to);
    let made = Accepted {
        sid: format!("SM{:032x}", state.total + 1),
        to: to.to_owned(),
        from: from.to_owned(),
        body: body.to_owned(),
        status_callback: status_callback.cloned(),
        at: shared.clock.now(),
        status: "queued".into(),
    };
    state.take(made.clone(), shared.options.keep);
    made
}

/// Lists newest first, by `To` and `From`, with `PageSize` and `Page`.
fn list_messages(shared: &Shared, path: &str, query: &str) -> Answer {
    let mut query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("PageSize")
        .unwrap_or(50)
        .clamp(1, shared.options.page_limit);
    let page = number("Page").unwrap_or(0);
    let wanted = |name: &str, value: &str| query.get(name).is_none_or(|wish| wish == value);

    let mut state = shared.state();
    if let Some(to) = query.get("To") {
        state.ask(to);
    }
    let mut rest = state
        .accepted
        .iter()
        .rev()
        .filter(|message| wanted("To", &message.to) && wanted("From", &message.from))
        .skip(page * size)
        .peekable();
    let messages: Vec<Value> = rest.by_ref().take(size).map(resource).collect();
    let next = rest.peek().is_some().then(|| {
        query.insert("Page".into(), (page + 1).to_string());
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&query)
            .finish();
        format!("{path}?{query}")
    });
    let body =
        json!({ "messages": messages, "page": page, "page_size": size, "next_page_uri": next });
    drop(state);
    reply(shared, 200, body.to_string())
}

fn resource(message: &Accepted) -> Value {
    json!({
        "sid": message.sid,
        "to": message.to,
        "from": message.from,
        "body": message.body,
        "direction": "outbound-api",
        "status": message.status,
        "error_code": null,
        "date_created": date(message.at),
        // The real API leaves it empty until the network has the message.
        "date_sent": null,
    })
}

fn refusal(shared: &Shared, status: u16, code: u32) -> Answer {
    let body = json!({ "code": code, "message": "Refused as told.", "status": status });
    reply(shared, status, body.to_string())
}

fn reply(shared: &Shared, status: u16, body: String) -> Answer {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json")
        .header(DATE, date(shared.clock.now()))
        .body(Full::new(Bytes::from(body)))
        .unwrap_or_default()
}

fn date(at: Timestamp) -> String {
    DateTimePrinter::new()
        .timestamp_to_string(&at)
        .unwrap_or_default()
}
