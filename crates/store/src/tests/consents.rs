//! What is said about consent, about an address, and a merge at the same moment.

use tendon_care::Clock;
use tendon_care::consent::{Act, Entry, Evidence, Extent, RevokedVia};
use tendon_care::contact::{Address, Owner, Standing};
use tendon_care::id::PatientId;
use tendon_care::patient::Patient;

use super::roundtrip::{patient, store_patient};
use super::{Bench, Still, on_both_engines};
use crate::commit::{Commit, Versioned, Write};
use crate::error::CommitError;
use crate::table::{AddressKey, ConsentRow, PatientRetired};

/// A patient without anything that another one of the same make would have.
fn another(bench: &Bench) -> Patient {
    let mut other = patient(bench);
    other.identifiers.clear();
    other.contact_points.truncate(1);
    other.proxies.clear();
    for point in &mut other.contact_points {
        point.standing = Standing::Unverified;
    }
    other
}

fn stop(bench: &Bench, patient: PatientId, address: &Address) -> ConsentRow {
    ConsentRow {
        patient,
        strand: Some(patient),
        entry: Entry {
            id: bench.mint().id(),
            person: Owner::Patient,
            address: address.clone(),
            captured_at: Still.now(),
            captured_by: bench.access.actor,
            evidence: Evidence::Message(bench.mint().id()),
            act: Act::Revoked {
                extent: Extent::Everything,
                via: RevokedVia::Text,
            },
        },
    }
}

async fn say(bench: &Bench, row: ConsentRow) -> Result<(), CommitError> {
    let mut commit = Commit::new(&bench.access);
    commit.push(Write::Consent(Box::new(row)));
    bench.db.commit(commit).await
}

async fn a_record_that_was_merged_takes_no_more_consents(bench: Bench) {
    let (ana, again) = (patient(&bench), another(&bench));
    store_patient(&bench, &ana).await;
    store_patient(&bench, &again).await;
    let phone = ana.contact_points[0].address.clone();
    let mut merge = Commit::new(&bench.access);
    merge.push(Write::PatientRetired(PatientRetired {
        patient: again.id,
        version: 1,
        into: Some(ana.id),
    }));
    bench.db.commit(merge).await.unwrap();
    let late = say(&bench, stop(&bench, again.id, &phone)).await;
    assert!(
        matches!(late, Err(CommitError::Conflict { .. })),
        "{late:?}"
    );
    say(&bench, stop(&bench, ana.id, &phone)).await.unwrap();
    let reader = bench.db.reader(&bench.access);
    assert_eq!(reader.consents(again.id).await.unwrap(), []);
    assert_eq!(reader.consents(ana.id).await.unwrap().len(), 1);
}
on_both_engines!(a_record_that_was_merged_takes_no_more_consents);

async fn who_read_a_record_before_a_no_decides_again(bench: Bench) {
    let ana = patient(&bench);
    store_patient(&bench, &ana).await;
    let reader = bench.db.reader(&bench.access);
    let before = reader.patient(ana.id).await.unwrap().unwrap();
    let phone = ana.contact_points[0].address.clone();
    say(&bench, stop(&bench, ana.id, &phone)).await.unwrap();
    let mut merge = Commit::new(&bench.access);
    merge.push(Write::Patient(Box::new(before)));
    let stale = bench.db.commit(merge).await;
    assert!(
        matches!(stale, Err(CommitError::Conflict { .. })),
        "{stale:?}"
    );
    // One commit may say something and change the record, in whatever order.
    let mut both = Commit::new(&bench.access);
    both.push(Write::Consent(Box::new(stop(&bench, ana.id, &phone))));
    let now = reader.patient(ana.id).await.unwrap().unwrap();
    both.push(Write::Patient(Box::new(Versioned {
        version: now.version,
        value: ana,
    })));
    bench.db.commit(both).await.unwrap();
}
on_both_engines!(who_read_a_record_before_a_no_decides_again);

async fn what_was_learnt_of_an_address_holds_on_the_next_record(bench: Bench) {
    let ana = patient(&bench);
    store_patient(&bench, &ana).await;
    let point = &ana.contact_points[0];
    let at = Still.now();
    let wrong = Standing::WrongParty { at };
    let mut learnt = Commit::new(&bench.access);
    learnt.push(Write::AddressStanding(
        AddressKey::new(&point.address),
        wrong,
    ));
    learnt.push(Write::Consent(Box::new(stop(
        &bench,
        ana.id,
        &point.address,
    ))));
    bench.db.commit(learnt).await.unwrap();

    let next = another(&bench);
    store_patient(&bench, &next).await;
    let reader = bench.db.reader(&bench.access);
    let points = reader.contact_points(next.id).await.unwrap();
    assert_eq!(points[0].standing, wrong);
    let said = reader.consents_elsewhere(next.id).await.unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(
        (
            said[0].contact_point,
            said[0].patient,
            said[0].entries.len()
        ),
        (points[0].id, ana.id, 1)
    );
    // Who has been told that it is right after all is believed, and stays so.
    let mut known = reader.patient(next.id).await.unwrap().unwrap();
    known.value.contact_points[0].standing = Standing::Verified { at };
    let mut proved = Commit::new(&bench.access);
    proved.push(Write::Patient(Box::new(known)));
    bench.db.commit(proved).await.unwrap();
    let points = reader.contact_points(next.id).await.unwrap();
    assert_eq!(points[0].standing, Standing::Verified { at });
}
on_both_engines!(what_was_learnt_of_an_address_holds_on_the_next_record);
