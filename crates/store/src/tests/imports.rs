//! What imports and merges look up and keep.

use jiff::SignedDuration;
use tendon_care::Clock;
use tendon_care::contact::{Address, Channel, Phone};
use tendon_care::id::{AppointmentId, Id, PatientId};
use tendon_care::language::Language;
use tendon_care::matching::blocks;
use tendon_care::patient::{Identifier, Life, Patient, Region};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_care::task::{About, Task, TaskKind, TaskState};

use super::{Bench, Still, on_both_engines};
use crate::commit::{Commit, Write};
use crate::error::CommitError;
use crate::table::{
    AddressKey, ConversationRow, MatchReviewRow, MatchVerdict, ParkedKey, ParkedRow,
    PatientRetired, SourceRow, as_matched,
};

fn patient(bench: &Bench, number: &str) -> Patient {
    Patient {
        id: bench.mint().id(),
        name: PersonName::parse("Reed", "Sam").unwrap(),
        birth_date: Some("1960-02-29".parse().unwrap()),
        sex: Sex::Unknown,
        language: Language::English,
        time_zone: None,
        region: Region::default(),
        life: Life::Living,
        identifiers: vec![Identifier {
            system: "ehr".into(),
            value: Mrn::parse(number).unwrap(),
        }],
        contact_points: vec![],
        proxies: vec![],
        paused: false,
    }
}

async fn apply(bench: &Bench, writes: Vec<Write>) {
    let mut commit = Commit::new(&bench.access);
    commit.extend(writes);
    bench.db.commit(commit).await.unwrap();
}

async fn many_keys_are_found_at_once(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let people: Vec<Patient> = (0..40).map(|n| patient(&bench, &n.to_string())).collect();
    let mut writes = Vec::new();
    for (n, person) in people.iter().enumerate() {
        writes.push(Write::PatientNew(Box::new(person.clone()), Still.now()));
        writes.push(Write::Source(Box::new(SourceRow {
            kind: "patient".into(),
            system: "ehr".into(),
            value: n.to_string(),
            entity: Some(person.id.uuid()),
            patient: Some(person.id),
            hash: vec![7; 32],
            changed_at: Some(Still.now()),
            body: (n == 3).then(|| "said".to_owned()),
        })));
    }
    apply(&bench, writes).await;
    let values: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let found = reader.sources("patient", "ehr", &values).await.unwrap();
    assert_eq!(found.len(), 40);
    assert!(
        reader
            .sources("patient", "lab", &values)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        reader
            .sources("patient", "ehr", &[])
            .await
            .unwrap()
            .is_empty()
    );
    let numbers = reader
        .patients_by_identifiers("ehr", &values)
        .await
        .unwrap();
    assert_eq!(numbers.len(), 40);
    let near = reader
        .patients_in_blocks(&blocks(&as_matched(&people[0])))
        .await
        .unwrap();
    assert_eq!(near.len(), 40, "all of one birthday");
    let people_found = reader.people(&near).await.unwrap();
    assert_eq!(people_found.len(), 40);
    let (_, first) = people_found
        .iter()
        .find(|(id, _)| *id == people[0].id)
        .unwrap();
    assert_eq!(*first, as_matched(&people[0]));
    let said = reader
        .sources_of("patient", people[3].id.uuid())
        .await
        .unwrap();
    assert_eq!(said[0].body.as_deref(), Some("said"));
    assert_eq!(said[0].value, "3");
}

async fn a_doubt_is_settled_once(bench: Bench) {
    let [a, b] = [1, 2].map(|n| PatientId::from_parts(Still.now(), [n; 10]));
    let row = MatchReviewRow {
        a,
        b,
        posterior: 0.9,
        evidence: "name".into(),
        found_at: Still.now(),
        settled: None,
    };
    let settle = |verdict| Write::MatchReviewSettled((b, a), Still.now(), verdict);
    apply(&bench, vec![Write::MatchReview(row)]).await;
    apply(&bench, vec![settle(MatchVerdict::Same)]).await;
    let mut commit = Commit::new(&bench.access);
    commit.push(settle(MatchVerdict::Different));
    let again = bench.db.commit(commit).await;
    assert!(
        matches!(again, Err(CommitError::Conflict { .. })),
        "{again:?}"
    );
}

