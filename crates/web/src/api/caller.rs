//! Who calls, whether they may, and how often.

use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tendon_care::access::{Access, Permission};
use tendon_care::id::TokenId;
use tendon_desk::Desk;

use super::problem::{Kind, Problem};
use crate::server::App;

/// Requests that a token may make each second, over time.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// Requests that a token may make at once.
pub(crate) const BURST: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// What stands at the door of the API.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: App,
    limits: Arc<Limits>,
}

/// One bucket a token. Only tokens that exist get one, so guessing fills no memory.
type Limits = RateLimiter<TokenId, DashMapStateStore<TokenId>, DeskClock, NoOpMiddleware<Duration>>;

/// The one clock of the process, as the limiter wants it.
#[derive(Clone, Debug)]
struct DeskClock(Desk);

impl Clock for DeskClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::try_from(self.0.now().as_duration()).unwrap_or_default()
    }
}

impl Door {
    pub(crate) fn new(app: App) -> Self {
        let quota = Quota::per_second(PER_SECOND).allow_burst(BURST);
        let clock = DeskClock(app.desk().clone());
        let limits = RateLimiter::new(quota, DashMapStateStore::default(), clock);
        Self {
            app,
            limits: Arc::new(limits),
        }
    }

    /// Lets a token pass, or says in how many seconds it may come again.
    fn count(&self, token: TokenId) -> Result<(), Problem> {
        self.limits.check_key(&token).map_err(|until| {
            let wait = until.wait_time_from(DeskClock(self.app.desk().clone()).now());
            let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Problem::new(Kind::TooManyRequests).retry_after_secs(secs.max(1))
        })
    }
}

/// Finds out who calls before anything else happens.
pub(crate) async fn admit(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let token = bearer(request.headers()).map(str::to_owned);
    match caller(&door, token.as_deref()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Returns what stands after `Bearer` in the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = given.next()?.to_str().ok()?.split_once(' ')?;
    (given.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}

/// A bearer token that exists, with its access.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) token: TokenId,
    pub(crate) access: Access,
}

async fn caller(door: &Door, token: Option<&str>) -> Result<Caller, Problem> {
    let token = token.ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
    // A token that was revoked and one that never was look the same from outside.
    let found = door.app.desk().authenticate_bearer(token).await?;
    let (access, bearer) = found.ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
    door.count(bearer.id)?;
    Ok(Caller {
        token: bearer.id,
        access,
    })
}

/// A permission as a type, so that a handler cannot be reached without it.
pub(crate) trait Needs {
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),* $(,)?) => {$(
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Needs for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

needs!(
    ReadPatients,
    ReadChart,
    EditPatient,
    EditVisits,
    ReadMessages,
    WriteMessages,
    WorkTasks,
);

/// Somebody who holds the permission. Comes first among a handler's arguments:
/// who may not do a thing does not learn what is wrong with their request.
pub(crate) struct May<N> {
    caller: Caller,
    needs: PhantomData<N>,
}

impl<N> std::ops::Deref for May<N> {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.caller.access
    }
}

impl<N: Needs, S: Send + Sync> FromRequestParts<S> for May<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
        caller.access.require(N::PERMISSION)?;
        Ok(Self {
            caller,
            needs: PhantomData,
        })
    }
}
