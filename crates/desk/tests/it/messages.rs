//! What staff do with messages, tasks and settings, and what they see ahead.

use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_care::contact::Channel;
use tendon_care::decision::Reason;
use tendon_care::id::{Id, MessageId, PatientId, UserId};
use tendon_care::language::Language;
use tendon_care::lint::Code;
use tendon_care::purpose::Purpose;
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::Via;
use tendon_channel::carrier::{Outcome, Unsure};
use tendon_desk::wording::Part;
use tendon_desk::{
    DeskError, Draft, Foreseen, MessageAct, NewUser, OwnWords, PlannedAct, PlannedKey, PlannedLine,
    PlannedWhat, Posted, Resolution, TaskAct, VisitAct, WordsSaved,
};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, at};

const PHONE: &str = "312-555-0142";

async fn world(engine: Engine) -> (World, PatientId) {
    let world = World::open(engine, "2026-11-02T10:00").await;
    let ana = world.patient("Ana", PHONE).await;
    (world, ana)
}

fn text(words: &str) -> Draft {
    Draft {
        channel: Channel::Sms,
        subject: None,
        words: words.into(),
        purpose: Purpose::Care,
        send_at: None,
        despite_advice: false,
    }
}

async fn queued(world: &World, patient: PatientId, draft: &Draft) -> MessageId {
    match world
        .desk
        .write_to(&world.access, patient, draft)
        .await
        .unwrap()
    {
        Posted::Queued { message, .. } => message,
        Posted::Refused(measured) => panic!("{measured:?}"),
    }
}

fn field(error: &DeskError) -> &'static str {
    match error {
        DeskError::Invalid { field, .. } => field,
        other => panic!("{other}"),
    }
}

#[on_both_engines]
async fn staff_write_and_the_clinic_signs(engine: Engine) {
    let (world, ana) = world(engine).await;
    queued(&world, ana, &text("Your parking permit is at the desk.")).await;
    world.drain().await;
    assert_eq!(
        world.story(),
        "Nov  2 10:00 Riverside PT: Your parking permit is at the desk.\n"
    );
}

#[on_both_engines]
async fn advice_can_be_overruled_and_firm_findings_cannot(engine: Engine) {
    let (world, ana) = world(engine).await;
    let knee = text("Please bring your knee brace.");
    let refused = world
        .desk
        .write_to(&world.access, ana, &knee)
        .await
        .unwrap();
    let Posted::Refused(measured) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(measured.findings[0].code, Code::BodyPart);
    assert!(!measured.must_change && measured.parts == 1);
    let insisted = Draft {
        despite_advice: true,
        ..knee
    };
    queued(&world, ana, &insisted).await;
    let short = Draft {
        despite_advice: true,
        ..text("See https://bit.ly/abc for the form.")
    };
    let refused = world
        .desk
        .write_to(&world.access, ana, &short)
        .await
        .unwrap();
    let Posted::Refused(measured) = refused else {
        panic!("{refused:?}")
    };
    assert!(measured.must_change, "{measured:?}");
    let long = Draft {
        despite_advice: true,
        ..text(&"on and on ".repeat(60))
    };
    let measured = world
        .desk
        .measure(&world.access, ana, &long, false)
        .await
        .unwrap();
    assert!(measured.must_change && measured.parts > 3);
}

