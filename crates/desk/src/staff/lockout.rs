//! How long an account is shut after failures in a row.

use jiff::{SignedDuration, Timestamp};

/// Failures in a row that cost nothing.
const FREE: u16 = 4;

/// Minutes for which the fifth, sixth, seventh and every later failure shuts the
/// account: 1, 5, 15, 60.
const MINUTES: [i64; 4] = [1, 5, 15, 60];

/// Returns until when an account is shut after so many failures in a row; the
/// epoch where it is not.
///
/// Someone who guesses gets four tries and then at most one an hour: 28 in a day.
pub(crate) fn locked_until(failures: u16, now: Timestamp) -> Timestamp {
    let Some(past) = failures.checked_sub(FREE + 1) else {
        return Timestamp::UNIX_EPOCH;
    };
    let [.., longest] = MINUTES;
    let minutes = MINUTES.get(usize::from(past)).unwrap_or(&longest);
    now + SignedDuration::from_mins(*minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let table = [
            (1, 0),
            (4, 0),
            (5, 1),
            (6, 5),
            (7, 15),
            (8, 60),
            (9, 60),
            (u16::MAX, 60),
        ];
        for (failures, minutes) in table {
            let until = locked_until(failures, now);
            let shut = until.duration_since(now).as_mins().max(0);
            assert_eq!(shut, minutes, "{failures} failures");
        }
    }
}
