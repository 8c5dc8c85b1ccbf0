//! Where a person may be, and so which clocks and which states' law count.
//!
//! Nobody knows where a phone is tonight. The address, the area code, the
//! patient's own zone and the clinic each name a possibility, and a message may
//! go only when it is a decent hour in all of them (domain rule: the window is
//! the intersection over zones and states). An area code proves nothing about a
//! mobile's home, which is why it may only ever narrow the window.

mod table;

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::contact::{Address, Phone};
use crate::patient::Region;

/// Two-letter codes of USPS, in the order of their bits in [`States`].
const CODES: [&str; 59] = [
    "AK", "AL", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA", "GU", "HI", "IA",
    "ID", "IL", "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO", "MP", "MS", "MT",
    "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR", "PW", "RI", "SC",
    "SD", "TN", "TX", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
];

/// A state, the District of Columbia or a territory of the United States.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State(u8);

impl State {
    /// Reads a two-letter USPS code in either case.
    pub fn from_code(text: &str) -> Option<Self> {
        let at = CODES
            .iter()
            .position(|code| code.eq_ignore_ascii_case(text.trim()))?;
        u8::try_from(at).ok().map(Self)
    }

    /// Returns the two-letter code in upper case.
    pub fn code(self) -> &'static str {
        CODES.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// A set of states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct States(u64);

impl States {
    /// Returns the set with one more state in it.
    #[must_use]
    pub const fn with(self, state: State) -> Self {
        Self(self.0 | (1 << state.0))
    }

    /// Returns the states of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether the state is in the set.
    pub const fn contains(self, state: State) -> bool {
        self.0 & (1 << state.0) != 0
    }

    /// Lists the states in the order of their codes.
    pub fn iter(self) -> impl Iterator<Item = State> {
        (0_u8..64)
            .filter(move |bit| self.0 & (1 << bit) != 0)
            .map(State)
    }
}

macro_rules! zones {
    ($($name:ident $iana:literal,)*) => {
        /// A clock that the tables name; several IANA zones that agree share one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Zone { $(#[doc = $iana] $name,)* }

        impl Zone {
            /// Every clock of the tables.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the IANA name.
            pub const fn iana(self) -> &'static str {
                match self { $(Self::$name => $iana),* }
            }
        }
    };
}

zones! {
    NewYork "America/New_York",
    Chicago "America/Chicago",
    Denver "America/Denver",
    Phoenix "America/Phoenix",
    LosAngeles "America/Los_Angeles",
    Anchorage "America/Anchorage",
    Adak "America/Adak",
    Honolulu "Pacific/Honolulu",
    PuertoRico "America/Puerto_Rico",
    Guam "Pacific/Guam",
    PagoPago "Pacific/Pago_Pago",
    Pohnpei "Pacific/Pohnpei",
    Palau "Pacific/Palau",
    Majuro "Pacific/Majuro",
    Halifax "America/Halifax",
    StJohns "America/St_Johns",
    Regina "America/Regina",
    Edmonton "America/Edmonton",
    Vancouver "America/Vancouver",
    Whitehorse "America/Whitehorse",
    Winnipeg "America/Winnipeg",
}

/// The clocks, parsed once: looking one up by name takes a lock each time.
static CLOCKS: LazyLock<Vec<Option<TimeZone>>> = LazyLock::new(|| {
    Zone::ALL
        .iter()
        .map(|zone| TimeZone::get(zone.iana()).ok())
        .collect()
});

impl Zone {
    /// Finds the clock that an IANA name means, aliases included.
    pub fn from_iana(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|zone| zone.iana() == name)
            .or_else(|| {
                table::ALIASES
                    .iter()
                    .find(|(alias, _)| *alias == name)
                    .map(|(_, zone)| *zone)
            })
    }

    /// Returns the parsed rules of this clock.
    pub fn time_zone(self) -> Option<&'static TimeZone> {
        CLOCKS.get(self as usize).and_then(Option::as_ref)
    }
}

/// What a ZIP prefix or an area code says about where somebody may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    clocks: u32,
    states: States,
}

impl Hint {
    fn of(states: &[&str], zones: &[Zone]) -> Self {
        Self {
            clocks: zones.iter().fold(0, |set, zone| set | (1 << *zone as u32)),
            states: states
                .iter()
                .filter_map(|code| State::from_code(code))
                .fold(States::default(), States::with),
        }
    }

    /// Lists the clocks.
    pub fn zones(self) -> impl Iterator<Item = Zone> {
        Zone::ALL
            .iter()
            .copied()
            .filter(move |zone| self.clocks & (1 << *zone as u32) != 0)
    }

