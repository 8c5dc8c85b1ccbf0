//! One seed, one year.

use tendon_store::digest_tables;

use crate::world::live;

#[tokio::test]
async fn two_runs_of_one_seed_are_the_same_to_the_byte() {
    let one = live("same-one", 12, 60, 5).await;
    let two = live("same-two", 12, 60, 5).await;
    assert_eq!(one.report, two.report);
    assert!(one.report.completed > 20, "{:?}", one.report);
    assert_eq!(
        digest_tables(&one.db).await.unwrap(),
        digest_tables(&two.db).await.unwrap()
    );
    let other = live("same-other", 12, 60, 6).await;
    assert_ne!(one.report, other.report);
}
