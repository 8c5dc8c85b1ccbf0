//! Times of day as programs and people write them, with offset and end.

use jiff::ToSpan;
use jiff::civil::Time;
use jiff::tz::Offset;

use super::time::BadTime;

/// A time of day, with what may stand behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The time of day.
    pub time: Time,
    /// The distance from UTC.
    pub offset: Option<Offset>,
    /// The end of a span such as `9:00 - 9:45`.
    pub until: Option<Time>,
}

/// Reads the part of a day number behind its point.
pub fn day_fraction(digits: &str) -> Result<Clock, BadTime> {
    let fraction: f64 = format!("0.{digits}")
        .parse()
        .map_err(|_| BadTime::Malformed)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction of a day has at most 86400 seconds"
    )]
    let seconds = (fraction * 86_400.0).round() as i64;
    let time = Time::midnight()
        .checked_add(seconds.seconds())
        .map_err(|_| BadTime::Malformed)?;
    Ok(Clock {
        time,
        offset: None,
        until: None,
    })
}

/// Reads a time of day, its offset, and the end of a span.
pub fn read_clock(text: &str, from_iso: bool) -> Result<Clock, BadTime> {
    if let Some(fraction) = text.strip_prefix("0.").filter(|f| f.len() > 2) {
        return day_fraction(fraction);
    }
    let (time, mut rest, has_seconds) = time_of_day(text).ok_or(BadTime::Malformed)?;
    let mut clock = Clock {
        time,
        offset: None,
        until: None,
    };
    rest = rest.trim_start();
    if let Some((offset, after)) = read_offset(rest, from_iso || has_seconds) {
        clock.offset = offset;
        rest = after.trim();
    }
    let span = ["-", "–", "—", "to ", "until "]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign));
    if let Some(end) = span {
        let (until, after, _) = time_of_day(end.trim()).ok_or(BadTime::Malformed)?;
        clock.until = Some(until);
        rest = after.trim();
    }
    // "Mon Mar 02 2026 09:00:00 GMT-0500 (Eastern Standard Time)"
    let remark = rest.is_empty() || (rest.starts_with('(') && rest.ends_with(')'));
    remark.then_some(clock).ok_or(BadTime::Malformed)
}

/// Takes `9`, `9:00`, `09:00:00.000`, `0900`, `090000`, each with or without
/// `AM`/`PM`, off the front; tells whether seconds were named.
fn time_of_day(text: &str) -> Option<(Time, &str, bool)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, mut rest) = text.split_at_checked(count)?;
    let pair = |from: usize| digits.get(from..from + 2)?.parse::<i8>().ok();
    let (mut minute, mut second, mut has_seconds) = (0, 0, false);
    let hour: i8 = match count {
        1 | 2 => {
            let mut parts = [&mut minute, &mut second];
            for (n, part) in parts.iter_mut().enumerate() {
                let Some(after) = rest.strip_prefix(':') else {
                    break;
                };
                let (two, after) = after.split_at_checked(2)?;
                **part = two.parse().ok()?;
                has_seconds = n == 1;
                rest = after;
            }
            if has_seconds && rest.starts_with(['.', ',']) {
                let fraction = rest.get(1..)?;
                rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            }
            digits.parse().ok()?
        }
        4 | 6 => {
            minute = pair(2)?;
            has_seconds = count == 6;
            if has_seconds {
                second = pair(4)?;
            }
            pair(0)?
        }
        _ => return None,
    };
    let (half, rest) = half_of_day(rest);
    let bare_hour = count < 3 && !text.contains(':') && half.is_none();
    let hour = match half {
        None if bare_hour => return None,
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some((time, rest, has_seconds))
}

/// Takes `AM`, `p.m.`, `p` off the front: true in the afternoon.
fn half_of_day(text: &str) -> (Option<bool>, &str) {
    let rest = text.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    for (word, afternoon) in [
        ("a.m.", false),
        ("p.m.", true),
        ("am", false),
        ("pm", true),
        ("a", false),
        ("p", true),
    ] {
        let (Some(front), Some(after)) = (rest.get(..word.len()), rest.get(word.len()..)) else {
            continue;
        };
        let ends = !after.starts_with(|c: char| c.is_alphabetic());
        if front.eq_ignore_ascii_case(word) && ends {
            return (Some(afternoon), after);
        }
    }
    (None, text)
}

/// Takes an offset off the front. `-0500` is one only behind seconds or in an
/// ISO form; else it ends a span. Names such as `EST` are taken and not believed:
/// exports write them all year round, and the place knows its own zone.
fn read_offset(text: &str, minus_allowed: bool) -> Option<(Option<Offset>, &str)> {
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(letters)?;
    let is_utc = matches!(word.to_ascii_uppercase().as_str(), "Z" | "UTC" | "GMT");
    let signed = rest.starts_with('+') || (rest.starts_with('-') && (minus_allowed || is_utc));
    if (word.is_empty() || is_utc) && signed {
        let (sign, digits) = rest.split_at_checked(1)?;
        let hours: i8 = digits.get(..2)?.parse().ok()?;
        let after = digits.get(2..)?;
        let (minutes, after) = match after.strip_prefix(':').unwrap_or(after) {
            more if more.starts_with(|c: char| c.is_ascii_digit()) => {
                (more.get(..2)?.parse::<i8>().ok()?, more.get(2..)?)
            }
            more => (0, more),
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        let seconds = if sign == "-" { -seconds } else { seconds };
        return Some((Some(Offset::from_seconds(seconds).ok()?), after));
    }
    if is_utc {
        return Some((Some(Offset::UTC), rest));
    }
    let is_zone_name = (2..=4).contains(&word.len()) && word.to_ascii_uppercase().ends_with('T');
    is_zone_name.then_some((None, rest))
}
