//! The collections of real-world files: values or problems, and twice is once.

use tendon_desk::import::{Arrival, ImportOptions, ImportReport, read_fhir, read_hl7};
use tendon_exchange::source::{FHIR, HL7, walk};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::NOW;
use crate::world::World;

fn shared(path: &str) -> Option<std::path::PathBuf> {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path);
    if data.exists() {
        return Some(data);
    }
    println!("SKIPPED: no ../shared/data/{path} beside the repository");
    None
}

async fn twice(world: &World, arrivals: impl Fn() -> Vec<Arrival>) -> [ImportReport; 2] {
    let options = ImportOptions::default();
    let mut reports = Vec::new();
    for _ in 0..2 {
        let arrivals = arrivals().into_iter();
        let report = world
            .desk
            .import_arrivals(&world.access, arrivals, &options, |_| ())
            .await;
        reports.push(report.unwrap());
    }
    reports.try_into().unwrap()
}

#[on_both_engines]
async fn the_synthetic_practice_comes_in_whole_and_once(engine: Engine) {
    let Some(data) = shared("fhir_synthea_bundles") else {
        return;
    };
    let world = World::open(engine, NOW).await;
    let [first, second] = twice(&world, || read_fhir(walk([&data], FHIR).0).collect()).await;
    assert_eq!(first.of("patient").created, 121);
    let total = second.total();
    assert_eq!((total.created, total.updated, total.rejected), (0, 0, 0));
    assert_eq!(
        total.unchanged,
        first.total().created + first.total().unchanged
    );
}

#[on_both_engines]
async fn every_message_of_the_collection_becomes_values_or_problems(engine: Engine) {
    let Some(data) = shared("hl7v2") else { return };
    let world = World::open(engine, NOW).await;
    let [first, second] = twice(&world, || read_hl7(walk([&data], HL7).0).collect()).await;
    assert!(first.of("patient").created > 50, "{first:?}");
    assert_eq!(second.total().created, 0, "{second:?}");
    assert_eq!(second.total().updated, 0, "{second:?}");
}

#[on_both_engines]
async fn broken_resources_become_values_or_problems(engine: Engine) {
    let Some(data) = shared("fhir_edge_cases") else {
        return;
    };
    let world = World::open(engine, NOW).await;
    let [first, second] = twice(&world, || read_fhir(walk([&data], FHIR).0).collect()).await;
    assert!(
        first.total().created > 10 && first.problems > 10,
        "{first:?}"
    );
    assert_eq!(second.total().created, 0, "{second:?}");
    assert_eq!(second.total().updated, 0, "{second:?}");
}
