//! The formats of other people, from outside.

#[cfg(test)]
mod csv;
#[cfg(test)]
mod fhir;
#[cfg(test)]
mod hl7;