#[on_both_engines]
async fn what_makes_no_message_is_refused_by_field(engine: Engine) {
    let (world, ana) = world(engine).await;
    let soon = world.desk.now() - SignedDuration::from_secs(1);
    let bad = [
        ("words", text("  ")),
        (
            "channel",
            Draft {
                channel: Channel::Voice,
                ..text("x")
            },
        ),
        (
            "purpose",
            Draft {
                purpose: Purpose::Safety,
                ..text("x")
            },
        ),
        (
            "send_at",
            Draft {
                send_at: Some(soon),
                ..text("x")
            },
        ),
        (
            "send_at",
            Draft {
                send_at: Some(at("2027-04-01T10:00")),
                ..text("x")
            },
        ),
    ];
    for (wanted, draft) in bad {
        let refused = world
            .desk
            .write_to(&world.access, ana, &draft)
            .await
            .unwrap_err();
        assert_eq!(field(&refused), wanted, "{refused}");
    }
    let nobody = PatientId::from_parts(world.desk.now(), [9; 10]);
    let unknown = world.desk.write_to(&world.access, nobody, &text("x")).await;
    assert!(matches!(unknown, Err(DeskError::NotFound("patient"))));
    let reader = world.access_of(
        UserId::from_parts(world.desk.now(), [8; 10]),
        Role::Marketing,
    );
    let denied = world.desk.write_to(&reader, ana, &text("x")).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
}

#[on_both_engines]
async fn the_gates_answer_is_foreseen_when_staff_write(engine: Engine) {
    let (world, ana) = world(engine).await;
    world.run_until("2026-11-02T22:30").await;
    let posted = world
        .desk
        .write_to(&world.access, ana, &text("See you soon."))
        .await
        .unwrap();
    let Posted::Queued { message, foreseen } = posted else {
        panic!("{posted:?}")
    };
    let tendon_care::decision::Outcome::Hold { until, reason } = foreseen else {
        panic!("{foreseen:?}")
    };
    assert_eq!(reason, Reason::QuietHours);
    world.run_until("2026-11-03T12:00").await;
    let sent = world.carrier.sent().pop().unwrap();
    assert_eq!(
        (sent.at, sent.message),
        (until, message),
        "it leaves when the page said"
    );
}

#[on_both_engines]
async fn an_answer_ends_the_waiting_and_is_not_stopped_by_a_pause(engine: Engine) {
    let (world, ana) = world(engine).await;
    world.text(PHONE, "Can I bring my dog?").await;
    let threads = world.reader().threads_waiting(10).await.unwrap();
    assert_eq!(threads.len(), 1);
    let thread = threads[0].thread.id;
    let open = || async {
        let tasks = world.reader().tasks_of(ana).await.unwrap();
        tasks
            .iter()
            .filter(|task| task.state == TaskState::Open)
            .count()
    };
    assert_eq!(open().await, 1);
    world.desk.pause(&world.access, ana, true).await.unwrap();
    let user = world.access_of(
        UserId::from_parts(world.desk.now(), [8; 10]),
        Role::FrontDesk,
    );
    let posted = world
        .desk
        .reply(&user, thread, "Yes, on a leash.", false)
        .await
        .unwrap();
    assert!(matches!(posted, Posted::Queued { .. }), "{posted:?}");
    world.drain().await;
    assert_eq!(world.story(), "Nov  2 10:00 Yes, on a leash.\n");
    assert_eq!(world.reader().threads_waiting(10).await.unwrap().len(), 0);
    assert_eq!(open().await, 0);
    world.text(PHONE, "Which door is it?").await;
    world.desk.thread_done(&user, thread).await.unwrap();
    assert_eq!(world.reader().threads_waiting(10).await.unwrap().len(), 0);
    assert_eq!(open().await, 0);
}

