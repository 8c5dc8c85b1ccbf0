//! Audit: the trail page by page, as a file, and whether its chain holds.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use tendon_care::access::{Access, Role};
use tendon_care::id::Id as _;
use tendon_store::{
    Action, AuditAbout, AuditEntry, AuditFilter, AuditLine as Line, Commit, StoreError,
};

use super::view::{View, spaced};
use crate::pages::audit::{ActKind, Audit, AuditLine, Chain, Filter};
use crate::pages::frame::{Section, role_words};
use crate::pages::parts::{Pager, dotted};
use crate::pages::urls::{Link, Url};
use crate::server::App;
use crate::server::page::Page;
use crate::server::plain::Query;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;

/// Entries on one page.
const SHOWN: u16 = 100;

/// Entries of a file that are read at once.
const AT_ONCE: u16 = 1_000;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    before: String,
}

impl Asked {
    fn filter(self) -> Filter {
        let day = |text: &str| {
            text.parse::<Date>()
                .map(|day| day.to_string())
                .unwrap_or_default()
        };
        Filter {
            from: day(&self.from),
            to: day(&self.to),
            act: ActKind::ALL
                .into_iter()
                .find(|act| act.code() == self.act)
                .map_or("", ActKind::code)
                .to_owned(),
            actor: self.actor.chars().take(64).collect(),
            about: self.about.trim().chars().take(64).collect(),
        }
    }
}

/// Shows the trail.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Page<Audit>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let before = asked.before.parse::<i64>().ok();
    let filter = asked.filter();
    let names = names(&app, &staff).await?;
    let lines = match wanted(&filter, &view) {
        None => Vec::new(),
        Some(wanted) => {
            let page = AuditFilter {
                before,
                limit: SHOWN,
                ..wanted
            };
            staff.reader(&app).audit_page(&page).await?
        }
    };
    staff.looked_at(&app, "audit", None).await?;
    let older = lines
        .last()
        .filter(|_| lines.len() == usize::from(SHOWN))
        .map(|last| link(&filter).with("before", &last.seq.to_string()));
    Ok(Page(Audit {
        frame: staff.frame(&app, Section::Audit).await?,
        chain: chain(&app, &staff, &view).await?,
        actors: actors(&names),
        lines: lines.iter().map(|line| row(line, &view, &names)).collect(),
        pager: Pager {
            newer: before.map(|_| link(&filter)),
            older,
        },
        filter,
    }))
}

/// Sends the trail as a file, whole: as far as it has grown by now. The export is an
/// entry itself.
pub(crate) async fn export(
    State(app): State<App>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let view = View::of(&app, &staff).await?;
    let wanted = wanted(&asked.filter(), &view);
    let practice = staff.access().practice;
    let length = app.desk().db().audit_length(practice).await?;
    let mut commit = Commit::new(staff.access());
    let entry = AuditEntry::new(
        staff.access(),
        view.instant(),
        Action::Execute,
        "audit_export",
    );
    commit.audit(entry.with(format!("up to entry {length}")));
    app.desk()
        .db()
        .commit(commit)
        .await
        .map_err(tendon_desk::DeskError::from)?;
    let next = wanted.map(|wanted| AuditFilter {
        before: Some(length + 1),
        limit: AT_ONCE,
        ..wanted
    });
    let head = stream::iter([Ok(HEAD.to_owned())]);
    let lines = lines(app, staff.access().clone(), next);
    let name = format!("attachment; filename=\"audit-{}.csv\"", view.now.date());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    let body = Body::from_stream(head.chain(lines));
    Ok((headers, body).into_response())
}

/// Reads the entries of a file piece by piece: a trail may be longer than memory.
fn lines(
    app: App,
    access: Access,
    first: Option<AuditFilter>,
) -> impl Stream<Item = Result<String, StoreError>> {
    stream::try_unfold(first, move |next| {
        let (app, access) = (app.clone(), access.clone());
        async move {
            let Some(filter) = next else { return Ok(None) };
            let lines = app.desk().db().reader(&access).audit_page(&filter).await?;
            let full = lines.len() == usize::from(filter.limit);
            let next = lines.last().filter(|_| full).map(|last| AuditFilter {
                before: Some(last.seq),
                ..filter
            });
            Ok(Some((csv(&lines), next)))
        }
    })
}

/// The first line of a file.
const HEAD: &str = "number,at,actor,role,action,entity,entity_id,patient,purpose,detail\r\n";

/// Writes entries as RFC 4180 asks.
fn csv(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        let fields = [
            line.seq.to_string(),
            line.at.to_string(),
            line.actor.clone(),
            line.role.clone(),
            line.action.clone(),
            line.entity.clone(),
            line.entity_id.map(|id| id.to_string()).unwrap_or_default(),
            line.patient.map(|id| id.to_string()).unwrap_or_default(),
            line.purpose.clone(),
            line.detail.clone(),
        ];
        out.push_str(&fields.map(|field| cell(&field)).join(","));
        out.push_str("\r\n");
    }
    out
}

