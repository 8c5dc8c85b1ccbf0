//! What a patient may do through a signed link, and what nobody may.

mod birthday;
mod wishes;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Channel;
use tendon_care::id::{AppointmentId, PatientId};
use tendon_care::language::Language;
use tendon_care::purpose::{Purpose, Purposes};
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::Via;
use tendon_desk::{
    Checked, DeskError, Draft, Pass, PortalError, Posted, Proof, Secret, TakenBack, VERIFIED_LIFE,
    VisitAct, VisitStanding, Wanted, Wish,
};
use tendon_store::MessageFilter;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at};

const PHONE: &str = "312-555-0142";
const BORN: Date = date(1968, 2, 29);

struct Linked {
    world: World,
    ana: PatientId,
    visit: AppointmentId,
    token: String,
    /// What the browser was given for the birthday.
    proof: OnceLock<Secret>,
}

/// Returns what a browser brings that has a link and nothing else.
const fn bare(token: &str) -> Pass<'_> {
    Pass { token, proof: None }
}

/// A reminder with a link has gone out three weeks before a first visit.
async fn linked(engine: Engine) -> Linked {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let visit = world.book_evaluation(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-03T12:00").await;
    let token = world.last_link();
    Linked {
        world,
        ana,
        visit,
        token,
        proof: OnceLock::new(),
    }
}

impl Linked {
    async fn verify(&self) {
        let right = self
            .world
            .desk
            .check_birthday(&self.token, BORN)
            .await
            .unwrap();
        let Checked::Right { proof, .. } = right else {
            panic!("{right:?}");
        };
        self.proof.set(proof).unwrap();
    }

    fn pass(&self) -> Pass<'_> {
        Pass {
            proof: self.proof.get().map(Secret::expose),
            ..bare(&self.token)
        }
    }

    async fn act(&self, act: VisitAct) -> Result<(), PortalError> {
        self.world.desk.portal_act(self.pass(), act).await
    }

    async fn ask(&self, act: VisitAct, wish: &Wish) -> Result<(), PortalError> {
        self.world.desk.portal_ask(self.pass(), act, wish).await
    }

    /// Returns what the patient wrote, newest first: the words and what they mean.
    async fn wrote(&self) -> Vec<(String, String)> {
        let filter = MessageFilter {
            patient: Some(self.ana),
            state: "received".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            before: None,
            limit: 10,
        };
        let lines = self.world.reader().messages(&filter).await.unwrap();
        let said = lines.iter().map(|line| {
            assert_eq!(line.appointment, Some(self.visit));
            let intent = line.intent.clone().unwrap();
            (line.text.expose().to_owned(), intent)
        });
        said.collect()
    }

    /// Returns the open work about the patient.
    async fn work(&self) -> Vec<TaskKind> {
        let tasks = self.world.reader().tasks_of(self.ana).await.unwrap();
        let open = tasks.iter().filter(|task| task.state == TaskState::Open);
        open.map(|task| task.kind).collect()
    }

    async fn standing(&self) -> VisitStanding {
        let page = self.world.desk.portal_visit(self.pass()).await.unwrap();
        page.unwrap().standing
    }
}

#[on_both_engines]
async fn nothing_of_the_visit_shows_before_the_birthday(engine: Engine) {
    let linked = linked(engine).await;
    let desk = &linked.world.desk;
    let greeting = desk.open_link(linked.pass()).await.unwrap();
    assert_eq!(greeting.clinic, "Riverside PT");
    assert!(!greeting.verified);
    let wanted = Wanted {
        purposes: Purposes::default(),
        ways: BTreeSet::new(),
    };
    let refusals = [
        desk.portal_visit(linked.pass()).await.map(drop),
        desk.portal_act(linked.pass(), VisitAct::Confirm).await,
        desk.portal_calendar(linked.pass()).await.map(drop),
        desk.portal_language(linked.pass(), Language::Spanish).await,
        desk.portal_preferences(linked.pass()).await.map(drop),
        desk.set_portal_preferences(linked.pass(), &wanted).await,
    ];
    for refused in refusals {
        assert!(
            matches!(refused, Err(PortalError::NotVerified)),
            "{refused:?}"
        );
    }
    linked.verify().await;
    let page = desk.portal_visit(linked.pass()).await.unwrap().unwrap();
    assert_eq!(page.first_name.as_deref(), Some("Ana"));
    assert_eq!(page.at.timestamp(), at("2026-11-24T08:40"));
    assert_eq!((page.minutes, page.standing), (40, VisitStanding::Booked));
    linked.world.wait_for(VERIFIED_LIFE);
    let late = desk.portal_visit(linked.pass()).await;
    assert!(matches!(late, Err(PortalError::NotVerified)));
}

