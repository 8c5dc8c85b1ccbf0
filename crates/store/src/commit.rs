//! A commit as a value: typed writes, their preconditions and the audit rows.

use std::collections::BTreeSet;

use tendon_care::access::Access;
use tendon_care::appointment::Appointment;
use tendon_care::contact::{Channel, Standing};
use tendon_care::episode::Episode;
use tendon_care::id::{
    ContactPointId, ConversationId, EnrolmentId, LinkId, MessageId, PatientId, PracticeId, TaskId,
    UserId,
};
use tendon_care::patient::Patient;
use tendon_care::plan::Plan;
use tendon_care::practice::{Clinician, Location, Practice};
use tendon_care::referral::Referral;
use tendon_care::task::{Task, TaskState};
use tendon_care::touchpoint::Touchpoint;

use crate::audit::AuditEntry;
use crate::db::Db;
use crate::error::StoreError;
use crate::seal::PracticeKeys;
use crate::sql::Bound;
use crate::table as t;

/// A value with the version that was read: an update must find the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// The version it had when it was read.
    pub version: i64,
}

impl<T> std::ops::Deref for Versioned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// One typed write. An update names the version that it expects to find.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Adds a practice with its data key; [`Db::add_practice`] makes it.
    PracticeNew(Box<t::PracticeNew>),
    /// Changes a practice's name, zone, state or phone.
    Practice(Practice),
    /// Adds or changes a location.
    Location(Location),
    /// Adds or changes a clinician.
    Clinician(Clinician),
    /// Adds a patient with names, identifiers, contact points and proxies.
    PatientNew(Box<Patient>, jiff::Timestamp),
    /// Replaces a patient of which this version was read.
    Patient(Box<Versioned<Patient>>),
    /// Marks a patient record as absorbed by another.
    PatientRetired(t::PatientRetired),
    /// Moves everything of one patient to another (merge and unmerge).
    Repoint(t::Repoint),
    /// Puts one message of a patient into another thread (merge and unmerge).
    Rethread(t::Rethread),
    /// Lets an entry of the consent ledger speak for one merged record only, or for all.
    Restrand(t::Restrand),
    /// Records a merge, or its undoing.
    Merge(t::MergeRow),
    /// Changes what is known of one contact point.
    ContactStanding(ContactPointId, Standing),
    /// Changes what is known of an address wherever it is on file.
    AddressStanding(t::AddressKey, Standing),
    /// Recomputes whether an address is shared between patients.
    AddressShared(t::AddressKey),
    /// Adds an entry to the consent ledger.
    Consent(Box<t::ConsentRow>),
    /// Adds or changes a referral.
    Referral(Referral),
    /// Adds an episode.
    EpisodeNew(Episode),
    /// Replaces an episode of which this version was read.
    Episode(Versioned<Episode>),
    /// Adds or changes a plan of care.
    Plan(Plan, PatientId),
    /// Adds a visit.
    AppointmentNew(Appointment),
    /// Replaces a visit of which this version was read.
    Appointment(Versioned<Appointment>),
    /// Adds a fact to a timeline.
    Touchpoint(Touchpoint),
    /// Adds an enrolment, with its timer.
    EnrolmentNew(Box<t::EnrolmentRow>),
    /// Replaces the state of an enrolment of which this version was read, and its timer.
    Enrolment(Box<Versioned<t::EnrolmentRow>>),
    /// Removes the timer of an enrolment.
    TimerGone(EnrolmentId),
    /// Adds an outgoing message and puts it into the outbox.
    MessageNew(Box<t::MessageRow>),
    /// Adds a message that somebody wrote to the practice.
    InboundNew(Box<t::InboundRow>),
    /// Changes where an outgoing message stands.
    MessageState(Box<t::MessageMove>),
    /// Takes a message out of the outbox.
    OutboxGone(MessageId),
    /// Puts a message back into the outbox: when, and how soon among others.
    OutboxAgain(MessageId, jiff::Timestamp, i64),
    /// Gives a message in the outbox another time and frees it.
    OutboxLater(MessageId, jiff::Timestamp),
    /// Notes, before the carrier is called, that it is being called; until when nobody
    /// else asks what became of that.
    OutboxStarted(MessageId, jiff::Timestamp),
    /// Has a message wait in the line of another channel.
    OutboxLine(MessageId, Channel),
    /// Takes a part of the attention that caps protect, unless somebody else did so
    /// since it was counted.
    AttentionTaken(Box<t::AttentionTaken>),
    /// Plans to ask the carrier what became of a message whose answer was lost.
    OutboxReconcile(MessageId, jiff::Timestamp),
    /// Adds a decision.
    Decision(Box<t::DecisionRow>),
    /// Adds or changes a thread.
    Conversation(t::ConversationRow),
    /// Notes that the practice says something in a thread.
    ConversationSpoken(t::ConversationRow),
    /// Sets or ends waiting for an answer by staff.
    ConversationWaiting(ConversationId, Option<jiff::Timestamp>),
    /// Adds a task.
    TaskNew(Task, jiff::Timestamp),
    /// Changes a task that is still open.
    TaskState(TaskId, TaskState),
    /// Closes a task that what happened has answered, if it is still open.
    TaskSettled(TaskId, jiff::Timestamp),
    /// Gives an open task to somebody, or to whoever comes first.
    TaskOwner(TaskId, Option<UserId>),
    /// Closes the open tasks of a kind about a visit.
    TasksAboutVisitDone(t::TasksAboutVisit),
    /// Closes the open tasks about a patient: for a death.
    TasksOfPatientDone(PatientId, jiff::Timestamp),
    /// Adds a link.
    LinkNew(t::LinkRow),
    /// Records a birthday given on a link: right (until when it counts) or wrong.
    LinkChecked(Box<t::LinkChecked>),
    /// Adds the one-click way out of a kind of e-mail.
    WayOutNew(t::WayOutRow),
    /// Notes that a way out was taken.
    WayOutTaken(LinkId, jiff::Timestamp),
    /// Keeps what came from an address that nobody has.
    Stray(Box<t::StrayRow>),
    /// Adds or replaces a member of staff.
    User(Box<t::UserRow>),
    /// Changes one thing about a member of staff.
    UserChange(UserId, t::UserChange),
    /// Counts a sign-in that failed or succeeded.
    SignIn(UserId, t::SignIn),
    /// Adds a session.
    SessionNew(t::SessionRow),
    /// Notes the secret for codes that a session is shown; where it was shown one
    /// already, it is a conflict.
    KeyShown(Box<t::KeyShown>),
    /// Moves a session on: seen, complete.
    Session(t::SessionMove),
    /// Adds a one-time link to sign in.
    SignInLinkNew(t::SignInLinkRow),
    /// Uses a one-time link; one that was used or has expired is a conflict.
    SignInLinkUsed(Vec<u8>, jiff::Timestamp),
    /// Ends a session.
    SessionGone(Vec<u8>),
    /// Ends every session of a user.
    SessionsOfUserGone(UserId),
    /// Adds a bearer token.
    TokenNew(t::TokenRow),
    /// Revokes a bearer token.
    TokenRevoked(tendon_care::id::TokenId, jiff::Timestamp),
    /// Notes what a source said.
    Source(Box<t::SourceRow>),
    /// Keeps a foreign record until the patient it is about comes.
    Parked(Box<t::ParkedRow>),
    /// Forgets a foreign record that was kept.
    ParkedGone(t::ParkedKey),
    /// Notes that two records may be one person.
    MatchReview(t::MatchReviewRow),
    /// Settles an open doubt whether two records are one person, with what was found;
    /// a conflict where it is settled.
    MatchReviewSettled((PatientId, PatientId), jiff::Timestamp, t::MatchVerdict),
    /// Adds a version of a journey.
    JourneyDefinition(t::JourneyRow),
    /// Switches a journey on or off.
    JourneySwitch(String, bool),
    /// Sets a practice's own words.
    Wording(t::WordingRow),
    /// Sets a setting.
    Setting(String, String),
    /// Keeps the answer to a request with an idempotency key.
    Idempotency(Box<t::IdempotencyRow>),
}

