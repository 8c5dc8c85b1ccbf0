//! From the token in a cookie to who is signed in.

use tendon_care::access::Access;
use tendon_desk::SessionInfo;

use super::App;
use super::refusal::Refusal;

/// Finds who a session's token belongs to; `wakes` tells whether this is a use
/// of it, which keeps it from running out.
pub(crate) async fn authenticate(
    app: &App,
    token: &str,
    wakes: bool,
) -> Result<Option<(Access, SessionInfo)>, Refusal> {
    Ok(if wakes {
        app.desk().authenticate(token).await?
    } else {
        app.desk().authenticate_asleep(token).await?
    })
}

/// Tells whether a session still stands. Nobody uses it by that.
pub(crate) async fn stands(app: &App, token: &str) -> bool {
    matches!(app.desk().authenticate_asleep(token).await, Ok(Some(_)))
}