#[on_both_engines]
async fn a_link_ends_with_its_time_and_a_fresh_one_goes_to_the_same_address(engine: Engine) {
    let linked = linked(engine).await;
    let desk = &linked.world.desk;
    assert!(matches!(
        desk.open_link(bare("nonsense")).await,
        Err(PortalError::Unknown)
    ));
    assert!(matches!(
        desk.renew_link("nonsense").await,
        Err(PortalError::Unknown)
    ));
    linked.world.run_until("2026-12-02T12:00").await;
    assert!(matches!(
        desk.open_link(linked.pass()).await,
        Err(PortalError::Expired)
    ));
    let before = linked.world.carrier.sent().len();
    for _ in 0..3 {
        desk.renew_link(&linked.token).await.unwrap();
        linked.world.drain().await;
    }
    let sent = linked.world.carrier.sent().len();
    assert_eq!(sent, before + 1, "tapping again sends nothing more");
    let fresh = linked.world.last_link();
    assert_ne!(fresh, linked.token);
    desk.open_link(bare(&fresh)).await.unwrap();
    linked.world.wait(24 * 91);
    assert!(matches!(
        desk.renew_link(&linked.token).await,
        Err(PortalError::Expired)
    ));
}

#[on_both_engines]
async fn a_patient_confirms_asks_to_move_and_calls_off(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    linked.act(VisitAct::Confirm).await.unwrap();
    assert_eq!(linked.standing().await, VisitStanding::Confirmed);
    for _ in 0..2 {
        linked.act(VisitAct::AskToMove).await.unwrap();
    }
    assert_eq!(linked.standing().await, VisitStanding::MoveAsked);
    let tasks = linked.world.reader().tasks_of(linked.ana).await.unwrap();
    let asked = tasks.iter().filter(|task| task.kind == TaskKind::MoveVisit);
    assert_eq!(asked.count(), 1, "tapped twice is asked once");
    linked.act(VisitAct::CannotCome).await.unwrap();
    assert_eq!(linked.standing().await, VisitStanding::Cancelled);
    let gone = linked.act(VisitAct::Confirm).await;
    assert!(
        matches!(gone, Err(PortalError::Desk(DeskError::Visit(_)))),
        "{gone:?}"
    );
}

#[on_both_engines]
async fn a_patient_does_not_do_what_is_staffs_to_do(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    for act in [
        VisitAct::Arrive,
        VisitAct::Complete,
        VisitAct::CancelByClinic,
        VisitAct::Void,
        VisitAct::Move {
            starts_at: at("2026-11-30T15:00"),
        },
    ] {
        let refused = linked.act(act).await;
        let hidden = matches!(refused, Err(PortalError::Desk(DeskError::NotFound(_))));
        assert!(hidden, "{act:?} {refused:?}");
    }
    assert_eq!(linked.standing().await, VisitStanding::Booked);
}

#[on_both_engines]
async fn a_moved_visit_says_so_and_its_calendar_entry_follows(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let desk = &linked.world.desk;
    let before = desk.portal_calendar(linked.pass()).await.unwrap();
    assert!(before.contains("SEQUENCE:0\r\n"), "{before}");
    assert!(before.contains("STATUS:TENTATIVE\r\n"));
    let act = VisitAct::Move {
        starts_at: at("2026-11-25T15:00"),
    };
    desk.on_visit(&linked.world.access, linked.visit, act, Via::Staff)
        .await
        .unwrap();
    assert_eq!(linked.standing().await, VisitStanding::Moved);
    let after = desk.portal_calendar(linked.pass()).await.unwrap();
    assert!(after.contains("DTSTART:20261125T210000Z\r\n"), "{after}");
    assert!(!after.contains("SEQUENCE:0\r\n"));
    assert!(!after.contains("Ana"), "calendars are shared");
}

