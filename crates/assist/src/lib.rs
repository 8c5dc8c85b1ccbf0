//! Understands what a patient writes: red flags and opt-outs first, then the visit grammar.
