//! FHIR R4 in and out.
//!
//! Reading goes through four narrow steps: [`cursor`] cuts a stream into
//! resources without holding it, [`element`] and [`shape`] read one resource
//! forgivingly, [`mod@reference`] turns every way to point at something into one
//! key, and the mapping files ([`person`], [`staff`], [`visit`], [`care`]) say
//! what each resource means in a practice. [`write()`] is the way back. The standard is
//! <https://hl7.org/fhir/R4/>.

mod care;
mod codes;
mod contained;
mod context;
mod cursor;
mod element;
mod map;
mod person;
mod read;
mod reference;
pub(crate) mod region;
mod shape;
mod sift;
mod staff;
mod time;
mod visit;
mod write;

pub use read::{Reader, read};
pub use write::{WriteError, write};
