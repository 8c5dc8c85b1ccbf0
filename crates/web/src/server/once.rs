//! Forms that write to a patient are done once, however often they are sent: by a
//! double click, or again because no answer came.
//!
//! A form carries a name of its own. What it asks for is kept under that name and its
//! words in the commit that does it ([`Once`] of the store), as the requests of a
//! program are under their `Idempotency-Key`. The same words from a page that was
//! loaded anew are another message, and so are other words from the same page.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tendon_care::id::{Id as _, TokenId};
use tendon_desk::{Desk, DeskError};
use tendon_store::Once;

use super::App;
use super::forgery::Fields;
use super::refusal::Refusal;
use super::session::Staff;
use crate::api::fingerprint;
use crate::pages::urls::Url;

/// The field that names a form.
const FIELD: &str = "once";

/// Names a form that is about to be shown.
pub(crate) fn name(app: &App) -> String {
    URL_SAFE_NO_PAD.encode(app.desk().mint().bytes::<16>())
}

/// Does what a form asks for; `None` where the same form has done it before.
pub(crate) async fn once<T>(
    app: &App,
    staff: &Staff,
    at: &Url,
    fields: &Fields,
    act: impl AsyncFnOnce(&Desk) -> Result<T, DeskError>,
) -> Result<Option<T>, Refusal> {
    let Some(name) = fields.get(FIELD).filter(|name| !name.is_empty()) else {
        return Ok(Some(act(app.desk()).await?));
    };
    let words = fields.get("words").unwrap_or_default();
    let hash = fingerprint(name, &at.to_string(), words.as_bytes());
    let key = URL_SAFE_NO_PAD.encode(&hash);
    // What a member of staff sends is kept under their own id, as what a program
    // sends is under its token's.
    let sender = TokenId::from_uuid(staff.user().uuid());
    let reader = staff.reader(app);
    if reader.kept_answer(sender, &key).await?.is_some() {
        return Ok(None);
    }
    let once = Once::new(sender, key.as_str(), hash, app.desk().now());
    match act(&app.desk().once(Arc::new(once))).await {
        Ok(done) => Ok(Some(done)),
        // The other click may have been faster.
        Err(error) => match reader.kept_answer(sender, &key).await? {
            Some(_) => Ok(None),
            None => Err(error.into()),
        },
    }
}
