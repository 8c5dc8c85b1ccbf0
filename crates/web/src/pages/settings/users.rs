//! Users: who may sign in, and as what.

use askama::Template;
use jiff::Zoned;
use tendon_care::access::Role;
use tendon_care::id::UserId;

use super::super::frame::{Frame, Section, role_words};
use super::super::parts::{Act, Chip, Choice, Tab, Tone};
use super::super::sample::{HOSTILE, frame, id, now};
use super::super::urls::Url;
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/users.html")]
pub struct Users {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// Who may sign in.
    pub users: Vec<UserFacts>,
    /// What was refused of an invitation.
    pub refused: Option<String>,
}

/// One who may sign in.
#[derive(Clone, Debug)]
pub struct UserFacts {
    /// Who.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// As what.
    pub role: Role,
    /// The second factor is set up.
    pub second_factor: bool,
    /// May not try again for a while, after failures.
    pub locked: bool,
    /// May not sign in at all.
    pub revoked: bool,
    /// The reader, who cannot shut themselves out.
    pub is_reader: bool,
}

impl UserFacts {
    /// Returns where the role is changed.
    pub const fn role_url(&self) -> Url {
        Url::UserRole(self.id)
    }

    /// Returns the role in words.
    pub const fn role_words(&self) -> &'static str {
        role_words(self.role)
    }

    /// Returns the roles that can be given.
    pub fn roles(&self) -> Vec<Choice> {
        roles(self.role)
    }

    /// Returns the state of the second factor.
    pub fn chip(&self) -> Chip {
        if self.revoked {
            Chip::new(Tone::Bad, "revoked")
        } else if self.locked {
            Chip::new(Tone::Bad, "locked after failures")
        } else if self.second_factor {
            Chip::new(Tone::Good, "second factor on")
        } else {
            Chip::new(Tone::Warn, "not set up")
        }
    }

    /// Returns what can be done.
    pub fn revoke(&self) -> Option<Act> {
        let url = Url::UserRevoke(self.id);
        let act = if self.revoked {
            Act::post("Let in again", url).field("revoked", "no")
        } else {
            Act::post("Revoke", url).danger().field("revoked", "yes")
        };
        (!self.is_reader).then(|| act.about(&self.name))
    }
}

fn roles(chosen: Role) -> Vec<Choice> {
    Choice::list(
        Role::ALL.map(|role| (role.code(), role_words(role))),
        chosen.code(),
    )
}

impl Users {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Users.menu(&self.frame)
    }

    /// Returns where an invitation is sent.
    pub const fn url(&self) -> Url {
        Url::Users
    }

    /// Returns the roles of an invitation.
    pub fn roles(&self) -> Vec<Choice> {
        roles(Role::FrontDesk)
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let user = |n, name: &str, role| UserFacts {
            id: id(n),
            name: name.to_owned(),
            email: format!("user{n}@example.org"),
            role,
            second_factor: true,
            locked: false,
            revoked: false,
            is_reader: n == 1,
        };
        let page = |users, refused| Self {
            frame: frame(Section::Settings),
            now: now(),
            users,
            refused,
        };
        vec![
            (
                "typical",
                page(
                    vec![
                        user(1, "Maria Lopez", Role::Admin),
                        user(2, "Wei Chen", Role::Therapist),
                        UserFacts {
                            second_factor: false,
                            revoked: true,
                            ..user(3, "Tom Hale", Role::Marketing)
                        },
                    ],
                    None,
                ),
            ),
            (
                "hostile",
                page(
                    vec![user(2, HOSTILE, Role::Auditor)],
                    Some("email is not a valid address".to_owned()),
                ),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_revoke_themselves() {
        let (_, page) = Users::samples().swap_remove(0);
        assert!(page.users[0].revoke().is_none());
        assert!(page.users[1].revoke().is_some());
    }

    #[test]
    fn the_role_held_is_the_one_chosen() {
        let (_, page) = Users::samples().swap_remove(0);
        let chosen: Vec<_> = page.users[1]
            .roles()
            .into_iter()
            .filter(|c| c.chosen)
            .collect();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].value, "therapist");
    }
}