/// A list of writes that happen together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    practice: PracticeId,
    writes: Vec<Write>,
    audit: Vec<AuditEntry>,
}

impl Commit {
    /// Begins an empty commit in the practice of `access`.
    pub fn new(access: &Access) -> Self {
        Self {
            practice: access.practice,
            writes: Vec::new(),
            audit: Vec::new(),
        }
    }

    /// Adds a write.
    pub fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Adds writes.
    pub fn extend(&mut self, writes: impl IntoIterator<Item = Write>) {
        self.writes.extend(writes);
    }

    /// Puts a write before all others, which stand on it.
    pub(crate) fn first(&mut self, write: Write) {
        self.writes.insert(0, write);
    }

    /// Adds an audit row.
    pub fn audit(&mut self, entry: AuditEntry) {
        self.audit.push(entry);
    }

    /// Takes over everything of another commit of the same practice.
    pub fn absorb(&mut self, other: Self) {
        debug_assert_eq!(self.practice, other.practice);
        self.writes.extend(other.writes);
        self.audit.extend(other.audit);
    }

    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.audit.is_empty()
    }

    /// Tells whether it leaves a trace in the audit trail.
    pub fn is_audited(&self) -> bool {
        !self.audit.is_empty()
    }

    /// Returns the writes, for tests that read what would be written.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Returns the tenant.
    pub const fn practice(&self) -> PracticeId {
        self.practice
    }

    /// Seals what must be sealed and turns every write into statements.
    pub(crate) fn bind(self, db: &Db) -> Result<(Vec<Bound>, Vec<AuditEntry>), StoreError> {
        let keys = db.vault().keys(self.practice)?;
        let binder = Binder {
            practice: self.practice,
            keys: &keys,
        };
        let mut out = Vec::with_capacity(self.writes.len() * 2);
        for write in &self.writes {
            binder.bind(write, &mut out)?;
        }
        let spoken = self.have_spoken();
        out.extend(spoken.map(|patient| t::consent::touch(binder, patient)));
        Ok((out, self.audit))
    }

    /// Lists whose ledgers grow, but for patients who are new and whom nobody has read.
    fn have_spoken(&self) -> impl Iterator<Item = PatientId> {
        let mut patients = BTreeSet::new();
        for write in &self.writes {
            if let Write::Consent(row) = write {
                patients.insert(row.patient);
            }
        }
        for write in &self.writes {
            if let Write::PatientNew(patient, _) = write {
                patients.remove(&patient.id);
            }
        }
        patients.into_iter()
    }
}

