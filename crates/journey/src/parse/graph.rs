//! Checks the graph that the steps make: everything can be reached, and no
//! circle can be run through without time passing.

use super::reader::Problems;
use crate::definition::{Act, Next, Step};
use crate::moment::Anchor;
use crate::schedule::Past;

/// A way from a step to another.
struct Edge {
    to: usize,
    /// Some time passes on the way, whatever the facts are.
    takes_time: bool,
}

/// Reports unreachable steps and circles without a wait, at the steps' ids.
pub(super) fn check(steps: &[Step], offsets: &[usize], problems: &mut Problems<'_>) {
    let edges: Vec<Vec<Edge>> = steps.iter().map(edges).collect();
    let all = reachable(&edges, 0, |_| true);
    for (index, step) in steps.iter().enumerate() {
        let offset = offsets.get(index).copied().unwrap_or(0);
        if index != 0 && !all.contains(&index) {
            problems.at(offset, format!("no way leads to the step {}", step.id));
        } else if reachable(&edges, index, |edge| !edge.takes_time).contains(&index) {
            problems.at(
                offset,
                format!(
                    "the step {} leads back to itself without a wait or a time after the step before",
                    step.id
                ),
            );
        }
    }
}

/// Returns every step that can be reached from one by at least one way.
fn reachable(edges: &[Vec<Edge>], from: usize, follow: impl Fn(&Edge) -> bool) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open = vec![from];
    while let Some(step) = open.pop() {
        for edge in edges.get(step).into_iter().flatten().filter(|e| follow(e)) {
            if !found.contains(&edge.to) {
                found.push(edge.to);
                open.push(edge.to);
            }
        }
    }
    found
}

fn edges(step: &Step) -> Vec<Edge> {
    let moment = step.due.moment;
    let takes_time = moment.anchor == Anchor::Previous && !moment.by.is_zero();
    // A step that can be left out leads on by `next`, whatever it does.
    let can_be_left_out = step.when.is_some() || step.due.past != Past::Run;
    let mut targets = Vec::new();
    match &step.act {
        Act::Send(_) | Act::Task { .. } => targets.push((step.next, takes_time)),
        Act::Wait(wait) => {
            targets.extend([(wait.then, true), (wait.otherwise, true)]);
        }
        Act::Branch { cases, otherwise } => {
            targets.extend(cases.iter().map(|(_, to)| (*to, takes_time)));
            targets.push((*otherwise, takes_time));
        }
        Act::Stop { .. } => {}
    }
    if can_be_left_out {
        targets.push((step.next, takes_time));
    }
    targets
        .into_iter()
        .filter_map(|(next, takes_time)| match next {
            Next::Step(to) => Some(Edge { to, takes_time }),
            Next::End => None,
        })
        .collect()
}
