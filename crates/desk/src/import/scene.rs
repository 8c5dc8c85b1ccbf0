//! What stays the same for the length of a batch.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use tendon_care::access::Access;
use tendon_store::Reader;

use crate::desk::Desk;
use crate::error::DeskError;
use crate::house::House;

/// Who imports into which practice, and when that is.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) desk: Desk,
    pub(super) access: Access,
    pub(super) house: Arc<House>,
    pub(super) now: Timestamp,
    /// The practice's day.
    pub(super) today: Date,
}

impl Scene {
    pub(super) async fn open(desk: Desk, access: Access) -> Result<Self, DeskError> {
        let house = desk.house(access.practice).await?;
        let now = desk.now();
        let today = now.to_zoned(house.practice.time_zone.clone()).date();
        Ok(Self {
            desk,
            access,
            house,
            now,
            today,
        })
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        self.desk.db().reader(&self.access)
    }
}