/// What a table needs to turn a write into statements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binder<'a> {
    pub(crate) practice: PracticeId,
    pub(crate) keys: &'a PracticeKeys,
}

impl Binder<'_> {
    // tidy-allow(function-length): one line for each kind of write, and nothing else.
    fn bind(self, write: &Write, out: &mut Vec<Bound>) -> Result<(), StoreError> {
        match write {
            Write::PracticeNew(new) => out.push(t::practice::insert(new)),
            Write::Practice(practice) => out.push(t::practice::update(practice)),
            Write::Location(location) => out.push(t::practice::location(self, location)),
            Write::Clinician(clinician) => out.push(t::practice::clinician(self, clinician)),
            Write::PatientNew(patient, now) => t::patient::insert(self, patient, *now, out)?,
            Write::Patient(patient) => t::patient::update(self, patient, out)?,
            Write::PatientRetired(retired) => t::merge::retire(self, retired, out),
            Write::Repoint(repoint) => t::merge::repoint(self, repoint, out),
            Write::Rethread(thread) => out.push(t::merge::rethread(self, *thread)),
            Write::Restrand(change) => out.push(t::merge::restrand(self, *change)),
            Write::Merge(merge) => t::merge::write(self, merge, out)?,
            Write::ContactStanding(id, standing) => {
                out.extend(t::contact::standing(self, *id, *standing));
            }
            Write::AddressStanding(key, standing) => {
                out.extend(t::contact::address_standing(self, key, *standing));
            }
            Write::AddressShared(key) => out.push(t::contact::shared(self, key)),
            Write::Consent(row) => out.push(t::consent::insert(self, row)?),
            Write::Referral(referral) => out.push(t::referral::upsert(self, referral)),
            Write::EpisodeNew(episode) => out.push(t::episode::insert(self, episode)),
            Write::Episode(episode) => out.push(t::episode::update(self, episode)),
            Write::Plan(plan, patient) => out.push(t::episode::plan(self, plan, *patient)),
            Write::AppointmentNew(visit) => out.push(t::appointment::insert(self, visit)),
            Write::Appointment(visit) => out.push(t::appointment::update(self, visit)),
            Write::Touchpoint(touchpoint) => out.push(t::touchpoint::insert(self, touchpoint)),
            Write::EnrolmentNew(row) => t::enrolment::insert(self, row, out),
            Write::Enrolment(row) => t::enrolment::update(self, row, out),
            Write::TimerGone(id) => out.push(t::enrolment::timer_gone(self, *id)),
            Write::MessageNew(row) => t::message::insert(self, row, out)?,
            Write::InboundNew(row) => out.push(t::message::inbound(self, row)?),
            Write::MessageState(change) => {
                out.push(t::message::change(self, change));
                out.extend(t::message::reword(self, change)?);
            }
            Write::OutboxGone(id) => out.push(t::outbox::gone(self, *id)),
            Write::OutboxAgain(id, due, priority) => {
                out.push(t::outbox::again(self, *id, *due, *priority));
            }
            Write::OutboxLater(id, due) => out.push(t::outbox::later(self, *id, *due)),
            Write::OutboxStarted(id, until) => out.push(t::outbox::started(self, *id, *until)),
            Write::OutboxLine(id, channel) => out.push(t::outbox::line(self, *id, *channel)),
            Write::AttentionTaken(taken) => t::attention::take(self, taken, out),
            Write::OutboxReconcile(id, due) => out.push(t::outbox::reconcile(self, *id, *due)),
            Write::Decision(row) => out.push(t::decision::decision(self, row)),
            Write::Conversation(row) => out.push(t::conversation::upsert(self, row)),
            Write::ConversationSpoken(row) => out.push(t::conversation::spoken(self, row)),
            Write::ConversationWaiting(id, since) => {
                out.push(t::conversation::waiting(self, *id, *since));
            }
            Write::TaskNew(task, now) => out.push(t::task::insert(self, task, *now)),
            Write::TaskState(id, state) => out.push(t::task::change(self, *id, *state)),
            Write::TaskSettled(id, at) => out.push(t::task::settled(self, *id, *at)),
            Write::TaskOwner(id, owner) => out.push(t::task::own(self, *id, *owner)),
            Write::TasksAboutVisitDone(about) => out.push(t::task::about_visit_done(self, about)),
            Write::TasksOfPatientDone(patient, at) => {
                out.push(t::task::of_patient_done(self, *patient, *at));
            }
            Write::LinkNew(row) => out.push(t::link::insert(self, row)),
            Write::LinkChecked(checked) => t::link::checked(self, checked, out),
            Write::WayOutNew(row) => out.push(t::link::way_out_new(self, row)),
            Write::WayOutTaken(id, at) => out.push(t::link::way_out_taken(self, *id, *at)),
            Write::Stray(row) => out.push(t::stray::insert(self, row)?),
            Write::UserChange(id, change) => out.push(t::staff::change(self, *id, change)?),
            Write::User(row) => out.push(t::staff::user(self, row)?),
            Write::SignIn(id, outcome) => out.push(t::staff::sign_in(self, *id, *outcome)),
            Write::SessionNew(row) => out.push(t::staff::session_new(self, row)),
            Write::KeyShown(shown) => out.push(t::staff::key_shown(self, shown)?),
            Write::Session(change) => out.push(t::staff::session_move(change)),
            Write::SignInLinkNew(row) => out.push(t::signin::link_new(self, row)),
            Write::SignInLinkUsed(hash, at) => out.push(t::signin::link_used(hash, *at)),
            Write::SessionGone(hash) => out.push(t::staff::session_gone(hash)),
            Write::SessionsOfUserGone(id) => out.push(t::staff::sessions_of_user_gone(self, *id)),
            Write::TokenNew(row) => out.push(t::staff::token_new(self, row)),
            Write::TokenRevoked(id, at) => out.push(t::staff::token_revoked(self, *id, *at)),
            Write::Source(row) => out.push(t::source::upsert(self, row)?),
            Write::Parked(row) => out.push(t::parked::upsert(self, row)?),
            Write::ParkedGone(key) => out.push(t::parked::gone(self, key)),
            Write::MatchReview(row) => out.push(t::source::review(self, row)),
            Write::MatchReviewSettled(pair, at, verdict) => {
                out.push(t::source::settle_review(self, *pair, *at, *verdict));
            }
            Write::JourneyDefinition(row) => out.push(t::enrolment::definition(self, row)),
            Write::JourneySwitch(name, on) => out.push(t::enrolment::switch(self, name, *on)),
            Write::Wording(row) => out.push(t::setting::wording(self, row)),
            Write::Setting(name, value) => out.push(t::setting::set(self, name, value)),
            Write::Idempotency(row) => out.push(t::setting::idempotency(self, row)?),
        }
        Ok(())
    }
}