/// Quotes a cell, and keeps a spreadsheet from reading it as a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Returns what the filter asks of the store; `None` where its id is no id, which
/// nothing matches. Days are whole days of the practice's zone.
fn wanted(filter: &Filter, view: &View) -> Option<AuditFilter> {
    let about = match filter.about.as_str() {
        "" => AuditAbout::Anything,
        text => AuditAbout::parse(text)?,
    };
    let day = |text: &str| text.parse::<Date>().ok();
    Some(AuditFilter {
        action: filter.act.clone(),
        actor: filter.actor.clone(),
        about,
        from: day(&filter.from).map(|day| view.start_of(day)),
        until: day(&filter.to).map(|day| view.start_of(day.saturating_add(1.day()))),
        ..AuditFilter::default()
    })
}

async fn chain(app: &App, staff: &Staff, view: &View) -> Result<Chain, Refusal> {
    let practice = staff.access().practice;
    let verified = app
        .trail()
        .verified(app.desk().db(), practice, view.instant())
        .await?;
    let Some((at, verified)) = verified else {
        return Ok(Chain::Checking);
    };
    Ok(match verified {
        Ok(entries) => Chain::Verified {
            entries,
            at: view.at(at),
        },
        Err(broken) => Chain::Broken {
            entry: u64::try_from(broken.seq).unwrap_or(0),
        },
    })
}

async fn names(app: &App, staff: &Staff) -> Result<HashMap<String, String>, Refusal> {
    let users = super::view::staff_names(app, staff).await?;
    let mut names: HashMap<String, String> = users
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    for token in staff.reader(app).tokens().await? {
        names.insert(token.id.to_string(), format!("token {}", token.name));
    }
    Ok(names)
}

fn actors(names: &HashMap<String, String>) -> Vec<(String, String)> {
    let mut actors: Vec<(String, String)> = names
        .iter()
        .map(|(id, name)| (id.clone(), name.clone()))
        .collect();
    actors.sort_by(|one, other| one.1.cmp(&other.1).then_with(|| one.0.cmp(&other.0)));
    actors
}

fn link(filter: &Filter) -> Link {
    Url::Audit
        .with("actor", &filter.actor)
        .with("act", &filter.act)
        .with("about", &filter.about)
        .with("from", &filter.from)
        .with("to", &filter.to)
}

/// Returns the id of the thing, as pages and addresses write it.
fn thing(line: &Line) -> Option<String> {
    let id = line.entity_id?;
    macro_rules! written {
        ($($entity:pat => $kind:ident),* $(,)?) => {
            match line.entity.as_str() {
                $($entity => tendon_care::id::$kind::from_uuid(id).to_string(),)*
                _ => id.simple().to_string(),
            }
        };
    }
    Some(written! {
        "appointment" => AppointmentId,
        "message" => MessageId,
        "task" => TaskId,
        "user" => UserId,
        "token" => TokenId,
        "location" => LocationId,
        "clinician" => ClinicianId,
        "practice" => PracticeId,
        "consent" => ConsentId,
        "conversation" | "thread" => ConversationId,
        "sign_in" | "sign_out" | "session" => SessionId,
        "patient" | "chart" => PatientId,
    })
}

fn row(line: &Line, view: &View, names: &HashMap<String, String>) -> AuditLine {
    let role = Role::from_code(&line.role)
        .map_or_else(|| line.role.clone(), |role| role_words(role).to_owned());
    let actor = match names.get(&line.actor) {
        Some(name) => dotted([name.as_str(), &role]),
        None if line.actor.starts_with("pat_") => "the patient".to_owned(),
        None => line.actor.clone(),
    };
    let about = line
        .patient
        .map(|patient| patient.to_string())
        .or_else(|| thing(line));
    AuditLine {
        number: u64::try_from(line.seq).unwrap_or(0),
        at: view.at(line.at),
        actor,
        act: ActKind::ALL
            .into_iter()
            .find(|act| act.code() == line.action)
            .unwrap_or(ActKind::Execute),
        what: dotted([spaced(&line.entity), line.detail.clone()]),
        about: about.map(|id| (short(&id), Url::Audit.with("about", &id))),
        purpose: purpose(&line.purpose),
        refused: line.detail.starts_with("refused"),
    }
}

/// Shortens an id so that it can still be told from others.
fn short(id: &str) -> String {
    match (id.get(..8), id.get(id.len().saturating_sub(6)..)) {
        (Some(head), Some(tail)) if id.len() > 16 => format!("{head}…{tail}"),
        _ => id.to_owned(),
    }
}

fn purpose(code: &str) -> &'static str {
    match code {
        "TREAT" => "treatment",
        "HPAYMT" => "payment",
        "PATRQT" => "patient’s request",
        _ => "operations",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("=cmd()"), "'=cmd()");
        assert_eq!(cell("-1,2"), "\"'-1,2\"");
    }

    #[test]
    fn an_id_keeps_its_kind_and_its_end() {
        assert_eq!(
            short("pat_0190c2f8a7b87d3e9c1a2b3c4d5e6f70"),
            "pat_0190…5e6f70"
        );
        assert_eq!(short("import"), "import");
    }
}