#[on_both_engines]
async fn a_waiting_message_is_held_moved_sent_and_skipped_with_who_decided(engine: Engine) {
    let (world, ana) = world(engine).await;
    let user = UserId::from_parts(world.desk.now(), [8; 10]);
    let staff = world.access_of(user, Role::FrontDesk);
    let later = Draft {
        send_at: Some(at("2026-11-04T10:00")),
        ..text("We have your form.")
    };
    let desk = &world.desk;
    let one = queued(&world, ana, &later).await;
    let hold = MessageAct::Hold {
        until: at("2026-11-05T10:00"),
    };
    desk.on_message(&staff, one, hold).await.unwrap();
    world.run_until("2026-11-04T12:00").await;
    assert_eq!(world.story(), "");
    let to = at("2026-11-05T14:00");
    desk.on_message(&staff, one, MessageAct::Move { to })
        .await
        .unwrap();
    for wrong in [at("2026-11-01T10:00"), at("2026-12-05T10:00")] {
        let refused = desk
            .on_message(&staff, one, MessageAct::Hold { until: wrong })
            .await;
        assert_eq!(field(&refused.unwrap_err()), "at");
    }
    world.run_until("2026-11-04T12:10").await;
    desk.on_message(&staff, one, MessageAct::SendNow)
        .await
        .unwrap();
    world.wait_for(SignedDuration::from_mins(1));
    world.drain().await;
    assert_eq!(
        world.story(),
        "Nov  4 12:11 Riverside PT: We have your form.\n"
    );
    let decisions = world.reader().decisions(one).await.unwrap();
    let told: Vec<_> = decisions
        .iter()
        .map(|row| (row.outcome.as_str(), row.by))
        .collect();
    let mine = Some(user);
    assert_eq!(
        told,
        [
            ("hold", mine),
            ("move", mine),
            ("move", mine),
            ("send", None)
        ]
    );
    let late = desk.on_message(&staff, one, MessageAct::Skip).await;
    assert!(matches!(late, Err(DeskError::Stale(_))));
    let two = queued(&world, ana, &text("Never mind.")).await;
    desk.on_message(&staff, two, MessageAct::Withdraw)
        .await
        .unwrap();
    world.drain().await;
    assert_eq!(world.state_of(two).await, "dropped");
}

#[on_both_engines]
async fn a_person_settles_what_nobody_knew(engine: Engine) {
    for (resolution, copies) in [(Resolution::WasSent, 1), (Resolution::SendAgain, 2)] {
        let (world, ana) = world(engine).await;
        let lost = Outcome::Unknown {
            why: Unsure::ConnectionLost,
        };
        world.carrier.answer_next(lost);
        let message = queued(&world, ana, &text("Your form is here.")).await;
        world.run_until("2026-11-02T12:00").await;
        assert_eq!(world.state_of(message).await, "parked");
        world
            .desk
            .resolve_parked(&world.access, message, resolution)
            .await
            .unwrap();
        world.drain().await;
        assert_eq!(world.state_of(message).await, "sent");
        assert_eq!(world.carrier.sent().len(), copies);
        let tasks = world.reader().tasks_of(ana).await.unwrap();
        assert!(tasks.iter().all(|task| task.state != TaskState::Open));
        let twice = world
            .desk
            .resolve_parked(&world.access, message, resolution)
            .await;
        assert!(matches!(twice, Err(DeskError::Stale(_))));
    }
}

async fn ahead(world: &World, patient: PatientId) -> Vec<PlannedLine> {
    world
        .desk
        .planned(&world.access, patient, 30)
        .await
        .unwrap()
}

#[on_both_engines]
async fn what_the_page_promises_is_what_leaves(engine: Engine) {
    let (world, ana) = world(engine).await;
    world.book_evaluation(ana, "2026-11-24T07:30").await;
    world.book(ana, "2026-11-26T09:00").await;
    let promised: Vec<_> = ahead(&world, ana)
        .await
        .into_iter()
        .filter(|line| !matches!(line.foreseen, Foreseen::Dropped(_)))
        .filter(|line| matches!(line.what, PlannedWhat::Message { .. }))
        .map(|line| (line.leaves_at, line.template.unwrap()))
        .collect();
    assert!(promised.len() >= 3, "{promised:?}");
    world.run_until("2026-11-26T08:59").await;
    let mut left = Vec::new();
    for outgoing in world.carrier.sent() {
        let row = world
            .reader()
            .message(outgoing.message)
            .await
            .unwrap()
            .unwrap();
        left.push((outgoing.at, row.value.template.unwrap()));
    }
    assert_eq!(promised, left);
}

