//! Who said yes to what, and who took it back.
//!
//! The ledger is append-only: what holds now is a projection of everything that
//! was ever said. One idea rules it: *only a fresh, logged opt-in lifts a
//! revocation*. A number that arrives again from the EHR lifts nothing, time
//! lifts nothing, and a merge of two records keeps the stricter of both.
//!
//! *Source*: 47 CFR 64.1200(a)(10)–(12); the consent record of docs/consent.md.

mod elsewhere;
mod entry;

use jiff::Timestamp;

pub use self::entry::{Act, Entry, Evidence, EvidenceRef, Extent, RevokedVia};
use crate::contact::{Address, Channel, Owner};
use crate::id::ConsentId;
use crate::purpose::{Purpose, Purposes};

/// On what a consent rests, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Basis {
    /// The person gave the address to the practice: covers the purpose for which
    /// it was given.
    NumberGiven,
    /// Said so to a member of staff, or on a recording.
    Spoken,
    /// Wrote START or JOIN from the address itself.
    Keyword,
    /// Ticked a box on a form, on paper or on a page.
    Form,
    /// Signed an agreement to receive promotion (prior express written consent).
    Written,
}

impl Basis {
    /// Every basis, weakest first.
    pub const ALL: [Self; 5] = [
        Self::NumberGiven,
        Self::Spoken,
        Self::Keyword,
        Self::Form,
        Self::Written,
    ];

    /// Returns the code used in rule packs, storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NumberGiven => "number_given",
            Self::Spoken => "spoken",
            Self::Keyword => "keyword",
            Self::Form => "form",
            Self::Written => "written",
        }
    }

    /// Reads [`Basis::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.code() == text)
    }

    /// Tells whether this is the person's own logged act, which alone lifts a
    /// revocation.
    pub const fn is_fresh_opt_in(self) -> bool {
        matches!(self, Self::Keyword | Self::Form | Self::Written)
    }
}

/// What an unqualified STOP covers; the later is the stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeMode {
    /// The topic that was answered, by call and text, at that number.
    Category,
    /// Everything the practice sends, at every address of the person.
    BrandAll,
}

impl ScopeMode {
    /// Returns the code used in rule packs and storage.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::BrandAll => "brand_all",
        }
    }

    /// Reads [`ScopeMode::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        [Self::Category, Self::BrandAll]
            .into_iter()
            .find(|mode| mode.code() == text)
    }
}

/// What the rule pack of the day demands of consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What an unqualified STOP covers.
    pub mode: ScopeMode,
    /// The weakest basis that each purpose accepts, P0 first; P0 needs none.
    pub least: [Option<Basis>; 6],
}

impl Terms {
    /// Tells whether the basis is strong enough for the purpose.
    pub fn accepts(&self, purpose: Purpose, basis: Basis) -> bool {
        let least = self.least.get(purpose as usize).copied().flatten();
        least.is_none_or(|least| basis >= least)
    }
}

/// Tells whether two addresses are the same phone or mailbox.
fn same(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Phone(one), Address::Phone(other)) => one == other,
        (Address::Email(one), Address::Email(other)) => {
            one == other || one.comparable() == other.comparable()
        }
        _ => false,
    }
}

/// A question to the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who is to be written to.
    pub person: Owner,
    /// Why.
    pub purpose: Purpose,
    /// How.
    pub channel: Channel,
    /// Where.
    pub address: &'a Address,
    /// When; later entries are not looked at.
    pub at: Timestamp,
    /// What the rules of that day demand.
    pub terms: &'a Terms,
}

impl Entry {
    /// Tells whether this is a revocation that covers what is asked.
    fn revokes(&self, ask: &Ask<'_>) -> bool {
        let Act::Revoked { extent, .. } = &self.act else {
            return false;
        };
        let here = same(&self.address, ask.address);
        let everywhere = here || self.person == ask.person;
        match extent {
            Extent::Everything => everywhere,
            Extent::Narrowed { purposes, channel } => {
                here && purposes.contains(ask.purpose)
                    && channel.is_none_or(|channel| channel == ask.channel)
            }
            Extent::Unqualified { topic, mode } => match (*mode).max(ask.terms.mode) {
                ScopeMode::BrandAll => everywhere,
                ScopeMode::Category => here && topic.is_none_or(|topic| topic == ask.purpose),
            },
        }
    }

    /// Returns the basis of a grant that answers what is asked.
    fn grants(&self, ask: &Ask<'_>) -> Option<Basis> {
        let Act::Granted {
            purpose,
            channel,
            basis,
            ..
        } = &self.act
        else {
            return None;
        };
        let answers = *purpose == ask.purpose
            && self.person == ask.person
            && channel.is_none_or(|channel| channel == ask.channel)
            && ask.terms.accepts(*purpose, *basis)
            && same(&self.address, ask.address);
        answers.then_some(*basis)
    }
}

/// What the ledger says about a purpose, a channel and an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes, by this entry.
    Allowed {
        /// The grant.
        by: ConsentId,
    },
    /// Nobody said a yes that is strong enough.
    NeverGiven,
    /// Taken back by this entry and not given anew.
    Revoked {
        /// The revocation.
        by: ConsentId,
    },
    /// The carrier refuses the address.
    Blocked {
        /// The entry that recorded it.
        by: ConsentId,
    },
}

