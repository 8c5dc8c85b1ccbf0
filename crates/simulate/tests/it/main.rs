//! A simulated year, judged by its finished database.

#![cfg(test)]

mod conduct;
mod same;
mod world;
