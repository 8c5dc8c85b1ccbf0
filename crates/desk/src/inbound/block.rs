//! What the carrier does by itself with a phone: it blocks it at a STOP and takes it
//! again at a START, and does not always say so.

use jiff::Timestamp;
use tendon_care::consent::{Act, Entry, Evidence, Extent, Ledger};
use tendon_care::contact::{Address, Standing};
use tendon_care::purpose::Purposes;
use tendon_store::Action;

use super::consent::{enter_for, owners};
use super::{Keyword, Spoken};
use crate::change::Change;

/// Writes the carrier's own act into the ledger: a block overrides every yes here,
/// and lifting it gives none.
pub(super) fn mirror(change: &mut Change<'_>, spoken: &Spoken<'_>) {
    match spoken.keyword {
        Some(Keyword::Stop) => enter(change, spoken, &Act::CarrierBlocked),
        Some(Keyword::Start) => tried_again(change, spoken),
        Some(Keyword::Help) | None => {}
    }
}

/// Takes a START for a lifted block, where the carrier does not say what it did with
/// the word: it let it through. One that blocks all the same says so to the next
/// message, and is believed again.
pub(super) fn lift(change: &mut Change<'_>, spoken: &Spoken<'_>, ledger: &Ledger) {
    let stands = change.chart.patient.contact_points.iter().any(|point| {
        point.address == spoken.inbound.from && matches!(point.standing, Standing::Blocked { .. })
    });
    let told = spoken.keyword == Some(Keyword::Start);
    if !told && (stands || is_blocked(ledger, &spoken.inbound.from)) {
        tried_again(change, spoken);
    }
}

/// Writes down that the carrier takes the address again.
fn tried_again(change: &mut Change<'_>, spoken: &Spoken<'_>) {
    enter(change, spoken, &Act::CarrierLifted);
    let blocked = change.chart.patient.contact_points.iter().any(|point| {
        point.address == spoken.inbound.from && matches!(point.standing, Standing::Blocked { .. })
    });
    if blocked {
        change.set_address_standing(&spoken.inbound.from, Standing::Unverified);
    }
}

/// Records what the carrier does, which is neither a yes nor a no of anybody.
fn enter(change: &mut Change<'_>, spoken: &Spoken<'_>, act: &Act) {
    let words = match act {
        Act::CarrierBlocked => "blocked by the carrier",
        _ => "taken again by the carrier",
    };
    for owner in owners(change, spoken) {
        enter_for(change, spoken, owner, act.clone());
        change.audit(Action::Create, "consent", words);
    }
}

/// Tells whether the last word from an address about all messages was a no, the
/// carrier's own included.
pub(super) fn is_stopped(ledger: &Ledger, address: &Address) -> bool {
    let all = |extent: Extent| match extent {
        Extent::Narrowed { purposes, .. } => purposes == Purposes::ALL,
        Extent::Unqualified { .. } | Extent::Everything => true,
    };
    let no = last(ledger, address, |entry| match entry.act {
        Act::Revoked { extent, .. } => {
            matches!(entry.evidence, Evidence::Message(_)) && all(extent)
        }
        Act::CarrierBlocked => true,
        _ => false,
    });
    let yes = last(ledger, address, |entry| match entry.act {
        Act::Granted { basis, .. } => basis.is_fresh_opt_in(),
        _ => false,
    });
    // At the same instant the no counts.
    no.is_some() && no >= yes
}

fn is_blocked(ledger: &Ledger, address: &Address) -> bool {
    let blocked = last(ledger, address, |entry| entry.act == Act::CarrierBlocked);
    let lifted = last(ledger, address, |entry| entry.act == Act::CarrierLifted);
    blocked.is_some() && blocked >= lifted
}

/// Returns when an entry of a kind was last made about an address.
fn last(ledger: &Ledger, address: &Address, kind: impl Fn(&Entry) -> bool) -> Option<Timestamp> {
    let entries = ledger.entries().into_iter();
    let meant = entries.filter(|entry| entry.address == *address && kind(entry));
    meant.map(|entry| entry.captured_at).max()
}
