//! Who may do what: one table, asked everywhere.

use crate::id::{LocationId, PatientId, PracticeId, TokenId, UserId};

/// What a member of staff or a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the server and the users.
    Admin,
    /// Directs the clinic.
    Manager,
    /// Runs the day.
    FrontDesk,
    /// Treats.
    Therapist,
    /// Assists a therapist.
    Assistant,
    /// Reaches out; sees no clinical field and no free text.
    Marketing,
    /// Bills.
    Biller,
    /// Watches over privacy.
    PrivacyOfficer,
    /// A machine that feeds or reads.
    Integration,
    /// Reads the audit trail and nothing else.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 10] = [
        Self::Admin,
        Self::Manager,
        Self::FrontDesk,
        Self::Therapist,
        Self::Assistant,
        Self::Marketing,
        Self::Biller,
        Self::PrivacyOfficer,
        Self::Integration,
        Self::Auditor,
    ];

    /// Returns the fixed command-line name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::FrontDesk => "front_desk",
            Self::Therapist => "therapist",
            Self::Assistant => "assistant",
            Self::Marketing => "marketing",
            Self::Biller => "biller",
            Self::PrivacyOfficer => "privacy_officer",
            Self::Integration => "integration",
            Self::Auditor => "auditor",
        }
    }

    /// Reads [`Role::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == text)
    }

    /// Asks the table of [`Permission`].
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the lists of the day.
    ReadToday,
    /// Find patients and see who they are and how to reach them.
    ReadPatients,
    /// See a chart: timeline, plan, episode.
    ReadChart,
    /// Change contact, consent and language of a patient.
    EditPatient,
    /// Confirm, move or cancel a visit.
    EditVisits,
    /// Read what was written to and by patients.
    ReadMessages,
    /// Write to a patient, hold, move or skip a message.
    WriteMessages,
    /// Take and close tasks.
    WorkTasks,
    /// Merge and unmerge records.
    MergePatients,
    /// Load files.
    Import,
    /// Change journeys, templates, locations, hours.
    EditSettings,
    /// Manage users, tokens and carriers.
    Administer,
    /// Read the audit trail.
    ReadAudit,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 13] = [
        Self::ReadToday,
        Self::ReadPatients,
        Self::ReadChart,
        Self::EditPatient,
        Self::EditVisits,
        Self::ReadMessages,
        Self::WriteMessages,
        Self::WorkTasks,
        Self::MergePatients,
        Self::Import,
        Self::EditSettings,
        Self::Administer,
        Self::ReadAudit,
    ];

    /// The table: who holds this permission.
    pub const fn roles(self) -> &'static [Role] {
        use Role::{
            Admin, Assistant, Auditor, Biller, FrontDesk, Integration, Manager, Marketing,
            PrivacyOfficer, Therapist,
        };
        match self {
            Self::ReadToday => &[Admin, Manager, FrontDesk, Therapist, Assistant],
            Self::ReadPatients => &[
                Admin,
                Manager,
                FrontDesk,
                Therapist,
                Assistant,
                Marketing,
                Biller,
                PrivacyOfficer,
                Integration,
            ],
            Self::ReadChart => &[
                Admin,
                Manager,
                FrontDesk,
                Therapist,
                Assistant,
                Biller,
                PrivacyOfficer,
                Integration,
            ],
            Self::EditPatient => &[
                Admin,
                Manager,
                FrontDesk,
                Therapist,
                PrivacyOfficer,
                Integration,
            ],
            Self::EditVisits => &[Admin, Manager, FrontDesk, Therapist, Assistant, Integration],
            Self::ReadMessages | Self::WorkTasks => &[
                Admin,
                Manager,
                FrontDesk,
                Therapist,
                Assistant,
                PrivacyOfficer,
                Integration,
            ],
            Self::WriteMessages => &[Admin, Manager, FrontDesk, Therapist, Integration],

            Self::MergePatients => &[Admin, Manager, PrivacyOfficer],
            Self::Import => &[Admin, Manager, Integration],
            Self::EditSettings => &[Admin, Manager],
            Self::Administer => &[Admin],
            Self::ReadAudit => &[Admin, PrivacyOfficer, Auditor],
        }
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A signed-in member of staff.
    User {
        /// Who.
        id: UserId,
        /// As what.
        role: Role,
    },
    /// A bearer token.
    Token {
        /// Which.
        id: TokenId,
        /// As what.
        role: Role,
    },
    /// A patient or who speaks for them, through a signed link or a reply.
    Patient {
        /// About whom.
        id: PatientId,
    },
    /// A background worker or the command line.
    System {
        /// Which, such as `dispatcher` or `import`.
        worker: &'static str,
    },
}

/// Why data is looked at (HL7 PurposeOfUse).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PurposeOfUse {
    /// Treatment.
    Treatment,
    /// Payment.
    Payment,
    /// Operations of the practice.
    Operations,
    /// The patient's own request.
    PatientRequest,
}

impl PurposeOfUse {
    /// Returns HL7's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::Payment => "HPAYMT",
            Self::Operations => "HOPERAT",
            Self::PatientRequest => "PATRQT",
        }
    }
}

/// Which locations a member of staff works at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the practice.
    Practice,
    /// These locations.
    Locations(Vec<LocationId>),
}

/// Who asks, as what, for which practice and why. No statement runs without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The tenant; every statement is bound to it.
    pub practice: PracticeId,
    /// Who.
    pub actor: Actor,
    /// Where.
    pub scope: Scope,
    /// Why.
    pub purpose: PurposeOfUse,
}

/// A permission that the actor does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission {permission:?}")]
pub struct Denied {
    /// What was missing.
    pub permission: Permission,
}

impl Access {
    /// Makes the access of a background worker or command.
    pub const fn system(practice: PracticeId, worker: &'static str) -> Self {
        Self {
            practice,
            actor: Actor::System { worker },
            scope: Scope::Practice,
            purpose: PurposeOfUse::Operations,
        }
    }

    /// Refuses an actor who does not hold the permission. Patients hold none:
    /// what they may do is a function of their own on each link.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        let allowed = match self.actor {
            Actor::User { role, .. } | Actor::Token { role, .. } => role.may(permission),
            Actor::System { .. } => true,
            Actor::Patient { .. } => false,
        };
        allowed.then_some(()).ok_or(Denied { permission })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marketing_and_auditor_see_no_chart() {
        for role in [Role::Marketing, Role::Auditor] {
            for permission in [
                Permission::ReadChart,
                Permission::ReadMessages,
                Permission::WriteMessages,
            ] {
                assert!(!role.may(permission), "{role:?} {permission:?}");
            }
        }
    }

    #[test]
    fn every_role_holds_something_and_admin_is_not_an_auditor_by_name_only() {
        for role in Role::ALL {
            assert!(Permission::ALL.into_iter().any(|p| role.may(p)), "{role:?}");
            assert_eq!(Role::from_code(role.code()), Some(role));
        }
    }
}
