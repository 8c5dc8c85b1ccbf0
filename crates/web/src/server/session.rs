//! Who is signed in: from the cookie to what a handler is given.
//!
//! One layer stands before every staff page. It finds the session, asks the table
//! of [`route`] whether the role may go there, and holds a form to its token;
//! only then is the handler called, so that none of them can forget any of it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use tendon_care::access::{Access, Permission, Role};
use tendon_care::id::{PatientId, UserId};
use tendon_care::task::TaskKind;
use tendon_store::Reader;

use super::App;
use super::cookie::Cookie;
use super::forgery::{self, Seal};
use super::look;
use super::looks::Look as Looked;
use super::refusal::Refusal;
use super::route::{self, Need};
use super::said::{self, Said};
use crate::pages::frame::{Frame, Look, Section};
use crate::pages::urls::at;

/// A request that a page makes by itself, because something changed: it shows
/// what is shown already, and does not keep a session awake.
pub(crate) const LIVE: HeaderName = HeaderName::from_static("tendon-live");

/// Counts on the frame stop here: nobody works off a hundred rows by number.
const MOST_COUNTED: u16 = 100;

/// A signed-in member of staff, as a handler is given one.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    access: Access,
    user: UserId,
    name: String,
    role: Role,
    seal: Seal,
    look: Look,
    here: String,
    said: Option<Said>,
    live: bool,
}

impl Staff {
    /// Returns who asks, for reading and for use cases.
    pub(crate) fn access(&self) -> &Access {
        &self.inner.access
    }

    /// Returns who it is.
    pub(crate) fn user(&self) -> UserId {
        self.inner.user
    }

    /// Returns the theme and density of this browser.
    pub(crate) fn look(&self) -> Look {
        self.inner.look
    }

    /// Tells whether the role holds a permission.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.inner.role.may(permission)
    }

    /// Returns a handle for reading.
    pub(crate) fn reader<'a>(&'a self, app: &'a App) -> Reader<'a> {
        app.desk().db().reader(&self.inner.access)
    }

    /// Records that a person's data is shown. A page that reloads itself, and nothing
    /// but the same page, shows what was recorded a moment ago, and is not recorded
    /// again for a while.
    pub(crate) async fn looked_at(
        &self,
        app: &App,
        entity: &'static str,
        patient: Option<PatientId>,
    ) -> Result<(), Refusal> {
        let now = app.desk().now();
        let look = Looked {
            user: self.inner.user,
            entity,
            patient,
            page: self.inner.here.clone(),
        };
        if self.inner.live && app.looks().is_fresh(&look, now) {
            return Ok(());
        }
        self.reader(app).looked_at(now, entity, patient, "").await?;
        app.looks().keep(look, now);
        Ok(())
    }

    /// Makes what surrounds a page.
    pub(crate) async fn frame(&self, app: &App, section: Section) -> Result<Frame, Refusal> {
        let inner = &self.inner;
        let reader = self.reader(app);
        let house = app.desk().house(inner.access.practice).await?;
        let tasks = if self.may(Permission::ReadToday) {
            reader.tasks_open(MOST_COUNTED).await?
        } else {
            vec![]
        };
        let inbox = if self.may(Permission::ReadMessages) {
            reader.threads_waiting(MOST_COUNTED).await?.len()
        } else {
            0
        };
        Ok(Frame {
            practice: house.practice.name.clone(),
            user: inner.name.clone(),
            role: inner.role,
            section,
            today: small(tasks.len()),
            inbox: small(inbox),
            red_flag: tasks.iter().any(|task| task.kind == TaskKind::RedFlag),
            sandbox: app.surface().sandbox,
            banners: vec![],
            flash: inner.said.map(Said::flash),
            look: inner.look,
            csrf: inner.seal.field(),
            here: inner.here.clone(),
        })
    }
}

/// Narrows a length for a page.
pub(crate) fn small(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // A place that the guard does not stand before is not served.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Refusal::NotFound)
    }
}

/// Stands before every staff page.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    // A body cannot be looked at from two threads, so it waits aside.
    let (parts, body) = request.into_parts();
    let staff = match identify(&app, &parts).await {
        Ok(staff) => staff,
        Err(refusal) => return refusal.into_response(),
    };
    request = Request::from_parts(parts, body);
    let pattern = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let pattern = pattern.unwrap_or_default();
    match route::need(&pattern) {
        Some(Need::SignedIn) => {}
        Some(Need::May(permission)) if staff.access().require(permission).is_ok() => {}
        // Everybody's first address; a role that has no Today begins elsewhere.
        Some(Need::May(_)) if pattern == at::Today => {
            return Redirect::to(&route::home(staff.inner.role).to_string()).into_response();
        }
        Some(Need::May(_)) => return Refusal::Forbidden.into_response(),
        None => return Refusal::NotFound.into_response(),
    }
    match forgery::check(request, &staff.inner.seal).await {
        Ok(checked) => request = checked,
        Err(refusal) => return refusal.into_response(),
    }
    request.extensions_mut().insert(staff);
    next.run(request).await
}

/// Returns the address to come back to: the page itself, where it is one.
fn here(parts: &Parts) -> String {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if parts.method == Method::GET {
        path
    } else {
        parts.uri.path()
    };
    said::without(path)
}

/// Finds the session of a request.
async fn identify(app: &App, parts: &Parts) -> Result<Staff, Refusal> {
    let secure = app.surface().secure;
    let here = here(parts);
    let token = Cookie::Session.read(&parts.headers, secure);
    let away = |idle| Refusal::SignIn {
        to: if parts.method == Method::GET && here != "/" {
            here.clone()
        } else {
            String::new()
        },
        idle,
    };
    let look = look::of(&parts.headers, secure);
    let live = parts.method == Method::GET && parts.headers.contains_key(LIVE);
    let query = parts.uri.query().unwrap_or_default();
    let said = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "did");
    let said = said.and_then(|(_, code)| Said::from_code(&code));
    let Some(token) = token else {
        return Err(away(false));
    };
    let Some((access, who)) = super::sign::authenticate(app, token, !live).await? else {
        return Err(away(true));
    };
    if !who.has_codes && app.surface().second_factor {
        return Err(Refusal::Enrol);
    }
    Ok(Staff {
        inner: Arc::new(Inner {
            access,
            user: who.user,
            name: who.name,
            role: who.role,
            seal: Seal::of(token),
            look,
            here,
            said,
            live,
        }),
    })
}
