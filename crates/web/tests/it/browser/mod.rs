//! The pages in a real browser: Debian's Chromium, driven through chromedriver
//! against a real server on a loopback port.
//!
//! What only a browser can tell is asked here: what is announced, focused, painted,
//! moved, fetched and written to the console. Each test starts a browser of its
//! own, so a test walks a whole day of somebody's instead of one click.
//!
//! A machine without Chromium or without the packages of `tests/npm` skips them
//! with one line; `cargo xtask test` brings both.

mod chrome;
mod clinic;
mod desk;
mod gallery;
mod manager;
mod pages;
mod plain;
mod portal;
mod sound;
mod tab;