#[on_both_engines]
async fn steps_ahead_can_be_skipped_moved_and_done_now(engine: Engine) {
    let (world, ana) = world(engine).await;
    world.book_evaluation(ana, "2026-11-24T08:40").await;
    let lines = ahead(&world, ana).await;
    assert!(lines.iter().all(|line| !line.words.is_empty()), "{lines:?}");
    let step = |lines: &[PlannedLine], index: usize| lines[index].key.clone();
    let (first, second) = (step(&lines, 0), step(&lines, 1));
    let act =
        async |key: &PlannedKey, act| world.desk.on_planned(&world.access, ana, key, act).await;
    act(&first, PlannedAct::Skip).await.unwrap();
    assert!(
        ahead(&world, ana)
            .await
            .iter()
            .all(|line| line.key != first)
    );
    let to = at("2026-11-20T11:00");
    act(&second, PlannedAct::Move { to }).await.unwrap();
    let moved = ahead(&world, ana).await;
    let moved = moved.iter().find(|line| line.key == second).unwrap();
    assert_eq!(moved.leaves_at, to);
    world.run_until("2026-11-20T10:59").await;
    assert_eq!(world.carrier.sent().len(), 0, "the first was skipped");
    act(&second, PlannedAct::Now).await.unwrap();
    world.drain().await;
    assert_eq!(world.carrier.sent().len(), 1);
    world.run_until("2026-11-20T12:00").await;
    assert_eq!(world.carrier.sent().len(), 1, "done once");
    let late = act(&second, PlannedAct::Skip).await;
    assert!(matches!(late, Err(DeskError::Stale(_))), "{late:?}");
    let unknown = PlannedKey::Step {
        enrolment: tendon_care::id::EnrolmentId::from_parts(world.desk.now(), [9; 10]),
        step: "x".into(),
    };
    let unknown = act(&unknown, PlannedAct::Skip).await;
    assert!(matches!(unknown, Err(DeskError::NotFound("step"))));
}

#[on_both_engines]
async fn a_waiting_message_stands_ahead_until_it_is_skipped(engine: Engine) {
    let (world, ana) = world(engine).await;
    let later = Draft {
        send_at: Some(at("2026-11-04T22:30")),
        ..text("We have your form.")
    };
    let message = queued(&world, ana, &later).await;
    let lines = ahead(&world, ana).await;
    assert_eq!(lines[0].key, PlannedKey::Message(message));
    assert_eq!(lines[0].foreseen, Foreseen::Waits(Reason::QuietHours));
    assert!(lines[0].leaves_at > at("2026-11-05T07:00"));
    world.desk.pause(&world.access, ana, true).await.unwrap();
    assert_eq!(
        ahead(&world, ana).await.len(),
        1,
        "a pause does not hold staff's words"
    );
    let key = PlannedKey::Message(message);
    world
        .desk
        .on_planned(&world.access, ana, &key, PlannedAct::Skip)
        .await
        .unwrap();
    assert_eq!(ahead(&world, ana).await, []);
    let auditor = world.access_of(UserId::from_parts(world.desk.now(), [8; 10]), Role::Auditor);
    let denied = world.desk.planned(&auditor, ana, 30).await;
    assert!(matches!(denied, Err(DeskError::Denied(_))));
}

