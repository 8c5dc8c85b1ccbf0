//! One seed, one year.

use tendon_store::digest_tables;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{Span, live};

#[on_both_engines]
async fn two_runs_of_one_seed_are_the_same_to_the_byte(engine: Engine) {
    let span = |seed| Span {
        patients: 12,
        days: 60,
        seed,
    };
    let one = live(engine, span(5)).await;
    let two = live(engine, span(5)).await;
    assert_eq!(one.report, two.report);
    assert!(one.report.completed > 20, "{:?}", one.report);
    assert_eq!(
        digest_tables(&one.db).await.unwrap(),
        digest_tables(&two.db).await.unwrap()
    );
    let other = live(engine, span(6)).await;
    assert_ne!(one.report, other.report);
}
