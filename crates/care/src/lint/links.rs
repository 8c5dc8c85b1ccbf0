//! Links in a text: where they lead, and which part of them is random.

use std::ops::Range;

use super::words::SHORTENERS;
use super::{Code, Finding};

/// Finds links through hosts that hide where they lead.
pub(super) fn shorteners(text: &str) -> impl Iterator<Item = Finding> {
    link_like(text).filter_map(|span| {
        let link = text.get(span.clone())?.to_lowercase();
        let link = link
            .split_once("://")
            .map_or(link.as_str(), |(_, rest)| rest);
        let host = link.split(['/', '?', '#', ':']).next()?;
        let host = host.strip_prefix("www.").unwrap_or(host);
        SHORTENERS.contains(&host).then_some(Finding {
            code: Code::Shortener,
            span,
        })
    })
}

/// Finds the random parts of links, in which letters may form any word.
pub(super) fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for link in link_like(text) {
        let mut at = link.start;
        for piece in text
            .get(link)
            .unwrap_or_default()
            .split_inclusive(['/', '?', '=', '&'])
        {
            if is_token(piece.trim_end_matches(['/', '?', '=', '&'])) {
                spans.push(at..at + piece.len());
            }
            at += piece.len();
        }
    }
    spans
}

/// Finds what a phone would turn into a link: words with a dot inside.
fn link_like(text: &str) -> impl Iterator<Item = Range<usize>> {
    let base = text.as_ptr().addr();
    text.split_whitespace().filter_map(move |word| {
        let trimmed = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
        let start = trimmed.as_ptr().addr() - base;
        let dotted = trimmed.contains("://") || trimmed.trim_end_matches('.').contains('.');
        dotted.then_some(start..start + trimmed.len())
    })
}

/// A token is at least 128 random bits, which no readable slug looks like.
fn is_token(piece: &str) -> bool {
    piece.len() >= 20
        && piece
            .bytes()
            .any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && piece
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
