//! What is written is read back equal, sealed where it must be.

use jiff::SignedDuration;
use tendon_care::Clock;
use tendon_care::access::Actor;
use tendon_care::consent::{
    Act, Basis, Entry, Evidence, EvidenceRef, Extent, RevokedVia, ScopeMode,
};
use tendon_care::contact::{Address, Channel, ContactPoint, Email, Line, Owner, Phone, Standing};
use tendon_care::episode::{Discharge, Episode, EpisodeState, HoldReason};
use tendon_care::language::Language;
use tendon_care::message::{Body, Cause, Content, Message, MessageState};
use tendon_care::patient::{Authority, Identifier, Life, Patient, Proxy, Region, Relation};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_care::purpose::Purpose;

use super::{Bench, Still, on_both_engines};
use crate::commit::{Commit, Versioned, Write};
use crate::error::CommitError;
use crate::table::{AddressKey, ConsentRow, MessageMove, MessageRow};

fn phone() -> Address {
    Address::Phone(Phone::parse("312-555-0142").unwrap())
}

pub(super) fn patient(bench: &Bench) -> Patient {
    let mint = bench.mint();
    let proxy = Proxy {
        id: mint.id(),
        name: PersonName::parse("Núñez", "Rosa").unwrap(),
        relation: Relation::Guardian,
        authority: Authority::Verified { at: Still.now() },
    };
    let contact = |address, owner, rank| ContactPoint {
        id: mint.id(),
        owner,
        address,
        line: Line::Mobile,
        standing: Standing::Verified { at: Still.now() },
        shared: false,
        rank,
    };
    Patient {
        id: mint.id(),
        name: PersonName::parse("O'Brien-Núñez", "María José")
            .unwrap()
            .with_preferred("Majo")
            .unwrap(),
        birth_date: Some("2012-02-29".parse().unwrap()),
        sex: Sex::Female,
        language: Language::Spanish,
        time_zone: Some("America/Denver".into()),
        region: Region {
            state: Some("CO".into()),
            zip: Some("80202".into()),
        },
        life: Life::Living,
        identifiers: vec![Identifier {
            system: "ehr".into(),
            value: Mrn::parse("00123").unwrap(),
        }],
        contact_points: vec![
            contact(phone(), Owner::Patient, 0),
            contact(
                Address::Email(Email::parse("majo@example.org").unwrap()),
                Owner::Proxy(proxy.id),
                1,
            ),
        ],
        proxies: vec![proxy],
        paused: true,
    }
}

pub(super) async fn store_patient(bench: &Bench, patient: &Patient) {
    let mut commit = Commit::new(&bench.access);
    commit.push(Write::PatientNew(Box::new(patient.clone()), Still.now()));
    commit.push(Write::AddressShared(AddressKey::new(&phone())));
    bench.db.commit(commit).await.unwrap();
}

async fn a_patient_comes_back_equal_and_is_found(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let patient = patient(&bench);
    store_patient(&bench, &patient).await;
    let stored = reader.patient(patient.id).await.unwrap().unwrap();
    assert_eq!(stored.value, patient);
    for words in [
        vec!["nun"],
        vec!["maj", "obr"],
        vec!["00123"],
        vec!["jose", "maria", "nunez"],
    ] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        assert_eq!(
            reader.search_words(&words, 10).await.unwrap().len(),
            1,
            "{words:?}"
        );
    }
    assert!(
        reader
            .search_words(&["nun".into(), "ortega".into()], 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        reader.search_address(&phone(), 10).await.unwrap()[0].id,
        patient.id
    );
    assert_eq!(
        reader
            .search_birth_date(patient.birth_date.unwrap(), 10)
            .await
            .unwrap()
            .len(),
        1
    );
    let mrn = &patient.identifiers[0].value;
    assert_eq!(
        reader.patient_by_identifier("ehr", mrn).await.unwrap(),
        Some(patient.id)
    );
    for block in tendon_care::matching::blocks(&crate::as_matched(&patient)) {
        assert_eq!(
            reader.patients_in_block(&block).await.unwrap(),
            [patient.id],
            "{block:?}"
        );
    }
}
on_both_engines!(a_patient_comes_back_equal_and_is_found);