#[on_both_engines]
async fn the_language_is_the_patients_to_choose(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let desk = &linked.world.desk;
    desk.portal_language(linked.pass(), Language::Spanish)
        .await
        .unwrap();
    let greeting = desk.open_link(linked.pass()).await.unwrap();
    assert_eq!(greeting.language, Language::Spanish);
}

#[on_both_engines]
async fn preferences_end_and_begin_what_is_ticked(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let desk = &linked.world.desk;
    let shown = desk.portal_preferences(linked.pass()).await.unwrap();
    let on = |shown: &tendon_desk::Preferences, purpose| shown.purposes.contains(&(purpose, true));
    assert!(on(&shown, Purpose::Care) && on(&shown, Purpose::CareOther));
    assert!(
        shown
            .purposes
            .iter()
            .all(|(purpose, _)| *purpose != Purpose::Safety)
    );
    let ways: BTreeSet<_> = shown.ways.iter().map(|way| way.point).collect();
    assert_eq!(shown.ways[0].hint, "•••0142");
    let before = linked
        .world
        .reader()
        .ledger(linked.ana)
        .await
        .unwrap()
        .entries()
        .len();
    let same = Wanted {
        purposes: [Purpose::Care, Purpose::CareOther].into_iter().collect(),
        ways: ways.clone(),
    };
    desk.set_portal_preferences(linked.pass(), &same)
        .await
        .unwrap();
    let after = linked
        .world
        .reader()
        .ledger(linked.ana)
        .await
        .unwrap()
        .entries()
        .len();
    assert_eq!(before, after, "nothing changed, nothing is written");
    linked.world.wait_for(SignedDuration::from_secs(1));
    let less = Wanted {
        purposes: [Purpose::CareOther, Purpose::Marketing]
            .into_iter()
            .collect(),
        ways: ways.clone(),
    };
    desk.set_portal_preferences(linked.pass(), &less)
        .await
        .unwrap();
    let shown = desk.portal_preferences(linked.pass()).await.unwrap();
    assert!(!on(&shown, Purpose::Care) && on(&shown, Purpose::CareOther));
    assert!(
        !on(&shown, Purpose::Marketing),
        "promotion needs a signature"
    );
    linked.world.wait_for(SignedDuration::from_secs(1));
    desk.set_portal_preferences(linked.pass(), &same)
        .await
        .unwrap();
    let shown = desk.portal_preferences(linked.pass()).await.unwrap();
    assert!(on(&shown, Purpose::Care), "a tick is a fresh yes");
    let nowhere = Wanted {
        ways: BTreeSet::new(),
        ..same
    };
    linked.world.wait_for(SignedDuration::from_secs(1));
    desk.set_portal_preferences(linked.pass(), &nowhere)
        .await
        .unwrap();
    let shown = desk.portal_preferences(linked.pass()).await.unwrap();
    assert!(shown.purposes.iter().all(|(_, on)| !on) && !shown.ways[0].on);
    let sent = linked.world.carrier.sent().len();
    linked.world.run_until("2026-11-24T09:00").await;
    let after = linked.world.carrier.sent().len();
    assert_eq!(after, sent, "no reminders any more");
}

#[on_both_engines]
async fn what_stays_ticked_is_no_fresh_yes(engine: Engine) {
    let linked = linked(engine).await;
    let (world, ana) = (&linked.world, linked.ana);
    world
        .mailbox(ana, "ana@example.org", &[Purpose::Care, Purpose::CareOther])
        .await;
    let points = world.reader().contact_points(ana).await.unwrap();
    let taken = TakenBack {
        purposes: Some([Purpose::CareOther].into_iter().collect()),
        channel: Some(Channel::Sms),
        proof: Proof::Form("at the desk".into()),
    };
    world.wait_for(SignedDuration::from_secs(1));
    world
        .desk
        .revoke_consent(&world.access, ana, points[0].id, &taken)
        .await
        .unwrap();
    linked.verify().await;
    world.wait_for(SignedDuration::from_secs(1));
    let shown = world.desk.portal_preferences(linked.pass()).await.unwrap();
    let on = |(purpose, on): &(Purpose, bool)| on.then_some(*purpose);
    let as_shown = Wanted {
        purposes: shown.purposes.iter().filter_map(on).collect(),
        ways: shown.ways.iter().map(|way| way.point).collect(),
    };
    assert!(shown.ways.iter().all(|way| way.on) && as_shown.purposes.contains(Purpose::CareOther));
    let said = async || world.reader().ledger(ana).await.unwrap().entries().len();
    let before = said().await;
    let save = world.desk.set_portal_preferences(linked.pass(), &as_shown);
    save.await.unwrap();
    assert_eq!(said().await, before, "nothing changed, nothing is written");
}

