//! What a no that was said in one record means for another record with the address.

use super::{Act, Entry, Evidence, Extent, Ledger, ScopeMode, same};
use crate::contact::{Address, Owner};
use crate::purpose::{Purpose, Purposes};

impl Ledger {
    /// Adds the noes that another record of the practice holds about an address that
    /// this `person` has as well, and that have not been lifted there.
    ///
    /// A number that comes again on a new record lifts nothing, whoever the record is
    /// about; a fresh opt-in of this person does. They count at this address only. What
    /// was written from the address itself was heard for everybody who had it; what one
    /// person told staff, or chose on a page, takes nothing from another who had agreed
    /// before.
    ///
    /// *Shape*: `said` is all that one other record says of one address, oldest first.
    pub fn heed(&mut self, person: Owner, said: &[Entry]) {
        for no in said {
            let Act::Revoked { extent, via } = no.act else {
                continue;
            };
            let purposes = covered(extent)
                .iter()
                .filter(|purpose| !is_lifted(no, *purpose, said))
                .filter(|purpose| {
                    matches!(no.evidence, Evidence::Message(_))
                        || !self.agreed_before(no, person, *purpose)
                })
                .collect::<Purposes>();
            let channel = match extent {
                Extent::Narrowed { channel, .. } => channel,
                Extent::Unqualified { .. } | Extent::Everything => None,
            };
            if !purposes.is_empty() {
                let extent = Extent::Narrowed { purposes, channel };
                self.push(Entry {
                    person,
                    act: Act::Revoked { extent, via },
                    ..no.clone()
                });
            }
        }
    }

    /// Tells whether the person had said yes here, on their own account, before the no.
    fn agreed_before(&self, no: &Entry, person: Owner, purpose: Purpose) -> bool {
        self.entries().iter().any(|entry| {
            entry.person == person
                && entry.captured_at < no.captured_at
                && grants(entry, &no.address, purpose).is_some()
        })
    }
}

fn covered(extent: Extent) -> Purposes {
    match extent {
        Extent::Narrowed { purposes, .. } => purposes,
        Extent::Unqualified {
            topic: Some(topic),
            mode: ScopeMode::Category,
        } => Purposes::default().with(topic),
        Extent::Unqualified { .. } | Extent::Everything => Purposes::ALL,
    }
}

/// Tells whether who said no has opted in anew since.
fn is_lifted(no: &Entry, purpose: Purpose, said: &[Entry]) -> bool {
    said.iter().any(|entry| {
        entry.person == no.person
            && entry.captured_at > no.captured_at
            && grants(entry, &no.address, purpose) == Some(true)
    })
}

/// Returns whether a grant of the purpose at the address is a fresh opt-in; `None`
/// where it is no such grant.
fn grants(entry: &Entry, address: &Address, purpose: Purpose) -> Option<bool> {
    match &entry.act {
        Act::Granted {
            purpose: granted,
            basis,
            ..
        } if *granted == purpose && same(&entry.address, address) => Some(basis.is_fresh_opt_in()),
        _ => None,
    }
}