on_both_engines!(a_doubt_is_settled_once);
on_both_engines!(many_keys_are_found_at_once);

async fn a_parked_record_waits_for_its_patient(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    assert!(!reader.is_anything_parked().await.unwrap());
    let row = ParkedRow {
        key: ParkedKey {
            kind: "appointment".into(),
            system: "book".into(),
            value: "9".into(),
        },
        awaits: ("ehr".into(), "7".into()),
        hash: vec![1, 2],
        parked_at: Still.now(),
        body: "{}".into(),
    };
    apply(&bench, vec![Write::Parked(Box::new(row.clone()))]).await;
    assert!(reader.is_anything_parked().await.unwrap());
    let of = async |value: &str| reader.parked_for("ehr", &[value.to_owned()]).await.unwrap();
    assert_eq!(of("7").await, std::slice::from_ref(&row));
    assert!(of("8").await.is_empty());
    let moved = ParkedRow {
        awaits: ("ehr".into(), "8".into()),
        ..row.clone()
    };
    apply(&bench, vec![Write::Parked(Box::new(moved.clone()))]).await;
    assert_eq!((of("7").await, of("8").await), (vec![], vec![moved]));
    apply(&bench, vec![Write::ParkedGone(row.key)]).await;
    assert!(!reader.is_anything_parked().await.unwrap());
}
on_both_engines!(a_parked_record_waits_for_its_patient);

async fn merges_are_followed_to_the_root(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let people: Vec<Patient> = (0..3).map(|n| patient(&bench, &n.to_string())).collect();
    let [a, b, c]: [PatientId; 3] = std::array::from_fn(|n| people[n].id);
    for person in people {
        apply(
            &bench,
            vec![Write::PatientNew(Box::new(person), Still.now())],
        )
        .await;
    }
    for (patient, into) in [(c, b), (b, a)] {
        let retired = PatientRetired {
            patient,
            version: 1,
            into: Some(into),
        };
        apply(&bench, vec![Write::PatientRetired(retired)]).await;
    }
    for patient in [a, b, c] {
        assert_eq!(reader.root_of(patient).await.unwrap(), a);
        let found = reader.people(&[patient]).await.unwrap();
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [a]);
    }
}
on_both_engines!(merges_are_followed_to_the_root);

async fn threads_of_one_address_are_twins(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let people: Vec<Patient> = (0..2).map(|n| patient(&bench, &n.to_string())).collect();
    let address = Address::Phone(Phone::parse("312-555-0142").unwrap());
    let thread = |patient: PatientId, channel| ConversationRow {
        id: bench.mint().id(),
        patient,
        channel,
        address: Some(AddressKey::new(&address)),
        prompt: None,
        last_at: Still.now(),
        last_inbound_at: None,
        waiting_since: None,
    };
    let mine = thread(people[0].id, Channel::Sms);
    let (twin, lone) = (
        thread(people[1].id, Channel::Sms),
        thread(people[1].id, Channel::Voice),
    );
    let threads = [&mine, &twin, &lone].map(|row| Write::Conversation(row.clone()));
    apply(&bench, threads.to_vec()).await;
    let twins = reader
        .twin_threads(people[1].id, people[0].id)
        .await
        .unwrap();
    assert_eq!(twins.len(), 1);
    assert_eq!(
        (twins[0].message, twins[0].own, twins[0].other),
        (None, twin.id, mine.id)
    );
}
on_both_engines!(threads_of_one_address_are_twins);

async fn a_death_closes_the_open_tasks_of_that_patient_only(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let (a, b): (PatientId, PatientId) = (bench.mint().id(), bench.mint().id());
    let task = |patient| Task {
        id: bench.mint().id(),
        kind: TaskKind::Call,
        about: About {
            patient: Some(patient),
            appointment: Some(AppointmentId::from_parts(Still.now(), [4; 10])),
            message: None,
        },
        due_at: Still.now() + SignedDuration::from_hours(1),
        owner: None,
        state: TaskState::Open,
    };
    for patient in [a, a, b] {
        apply(&bench, vec![Write::TaskNew(task(patient), Still.now())]).await;
    }
    apply(&bench, vec![Write::TasksOfPatientDone(a, Still.now())]).await;
    let open = reader.tasks_open(10).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].about.patient, Some(b));
}
on_both_engines!(a_death_closes_the_open_tasks_of_that_patient_only);