impl Standing {
    /// Tells whether it is a yes.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// Returns the code used in decisions, storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allowed",
            Self::NeverGiven => "never_given",
            Self::Revoked { .. } => "revoked",
            Self::Blocked { .. } => "blocked",
        }
    }

    /// Orders standings from the most permissive to the strictest.
    const fn strictness(self) -> u8 {
        match self {
            Self::Allowed { .. } => 0,
            Self::NeverGiven => 1,
            Self::Revoked { .. } => 2,
            Self::Blocked { .. } => 3,
        }
    }
}

/// Entries in the order in which they were said; one strand per merged record.
type Strand = Vec<Entry>;

/// Everything that was ever said about one patient's addresses.
///
/// A merge keeps the two histories apart as strands, and a question is answered
/// by the strictest of them: had the entries been shuffled together, a yes in one
/// record could have followed, and so undone, a no in the other. What is said
/// after the merge counts in every strand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    strands: Vec<Strand>,
}

impl Ledger {
    /// Makes an empty ledger.
    pub const fn new() -> Self {
        Self {
            strands: Vec::new(),
        }
    }

    /// Appends an entry. The order of appending does not matter, and an entry
    /// that is already there is left alone.
    pub fn push(&mut self, entry: Entry) {
        if self.strands.is_empty() {
            self.strands.push(Vec::new());
        }
        if let Some((last, others)) = self.strands.split_last_mut() {
            for strand in others {
                insert(strand, entry.clone());
            }
            insert(last, entry);
        }
        self.settle();
    }

    /// Joins the ledgers of two records of one person. The order of the two does
    /// not matter; on each question the stricter answer wins.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.strands.extend(other.strands);
        self.settle();
        self
    }

    /// Brings equal ledgers into equal form.
    fn settle(&mut self) {
        let ids = |strand: &Strand| strand.iter().map(|entry| entry.id).collect::<Vec<_>>();
        if self.strands.len() > 1 {
            self.strands.sort_by_cached_key(ids);
            self.strands.dedup();
        }
    }

    /// Returns the strands for storing: one, unless records were merged.
    pub fn strands(&self) -> impl Iterator<Item = &[Entry]> {
        self.strands.iter().map(Vec::as_slice)
    }

    /// Lists every entry once, oldest first.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.strands.iter().flatten().collect();
        entries.sort_by_key(|entry| (entry.captured_at, entry.id));
        entries.dedup_by_key(|entry| entry.id);
        entries
    }

    /// Answers whether a message may go, and which entry says so.
    ///
    /// A record that never heard of the address has no say about it, unless one of
    /// its revocations covers every address: a duplicate without a phone must not
    /// silence the phone.
    pub fn standing(&self, ask: &Ask<'_>) -> Standing {
        self.strands
            .iter()
            .filter_map(|strand| standing_in(strand, ask))
            .max_by_key(|standing| standing.strictness())
            .unwrap_or(Standing::NeverGiven)
    }

    /// Returns the purposes that START from an address brings back: those that
    /// were once granted there, without promotion, which needs a signature anew.
    pub fn restartable(&self, person: Owner, address: &Address) -> Purposes {
        let granted = self
            .strands
            .iter()
            .flatten()
            .filter_map(|entry| match entry.act {
                Act::Granted { purpose, .. }
                    if entry.person == person && same(&entry.address, address) =>
                {
                    Some(purpose)
                }
                _ => None,
            });
        granted
            .filter(|purpose| *purpose != Purpose::Marketing)
            .collect()
    }
}

/// Puts an entry where it belongs in time, once.
fn insert(strand: &mut Strand, entry: Entry) {
    let key = |entry: &Entry| (entry.captured_at, entry.id);
    if let Err(at) = strand.binary_search_by_key(&key(&entry), key) {
        strand.insert(at, entry);
    }
}

/// Answers from one history; `None` where it has never heard of the address.
fn standing_in(strand: &Strand, ask: &Ask<'_>) -> Option<Standing> {
    let mut known = false;
    let mut blocked: Option<&Entry> = None;
    let mut lifted_at = None;
    let mut revoked: Option<&Entry> = None;
    for entry in strand.iter().filter(|entry| entry.captured_at <= ask.at) {
        let here = same(&entry.address, ask.address);
        known |= here;
        match entry.act {
            Act::CarrierBlocked if here => blocked = Some(entry),
            Act::CarrierLifted if here => lifted_at = Some(entry.captured_at),
            _ if entry.revokes(ask) => revoked = Some(entry),
            _ => {}
        }
    }
    // At the same instant the no counts, whichever was written first.
    if let Some(block) = blocked.filter(|block| lifted_at.is_none_or(|at| at <= block.captured_at))
    {
        return Some(Standing::Blocked { by: block.id });
    }
    let grant = strand.iter().rev().find(|entry| {
        entry.captured_at <= ask.at
            && entry.grants(ask).is_some_and(|basis| {
                revoked
                    .is_none_or(|no| basis.is_fresh_opt_in() && entry.captured_at > no.captured_at)
            })
    });
    match (grant, revoked) {
        (Some(grant), _) => Some(Standing::Allowed { by: grant.id }),
        (None, Some(no)) => Some(Standing::Revoked { by: no.id }),
        (None, None) => known.then_some(Standing::NeverGiven),
    }
}

#[cfg(test)]
mod tests;