#[on_both_engines]
async fn stopping_needs_the_link_and_nothing_else(engine: Engine) {
    let linked = linked(engine).await;
    let desk = &linked.world.desk;
    linked.world.run_until("2026-12-15T12:00").await;
    assert!(matches!(
        desk.open_link(linked.pass()).await,
        Err(PortalError::Expired)
    ));
    desk.portal_stop(&linked.token).await.unwrap();
    assert!(matches!(
        desk.portal_stop("nonsense").await,
        Err(PortalError::Unknown)
    ));
    let sent = linked.world.carrier.sent().len();
    linked.world.book(linked.ana, "2026-12-20T10:00").await;
    linked.world.run_until("2026-12-20T09:30").await;
    assert_eq!(linked.world.carrier.sent().len(), sent);
}

#[on_both_engines]
async fn the_page_of_somebody_who_died_is_closed(engine: Engine) {
    let linked = linked(engine).await;
    linked.verify().await;
    let desk = &linked.world.desk;
    desk.record_death(&linked.world.access, linked.ana)
        .await
        .unwrap();
    assert!(matches!(
        desk.portal_visit(linked.pass()).await,
        Err(PortalError::Expired)
    ));
    assert!(matches!(
        desk.renew_link(&linked.token).await,
        Err(PortalError::Expired)
    ));
}

#[on_both_engines]
async fn one_click_ends_one_kind_of_mail_and_nothing_else(engine: Engine) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    let purposes = [Purpose::Feedback, Purpose::Care];
    world.mailbox(ana, "ana@example.org", &purposes).await;
    let draft = |purpose| Draft {
        channel: tendon_care::contact::Channel::Email,
        subject: Some("Riverside PT: how are we doing?".into()),
        words: "Riverside PT would like to hear from you.".into(),
        purpose,
        send_at: None,
        despite_advice: false,
    };
    let mail = async |purpose| {
        let posted = world
            .desk
            .write_to(&world.access, ana, &draft(purpose))
            .await
            .unwrap();
        assert!(matches!(posted, Posted::Queued { .. }), "{posted:?}");
        world.drain().await;
        world.carrier.sent().pop().unwrap()
    };
    let feedback = mail(Purpose::Feedback).await;
    let url = feedback.unsubscribe_url.unwrap();
    let token = url
        .strip_prefix("https://go.example.org/unsubscribe/")
        .unwrap();
    let shown = world.desk.way_out(token).await.unwrap();
    assert_eq!((shown.purpose, shown.taken), (Purpose::Feedback, false));
    assert!(
        !world.desk.way_out(token).await.unwrap().taken,
        "looking changes nothing"
    );
    world.wait(24 * 365);
    for _ in 0..2 {
        world.desk.unsubscribe(token).await.unwrap();
    }
    assert!(world.desk.way_out(token).await.unwrap().taken);
    assert!(matches!(
        world.desk.unsubscribe("nonsense").await,
        Err(PortalError::Unknown)
    ));
    let sent = world.carrier.sent().len();
    let posted = world
        .desk
        .write_to(&world.access, ana, &draft(Purpose::Feedback))
        .await
        .unwrap();
    let Posted::Queued { foreseen, .. } = posted else {
        panic!("{posted:?}")
    };
    assert_eq!(foreseen.code(), "drop", "{foreseen:?}");
    world.drain().await;
    assert_eq!(world.carrier.sent().len(), sent);
    let care = mail(Purpose::Care).await;
    assert_eq!(
        care.unsubscribe_url, None,
        "a reminder is not ended by a slip of a thumb"
    );
}