async fn a_phone_of_two_patients_is_shared(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let (one, mut two) = (patient(&bench), patient(&bench));
    two.identifiers.clear();
    store_patient(&bench, &one).await;
    assert!(!reader.contact_points(one.id).await.unwrap()[0].shared);
    store_patient(&bench, &two).await;
    for id in [one.id, two.id] {
        assert!(reader.contact_points(id).await.unwrap()[0].shared);
    }
    // A change of one record does not forget that the other has the phone too.
    let mut stored = reader.patient(two.id).await.unwrap().unwrap();
    stored
        .value
        .contact_points
        .iter_mut()
        .for_each(|point| point.shared = false);
    let mut edit = Commit::new(&bench.access);
    edit.push(Write::Patient(Box::new(stored)));
    bench.db.commit(edit).await.unwrap();
    assert!(reader.contact_points(two.id).await.unwrap()[0].shared);
    assert_eq!(reader.patients_at(&phone()).await.unwrap().len(), 2);
    let mut wrong = Commit::new(&bench.access);
    let standing = Standing::WrongParty { at: Still.now() };
    wrong.push(Write::AddressStanding(AddressKey::new(&phone()), standing));
    bench.db.commit(wrong).await.unwrap();
    assert_eq!(
        reader.contact_points(two.id).await.unwrap()[0].standing,
        standing
    );
    // A change that was begun before is decided again, or the number would work again.
    let mut late = Commit::new(&bench.access);
    late.push(Write::Patient(Box::new(Versioned {
        value: two,
        version: 2,
    })));
    assert!(matches!(
        bench.db.commit(late).await,
        Err(CommitError::Conflict { .. })
    ));
}
on_both_engines!(a_phone_of_two_patients_is_shared);

async fn every_kind_of_consent_comes_back_equal(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let patient = patient(&bench);
    let mint = bench.mint();
    let acts = [
        Act::Granted {
            purpose: Purpose::Marketing,
            channel: Some(Channel::Sms),
            basis: Basis::Written,
            wording_version: "2028-1".into(),
            language: Language::Spanish,
            unencrypted_warning_version: Some("1".into()),
        },
        Act::Revoked {
            extent: Extent::Unqualified {
                topic: Some(Purpose::Care),
                mode: ScopeMode::BrandAll,
            },
            via: RevokedVia::Text,
        },
        Act::Revoked {
            extent: Extent::Narrowed {
                purposes: [Purpose::Feedback, Purpose::Marketing]
                    .into_iter()
                    .collect(),
                channel: None,
            },
            via: RevokedVia::Page,
        },
        Act::Revoked {
            extent: Extent::Everything,
            via: RevokedVia::Staff,
        },
        Act::CarrierBlocked,
        Act::CarrierLifted,
    ];
    store_patient(&bench, &patient).await;
    let mut commit = Commit::new(&bench.access);
    let mut entries = Vec::new();
    for (index, act) in acts.into_iter().enumerate() {
        let entry = Entry {
            id: mint.id(),
            person: Owner::Patient,
            address: phone(),
            captured_at: Still.now() + SignedDuration::from_secs(i64::try_from(index).unwrap()),
            captured_by: Actor::Patient { id: patient.id },
            evidence: Evidence::Form(EvidenceRef::new("desk form 7")),
            act,
        };
        entries.push(entry.clone());
        commit.push(Write::Consent(Box::new(ConsentRow {
            patient: patient.id,
            strand: Some(patient.id),
            entry,
        })));
    }
    bench.db.commit(commit).await.unwrap();
    let stored: Vec<Entry> = reader
        .consents(patient.id)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.entry)
        .collect();
    assert_eq!(stored, entries);
    let ledger = reader.ledger(patient.id).await.unwrap();
    assert_eq!(ledger.entries().len(), entries.len());
}
on_both_engines!(every_kind_of_consent_comes_back_equal);