#[on_both_engines]
async fn tasks_are_taken_done_and_opened_again(engine: Engine) {
    let (world, ana) = world(engine).await;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    world
        .desk
        .on_visit(&world.access, visit, VisitAct::CannotCome, Via::Staff)
        .await
        .unwrap();
    let task = world.reader().tasks_of(ana).await.unwrap().remove(0);
    assert_eq!(task.kind, TaskKind::RebookVisit);
    let maria = world
        .desk
        .add_user(
            &world.access,
            &NewUser {
                email: "maria@example.org".into(),
                name: "Maria".into(),
                role: Role::FrontDesk,
                password: "a quiet morning walk".into(),
            },
        )
        .await
        .unwrap();
    let staff = world.access_of(maria, Role::FrontDesk);
    let act = async |act| world.desk.on_task(&staff, task.id, act).await;
    act(TaskAct::Take).await.unwrap();
    let stranger = UserId::from_parts(world.desk.now(), [9; 10]);
    let refused = act(TaskAct::Assign { to: Some(stranger) })
        .await
        .unwrap_err();
    assert_eq!(field(&refused), "owner");
    act(TaskAct::Assign { to: None }).await.unwrap();
    act(TaskAct::Assign { to: Some(maria) }).await.unwrap();
    act(TaskAct::Done).await.unwrap();
    let done = world.reader().task(task.id).await.unwrap().unwrap();
    assert_eq!(done.owner, Some(maria));
    assert!(matches!(done.state, TaskState::Done { by: Some(by), .. } if by == maria));
    assert!(matches!(act(TaskAct::Done).await, Err(DeskError::Stale(_))));
    act(TaskAct::Reopen).await.unwrap();
    assert!(matches!(
        act(TaskAct::Reopen).await,
        Err(DeskError::Stale(_))
    ));
    let by_machine = world
        .desk
        .on_task(&world.access, task.id, TaskAct::Take)
        .await;
    assert_eq!(field(&by_machine.unwrap_err()), "owner");
}

#[on_both_engines]
async fn a_journey_that_is_off_takes_nobody_new(engine: Engine) {
    let (world, ana) = world(engine).await;
    world
        .desk
        .switch_journey(&world.access, "visit-reminder", false)
        .await
        .unwrap();
    world.book(ana, "2026-11-24T08:40").await;
    assert_eq!(ahead(&world, ana).await, []);
    world
        .desk
        .switch_journey(&world.access, "visit-reminder", true)
        .await
        .unwrap();
    world.book(ana, "2026-11-25T08:40").await;
    assert!(!ahead(&world, ana).await.is_empty());
    let unknown = world
        .desk
        .switch_journey(&world.access, "no-such", true)
        .await;
    assert!(matches!(unknown, Err(DeskError::NotFound("journey"))));
}

#[on_both_engines]
async fn own_words_are_checked_versioned_and_used(engine: Engine) {
    let (world, ana) = world(engine).await;
    let own = |source: &str, seen| OwnWords {
        name: "visit-reminder-1-day".into(),
        language: Language::English,
        part: Part::Sms,
        source: source.into(),
        seen,
    };
    let words = "{{ clinic }}: see you {{ when }}. Reply 1 to confirm, 2 to move, 3 can't come.";
    let save = async |own: OwnWords| world.desk.save_words(&world.access, &own).await;
    let refused = save(own("{{ clinic }}: your knee is due {{ when }}.", 0))
        .await
        .unwrap();
    assert!(matches!(refused, WordsSaved::Refused(_)), "{refused:?}");
    let saved = save(own(words, 0)).await.unwrap();
    assert_eq!(saved, WordsSaved::Saved { version: 1 });
    let stale = save(own(words, 0)).await;
    assert!(matches!(stale, Err(DeskError::Stale(_))));
    assert_eq!(
        save(own(words, 1)).await.unwrap(),
        WordsSaved::Saved { version: 2 }
    );
    world.book(ana, "2026-11-24T08:40").await;
    world.run_until("2026-11-24T08:00").await;
    assert!(
        world.story().contains("Riverside PT: see you "),
        "{}",
        world.story()
    );
}

#[on_both_engines]
async fn a_name_on_every_lock_screen_tells_nothing(engine: Engine) {
    let (world, _) = world(engine).await;
    let mut practice = world.reader().practice().await.unwrap().unwrap();
    practice.name = "Riverside Pelvic Health".into();
    let refused = world
        .desk
        .put_practice(&world.access, &practice)
        .await
        .unwrap_err();
    assert_eq!(field(&refused), "name");
    practice.name = "Riverside Clinic".into();
    world
        .desk
        .put_practice(&world.access, &practice)
        .await
        .unwrap();
    let house = world.desk.house(world.access.practice).await.unwrap();
    assert_eq!(house.practice.name, "Riverside Clinic");
}
