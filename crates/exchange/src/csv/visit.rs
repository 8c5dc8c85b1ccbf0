//! The visit of a row.

use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::person::search_words;

use super::cells::Cells;
use super::clock::Clock;
use super::fields::{AppointmentMap, NamedMap};
use super::status::{self, Verdict, Word};
use super::time::{self, BadTime};
use super::value;
use crate::record::{AppointmentRecord, ForeignKey, Moment, VisitStatus};

/// Longer visits are a mistake of the table; a day of group care is not.
const MAX_MINUTES: u16 = 24 * 60;

/// Whom a visit concerns, as far as its row told before.
pub struct Around {
    /// The patient.
    pub patient: ForeignKey,
    /// The clinician and the name.
    pub clinician: (Option<ForeignKey>, Option<String>),
    /// The place and its name.
    pub location: (Option<ForeignKey>, Option<String>),
    /// The course of care.
    pub episode: Option<ForeignKey>,
}

/// Where a visit stands.
#[derive(Clone, Copy)]
pub struct Standing {
    status: Option<VisitStatus>,
    /// Since when, where the row says.
    since: Option<Moment>,
}

/// Reads the visit of a row, or notes why it cannot be used.
pub fn read(
    cells: &mut Cells<'_>,
    map: &AppointmentMap,
    system: &str,
    around: Around,
    standing: Standing,
) -> Option<AppointmentRecord> {
    let Standing { status, since } = standing;
    let (starts_at, until) = start(cells, map, status)?;
    let key = key(cells, map, system, &around, starts_at)?;
    Some(AppointmentRecord {
        key,
        minutes: length(cells, map, starts_at, until),
        patient: around.patient,
        patient_record: None,
        location: around.location.0,
        location_name: around.location.1,
        clinician: around.clinician.0,
        clinician_name: around.clinician.1,
        episode: around.episode,
        kind: kind(cells, map),
        starts_at: Some(starts_at),
        status,
        booked_at: cells.moment(&map.booked_at),
        status_at: since,
        changed_at: cells.moment(&map.changed_at),
        moved: false,
    })
}

/// Reads where a visit stands; `None` for a closed slot, which is no visit.
pub fn standing(cells: &mut Cells<'_>, map: &AppointmentMap, removed: bool) -> Option<Standing> {
    let at = |status, since| Some(Standing { status, since });
    if removed {
        return at(Some(VisitStatus::Void), None);
    }
    let by = cells
        .value(&map.reason)
        .map_or(CancelledBy::Unknown, |cell| status::cancelled_by(cell.text));
    let is = |word: Word, since| word.status(by).and_then(|status| at(Some(status), since));
    for rule in &map.status {
        let Some(cell) = cells.value(&rule.column) else {
            continue;
        };
        match rule.judge(cell.text) {
            Verdict::Silent => {}
            Verdict::Is(word) => return is(word, None),
            Verdict::Since(word) => {
                let since = cells.moment(&rule.column);
                return is(word, since);
            }
            Verdict::Unknown => {
                cells.ignore(cell.at, "is no status that is known");
                return at(None, None);
            }
        }
    }
    map.otherwise
        .map_or_else(|| at(None, None), |word| is(word, None))
}

/// Reads when a visit begins, and the end of a span that stands with it.
///
/// A day without a time of day will do for a visit that is over. For one to come
/// it will not: the patient would be reminded of midnight.
fn start(
    cells: &mut Cells<'_>,
    map: &AppointmentMap,
    status: Option<VisitStatus>,
) -> Option<(Moment, Option<Moment>)> {
    let Some(cell) = cells.value(&map.starts) else {
        let place = Cells::place(&map.starts);
        cells.reject(place, "is empty: the row names no time");
        return None;
    };
    let mut stamp = match cells.stamp(cell) {
        Ok(stamp) => stamp,
        Err(error) => {
            cells.reject(cell.at, error.to_string());
            return None;
        }
    };
    let apart = cells
        .value(&map.starts_time)
        .filter(|time| time.at != cell.at);
    if let Some(cell) = apart {
        match clock_of(cells, cell.at, cell.text) {
            // A time of its own column beats the midnight of a date column.
            Ok(clock) => stamp.time = Some(clock),
            Err(error) => {
                cells.reject(cell.at, error.to_string());
                return None;
            }
        }
    }
    let over = !matches!(
        status,
        None | Some(VisitStatus::Booked | VisitStatus::Confirmed)
    );
    if stamp.time.is_none() && !over && !map.days_only {
        cells.reject(cell.at, BadTime::NoTime.to_string());
        return None;
    }
    Some((stamp.moment(cells.zone), stamp.until(cells.zone)))
}

/// Reads a column of times, in which programs also write a date before the time.
fn clock_of(cells: &mut Cells<'_>, at: usize, text: &str) -> Result<Clock, BadTime> {
    time::clock(text).or_else(|error| {
        let (order, _) = cells.orders.order(at, text);
        let stamp = time::stamp(text, order?).map_err(|_| error)?;
        stamp.time.ok_or(BadTime::NoTime)
    })
}