    /// Returns the states.
    pub const fn states(self) -> States {
        self.states
    }

    /// Looks up the first three digits of a ZIP; `None` where nobody lives.
    pub fn of_zip(zip: &str) -> Option<Self> {
        find(&BY_ZIP3, zip.trim().get(..3)?)
    }

    /// Looks up a North American area code; `None` for one that names no place.
    pub fn of_area_code(code: &str) -> Option<Self> {
        find(&BY_AREA_CODE, code)
    }
}

/// A slot for each of the thousand three-digit codes.
type Slots = Vec<Option<Hint>>;

static BY_ZIP3: LazyLock<Slots> = LazyLock::new(|| {
    let rows = table::ZIP3.iter().flat_map(|(first, last, states, zones)| {
        (*first..=*last).map(|zip3| (zip3, Hint::of(states, zones)))
    });
    slots(rows)
});

static BY_AREA_CODE: LazyLock<Slots> = LazyLock::new(|| {
    let states = table::AREA_CODES.iter().flat_map(|(state, zones, codes)| {
        codes.iter().map(|code| (*code, Hint::of(&[*state], zones)))
    });
    let canada = table::CANADA
        .iter()
        .flat_map(|(zones, codes)| codes.iter().map(|code| (*code, Hint::of(&[], zones))));
    slots(states.chain(canada))
});

fn slots(rows: impl Iterator<Item = (u16, Hint)>) -> Slots {
    let mut slots = vec![None; 1000];
    for (code, hint) in rows {
        if let Some(slot) = slots.get_mut(usize::from(code)) {
            *slot = Some(hint);
        }
    }
    slots
}

fn find(slots: &Slots, code: &str) -> Option<Hint> {
    let whole = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let at: usize = whole.then(|| code.parse().ok())??;
    slots.get(at).copied().flatten()
}

/// Every place where the recipient may be. Always holds the clinic's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    hint: Hint,
    /// Clocks outside the tables, such as a traveller's `Europe/Madrid`.
    others: Vec<TimeZone>,
}

impl Place {
    /// Begins with the clinic, whose clock and law always count.
    pub fn clinic(zone: &TimeZone, state: Option<State>) -> Self {
        let start = Self {
            hint: Hint {
                clocks: 0,
                states: state.map_or(States::default(), |state| States::default().with(state)),
            },
            others: Vec::new(),
        };
        start.with_zone(zone)
    }

    /// Adds a zone, such as the patient's own.
    #[must_use]
    pub fn with_zone(mut self, zone: &TimeZone) -> Self {
        match zone.iana_name().and_then(Zone::from_iana) {
            Some(known) => self.hint.clocks |= 1 << known as u32,
            None if !self.others.contains(zone) => self.others.push(zone.clone()),
            None => {}
        }
        self
    }

    /// Adds a zone by its IANA name; a name that no database knows adds nothing.
    #[must_use]
    pub fn with_zone_name(self, name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => self.with_zone(&zone),
            Err(_) => self,
        }
    }

    /// Adds the state and the ZIP of the patient's address.
    #[must_use]
    pub fn with_region(mut self, region: &Region) -> Self {
        if let Some(state) = region.state.as_deref().and_then(State::from_code) {
            self.hint.states = self.hint.states.with(state);
        }
        self.add(region.zip.as_deref().and_then(Hint::of_zip));
        self
    }

    /// Adds what the area code of a phone says; an e-mail address says nothing.
    #[must_use]
    pub fn with_address(mut self, address: &Address) -> Self {
        if let Address::Phone(phone) = address {
            self.add(Phone::area_code(phone).and_then(Hint::of_area_code));
        }
        self
    }

    fn add(&mut self, hint: Option<Hint>) {
        if let Some(hint) = hint {
            self.hint.clocks |= hint.clocks;
            self.hint.states = self.hint.states.union(hint.states);
        }
    }

    /// Lists the clocks.
    pub fn time_zones(&self) -> impl Iterator<Item = &TimeZone> {
        self.hint
            .zones()
            .filter_map(|zone| -> Option<&TimeZone> { zone.time_zone() })
            .chain(&self.others)
    }

    /// Returns the states whose law counts.
    pub const fn states(&self) -> States {
        self.hint.states
    }

    /// Returns the latest date on any of the clocks: new law counts as soon as it
    /// does anywhere.
    pub fn local_date(&self, at: Timestamp) -> Date {
        self.time_zones()
            .map(|zone| zone.to_datetime(at).date())
            .max()
            .unwrap_or_else(|| TimeZone::UTC.to_datetime(at).date())
    }
}

#[cfg(test)]
mod tests;
