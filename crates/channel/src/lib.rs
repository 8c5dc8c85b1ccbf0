//! Turns an approved message into carrier traffic and carrier callbacks into events.