fn length(
    cells: &mut Cells<'_>,
    map: &AppointmentMap,
    starts_at: Moment,
    until: Option<Moment>,
) -> Option<u16> {
    let between = |end: Moment| time::minutes_between(starts_at, end);
    let (minutes, at) = if let Some(cell) = cells.value(&map.minutes) {
        (value::minutes(cell.text), cell.at)
    } else if let Some(cell) = cells.value(&map.seconds) {
        let seconds: Option<u32> = cell.text.parse().ok();
        let minutes = seconds.and_then(|seconds| u16::try_from(seconds / 60).ok());
        (minutes, cell.at)
    } else if let Some(cell) = cells.value(&map.ends_time) {
        let clock = clock_of(cells, cell.at, cell.text).ok()?;
        (on_the_day(starts_at, clock).and_then(between), cell.at)
    } else if let Some(cell) = cells.value(&map.ends) {
        let end = match time::clock(cell.text) {
            Ok(clock) => on_the_day(starts_at, clock),
            Err(_) => match cells.stamp(cell) {
                // An end without a time of day says nothing about the length.
                Ok(stamp) if stamp.time.is_none() => return None,
                Ok(stamp) => Some(stamp.moment(cells.zone)),
                Err(error) => {
                    cells.ignore(cell.at, error.to_string());
                    return None;
                }
            },
        };
        (end.and_then(between), cell.at)
    } else {
        return until.and_then(between);
    };
    let fits = minutes.filter(|minutes| (1..=MAX_MINUTES).contains(minutes));
    if fits.is_none() {
        cells.ignore(at, "is no length of a visit");
    }
    fits
}

/// Returns a time of day on the day of another moment, where that is local.
fn on_the_day(starts_at: Moment, clock: Clock) -> Option<Moment> {
    match starts_at {
        Moment::Local(start) => Some(Moment::Local(start.date().to_datetime(clock.time))),
        Moment::Exact(_) => None,
    }
}

fn kind(cells: &mut Cells<'_>, map: &AppointmentMap) -> Option<VisitKind> {
    if let Some(first) = cells.value(&map.first_visit)
        && let Some(yes) = value::yes(first.text)
    {
        return Some(if yes {
            VisitKind::Evaluation
        } else {
            VisitKind::Recurring
        });
    }
    cells
        .all(&map.kind)
        .into_iter()
        .find_map(|cell| status::kind(cell.text))
}

/// Returns the key of a visit: its number, or who comes when to whom. The latter
/// makes a visit that was moved another one.
fn key(
    cells: &mut Cells<'_>,
    map: &AppointmentMap,
    system: &str,
    around: &Around,
    starts_at: Moment,
) -> Option<ForeignKey> {
    let Some(cell) = cells.value(&map.key) else {
        let start = match starts_at {
            Moment::Exact(at) => at.to_string(),
            Moment::Local(at) => at.to_string(),
        };
        let clinician = around.clinician.0.as_ref().map(|key| key.value.as_str());
        return Some(ForeignKey {
            system: format!("{system}:visit"),
            value: format!(
                "{}|{start}|{}",
                around.patient.value,
                clinician.unwrap_or_default()
            ),
        });
    };
    match value::record_number(cell.text) {
        Ok(number) => Some(ForeignKey {
            system: format!("{system}:appointment"),
            value: if map.sign_is_state {
                // Visits of two people may have the same number but for the sign.
                let unsigned = number.trim_start_matches('-');
                format!("{unsigned}|{}", around.patient.value)
            } else {
                number.into_owned()
            },
        }),
        Err(error) => {
            cells.reject(cell.at, error.to_string());
            None
        }
    }
}

/// Returns the key and the name of a clinician or a place.
pub fn named(
    cells: &mut Cells<'_>,
    map: &NamedMap,
    system: &str,
    what: &str,
) -> (Option<ForeignKey>, Option<String>) {
    let number = cells.value(&map.key);
    let number = number.and_then(|cell| match value::record_number(cell.text) {
        Ok(number) => Some(number.into_owned()),
        Err(error) => {
            cells.ignore(cell.at, error.to_string());
            None
        }
    });
    if number.is_none() && map.key_needed {
        return (None, None);
    }
    let name = cells
        .words(&map.name)
        .filter(|name| !value::is_filler(name))
        .map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
    let key = match (number, &name) {
        (Some(value), _) => Some(ForeignKey {
            system: format!("{system}:{what}"),
            value,
        }),
        (None, Some(name)) => Some(search_words(name).join(" "))
            .filter(|folded| !folded.is_empty())
            .map(|value| ForeignKey {
                system: format!("{system}:{what}-name"),
                value,
            }),
        (None, None) => None,
    };
    (key, name)
}