async fn every_state_of_an_episode_comes_back_equal(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let (patient, at) = (bench.mint().id(), Still.now());
    let states = [
        EpisodeState::Referred { at },
        EpisodeState::Contacted { at },
        EpisodeState::EvalScheduled { at },
        EpisodeState::Evaluated { at },
        EpisodeState::Active { at },
        EpisodeState::OnHold {
            at,
            reason: HoldReason::Surgery,
            review_on: "2028-02-29".parse().unwrap(),
        },
        EpisodeState::AtRisk { at },
        EpisodeState::Lost { at },
        EpisodeState::Discharged {
            at,
            how: Discharge::Plateau,
        },
        EpisodeState::Maintenance { at },
    ];
    let episode = Episode {
        id: bench.mint().id(),
        patient,
        clinician: None,
        state: states[0].clone(),
        reactivates: None,
    };
    let mut commit = Commit::new(&bench.access);
    commit.push(Write::EpisodeNew(episode.clone()));
    bench.db.commit(commit).await.unwrap();
    for state in states {
        let stored = reader.episode(episode.id).await.unwrap().unwrap();
        let value = Episode {
            state: state.clone(),
            ..stored.value
        };
        let mut commit = Commit::new(&bench.access);
        commit.push(Write::Episode(Versioned {
            value,
            version: stored.version,
        }));
        bench.db.commit(commit).await.unwrap();
        assert_eq!(
            reader.episode(episode.id).await.unwrap().unwrap().state,
            state
        );
    }
}
on_both_engines!(every_state_of_an_episode_comes_back_equal);

pub(super) fn message(bench: &Bench) -> MessageRow {
    MessageRow {
        message: Message {
            id: bench.mint().id(),
            patient: bench.mint().id(),
            conversation: Some(bench.mint().id()),
            contact_point: None,
            channel: Channel::Sms,
            purpose: Purpose::Care,
            language: Language::Spanish,
            cause: Cause::Journey {
                enrolment: bench.mint().id(),
                journey: "visit-reminder".into(),
                version: 3,
                step: "one-day".into(),
            },
            appointment: Some(bench.mint().id()),
            content: Content {
                subject: None,
                text: Body::new("Nos vemos mañana a las 9"),
                html: None,
            },
            expires_at: Still.now() + SignedDuration::from_hours(20),
            state: MessageState::Queued {
                due_at: Still.now(),
            },
        },
        template: Some("visit-reminder-1-day".into()),
        prompt: Some("visit".into()),
        appointment_start: Some(Still.now() + SignedDuration::from_hours(24)),
        sender: None,
        segments: 1,
        priority: 50,
        created_at: Still.now(),
        carrier: None,
    }
}

async fn a_message_walks_its_states_and_its_words_are_sealed(bench: Bench) {
    let reader = bench.db.reader(&bench.access);
    let row = message(&bench);
    let (id, at) = (row.message.id, Still.now());
    let mut commit = Commit::new(&bench.access);
    commit.push(Write::MessageNew(Box::new(row.clone())));
    bench.db.commit(commit).await.unwrap();
    let stored = reader.message(id).await.unwrap().unwrap();
    assert_eq!(stored.value, row);

    let lease = crate::Lease {
        id: uuid::Uuid::from_u128(1),
        now: at,
        until: at,
        limit: 10,
    };
    let claimed = bench
        .db
        .claim_messages(&lease, Channel::Sms)
        .await
        .unwrap()
        .ready;
    assert_eq!((claimed.len(), claimed[0].started), (1, false));

    let walk = [
        MessageState::Sending { at, attempt: 1 },
        MessageState::Unknown { at },
        MessageState::Sent {
            at,
            carrier_ref: "SM1".into(),
        },
        MessageState::Delivered {
            at,
            carrier_ref: "SM1".into(),
        },
    ];
    for (version, state) in (1..).zip(walk) {
        let mut commit = Commit::new(&bench.access);
        let mut change = MessageMove::to(id, version, state.clone());
        change.carrier = Some("twilio".into());
        commit.push(Write::MessageState(Box::new(change)));
        bench.db.commit(commit).await.unwrap();
        assert_eq!(
            reader.message(id).await.unwrap().unwrap().message.state,
            state
        );
    }
    assert!(
        reader
            .message_by_ref("twilio", "SM1")
            .await
            .unwrap()
            .is_some()
    );
    let sends = reader
        .sends_to_patient(row.message.patient, at)
        .await
        .unwrap();
    assert_eq!(sends, [(at, Purpose::Care, false)]);

    if let Some(file) = bench.file() {
        let mut bytes = std::fs::read(file).unwrap();
        bytes.extend(std::fs::read(format!("{}-wal", file.display())).unwrap_or_default());
        let found = |text: &str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(found("visit-reminder-1-day"), "the file holds the row");
        assert!(!found("Nos vemos"), "the words are readable in the file");
    }
}
on_both_engines!(a_message_walks_its_states_and_its_words_are_sealed);
