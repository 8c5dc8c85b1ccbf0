//! What each place of the staff pages needs: the one table. A place that is not
//! in it is not served, and a test walks all of them without access.

use tendon_care::access::{Permission, Role};

use crate::pages::frame::Section;
use crate::pages::urls::{Url, at};

/// What a reader must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// To be signed in.
    SignedIn,
    /// To be signed in with a role that holds this.
    May(Permission),
}

/// Returns what a place of the staff pages needs; `None` for a place that is not
/// one of them.
pub(crate) fn need(pattern: &str) -> Option<Need> {
    use Permission as P;
    Some(match pattern {
        at::SignOut | at::Look | at::Account | at::Events => Need::SignedIn,
        at::Today => Need::May(P::ReadToday),
        at::VisitConfirm | at::VisitCancel => Need::May(P::EditVisits),
        at::TaskDone | at::TaskTake => Need::May(P::WorkTasks),
        at::Patients => Need::May(P::ReadPatients),
        at::Patient => Need::May(P::ReadChart),
        at::PatientConsent => Need::May(P::EditPatient),
        at::PatientSame | at::MergeUndo => Need::May(P::MergePatients),
        at::PatientWrite
        | at::PatientPause
        | at::PatientPropose
        | at::PlannedSkip
        | at::PlannedMove
        | at::PlannedSend
        | at::ThreadReply
        | at::ThreadDone
        | at::ThreadMeasure
        | at::SandboxAnswer => Need::May(P::WriteMessages),
        at::Inbox | at::Thread | at::Messages | at::Message | at::Sandbox => {
            Need::May(P::ReadMessages)
        }
        at::Settings
        | at::Locations
        | at::Location
        | at::Templates
        | at::Template
        | at::TemplatePreview
        | at::Journeys
        | at::JourneySwitch => Need::May(P::EditSettings),
        at::Users | at::UserRole | at::UserRevoke | at::Carriers => Need::May(P::Administer),
        at::Audit | at::AuditExport => Need::May(P::ReadAudit),
        _ => return None,
    })
}

/// Returns where a role begins its day: the first section that it may open.
pub(crate) fn home(role: Role) -> Url {
    let first = Section::ALL
        .into_iter()
        .find(|section| role.may(section.needs()));
    first.map_or(Url::Patients, Section::url)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places that are no staff pages: the way in, files and the portal.
    fn is_public(pattern: &str) -> bool {
        ["/sign-in", "/portal", "/unsubscribe", "/assets"]
            .iter()
            .any(|start| pattern.starts_with(start))
    }

    #[test]
    fn every_place_is_either_public_or_needs_something() {
        for pattern in Url::PATTERNS {
            assert_eq!(need(pattern).is_none(), is_public(pattern), "{pattern}");
        }
        assert_eq!(need("/no-such-place"), None);
    }

    #[test]
    fn every_role_has_a_home_that_it_may_open() {
        for role in Role::ALL {
            let home = home(role).to_string();
            match need(&home) {
                Some(Need::May(permission)) => assert!(role.may(permission), "{role:?} {home}"),
                other => panic!("{role:?} {home} {other:?}"),
            }
        }
    }

    #[test]
    fn whoever_changes_a_patient_may_also_see_one() {
        for pattern in Url::PATTERNS
            .iter()
            .filter(|p| p.starts_with("/patients/{patient}/"))
        {
            let Some(Need::May(permission)) = need(pattern) else {
                panic!("{pattern}")
            };
            for role in Role::ALL.into_iter().filter(|role| role.may(permission)) {
                assert!(role.may(Permission::ReadChart), "{role:?} {pattern}");
            }
        }
    }
}
