//! Numbers from history: key figures with their intervals.
