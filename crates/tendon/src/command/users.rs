//! `tendon users`

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use tendon_care::access::{Access, Role};
use tendon_care::id::UserId;
use tendon_desk::{Desk, NewUser, UserInfo};

use crate::open::{self, PublicUrl};
use crate::settings::Resolved;

/// Reads a role's name.
pub(super) fn role(text: &str) -> Result<Role, String> {
    Role::from_code(text).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::code).collect();
        format!("must be one of {}", known.join(", "))
    })
}

/// Administer members of staff without the web app.
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Add a member of staff.
    #[command(
        after_help = "Example: tendon users add --email desk@clinic.example --role front_desk --password-stdin < password"
    )]
    Add(Add),
    /// List the members of staff.
    #[command(after_help = "Example: tendon users list --json")]
    List {
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
    /// Give somebody a new password and forget failed tries; their sessions end.
    #[command(
        after_help = "Example: tendon users password --email desk@clinic.example --password-stdin < password"
    )]
    Password {
        #[command(flatten)]
        who: Who,
        /// Read the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Take the sign-in codes of somebody away who lost the phone; they set up new ones.
    #[command(after_help = "Example: tendon users codes --email desk@clinic.example")]
    Codes {
        #[command(flatten)]
        who: Who,
    },
    /// Print a link that signs somebody in, once, also while the account is shut after
    /// wrong passwords. Codes that are set up are still asked for.
    #[command(after_help = "Example: tendon users link --email desk@clinic.example --hours 1")]
    Link {
        #[command(flatten)]
        who: Who,
        /// How long the link may wait, at most 24.
        #[arg(long, default_value_t = 1)]
        hours: u8,
        /// Where staff reach the server.
        #[arg(long, env = "TENDON_PUBLIC_URL")]
        public_url: Option<String>,
    },
    /// Bar somebody from signing in; their sessions end.
    #[command(after_help = "Example: tendon users disable --email desk@clinic.example")]
    Disable {
        #[command(flatten)]
        who: Who,
    },
    /// Let somebody sign in again.
    #[command(after_help = "Example: tendon users enable --email desk@clinic.example")]
    Enable {
        #[command(flatten)]
        who: Who,
    },
    /// Give somebody another role; their sessions end.
    #[command(after_help = "Example: tendon users role --email desk@clinic.example --role manager")]
    Role {
        #[command(flatten)]
        who: Who,
        /// What they are from now on.
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

/// A new member of staff.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The address to sign in with.
    #[arg(long)]
    email: String,
    /// What they are.
    #[arg(long, value_parser = role)]
    role: Role,
    /// The display name; the address where none is given.
    #[arg(long)]
    name: Option<String>,
    /// Read the password from standard input.
    #[arg(long, required = true)]
    password_stdin: bool,
    /// The practice, by name or id, where there are several.
    #[arg(long)]
    practice: Option<String>,
}

/// A member of staff, whose address is unique on the server.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// The address they sign in with.
    #[arg(long)]
    email: String,
}

impl Who {
    async fn find(&self, settings: &Resolved) -> anyhow::Result<(Desk, Access, UserId)> {
        let desk = open::quiet_desk(settings).await?;
        let email = self.email.trim().to_lowercase();
        let found = desk.db().user_by_email(&email).await?;
        let (practice, user) = found.context("email: nobody signs in with it")?;
        Ok((desk, Access::system(practice, "command"), user.id))
    }
}

/// Opens a desk for a practice: the named one, or the only one.
pub(super) async fn desk(
    settings: &Resolved,
    practice: Option<&str>,
) -> anyhow::Result<(Desk, Access)> {
    let desk = open::quiet_desk(settings).await?;
    let practice = open::practice(desk.db(), practice).await?;
    let access = Access::system(practice.id, "command");
    Ok((desk, access))
}

fn password_from_stdin() -> anyhow::Result<String> {
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .context("reading the password")?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}

impl Users {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<()> {
        let (who, change) = match self {
            Self::Add(new) => return add(settings, new, json).await,
            Self::List { practice } => return list(settings, practice.as_deref(), json).await,
            Self::Link {
                who,
                hours,
                public_url,
            } => return link(settings, who, *hours, public_url.as_ref(), json).await,
            Self::Password { who, .. } => (who, Change::Password(password_from_stdin()?)),
            Self::Codes { who } => (who, Change::NoCodes),
            Self::Disable { who } => (who, Change::Disabled(true)),
            Self::Enable { who } => (who, Change::Disabled(false)),
            Self::Role { who, role } => (who, Change::Role(*role)),
        };
        let (desk, access, user) = who.find(settings).await?;
        change.make(&desk, &access, user).await?;
        let known = desk.users(&access).await?;
        let after = known.iter().find(|known| known.id == user);
        say(after.context("the user is gone")?, json);
        Ok(())
    }
}

/// What is changed about somebody.
enum Change {
    Password(String),
    NoCodes,
    Disabled(bool),
    Role(Role),
}

impl Change {
    async fn make(&self, desk: &Desk, access: &Access, user: UserId) -> anyhow::Result<()> {
        match self {
            Self::Password(new) => desk.set_password(access, user, new).await?,
            Self::NoCodes => desk.remove_codes(access, user).await?,
            Self::Disabled(disabled) => desk.set_disabled(access, user, *disabled).await?,
            Self::Role(role) => desk.set_role(access, user, *role).await?,
        }
        Ok(())
    }
}

async fn add(settings: &Resolved, add: &Add, json: bool) -> anyhow::Result<()> {
    let password = password_from_stdin()?;
    let (desk, access) = desk(settings, add.practice.as_deref()).await?;
    let new = NewUser {
        email: add.email.clone(),
        name: add.name.clone().unwrap_or_else(|| add.email.clone()),
        role: add.role,
        password,
    };
    let id = desk.add_user(&access, &new).await?;
    if json {
        let line = serde_json::json!({ "id": id.to_string(), "role": add.role.code() });
        println!("{line}");
    } else {
        println!("{id}");
    }
    Ok(())
}

async fn list(settings: &Resolved, practice: Option<&str>, json: bool) -> anyhow::Result<()> {
    let (desk, access) = desk(settings, practice).await?;
    for user in desk.users(&access).await? {
        say(&user, json);
    }
    Ok(())
}

async fn link(
    settings: &Resolved,
    who: &Who,
    hours: u8,
    public_url: Option<&String>,
    json: bool,
) -> anyhow::Result<()> {
    let given = public_url.or(settings.file.public_url.as_ref());
    let public_url = match given {
        Some(text) => PublicUrl::given(text)?,
        None => PublicUrl::of_listener(settings.file.listener()?, false),
    };
    let (desk, access, user) = who.find(settings).await?;
    let life = SignedDuration::from_hours(i64::from(hours));
    let token = desk.make_sign_in_link(&access, user, life).await?;
    let url = format!("{}/sign-in/link/{}", public_url.as_str(), token.expose());
    if json {
        let line = serde_json::json!({ "id": user.to_string(), "url": url, "hours": hours });
        println!("{line}");
    } else {
        println!("{url}");
    }
    Ok(())
}

fn say(user: &UserInfo, json: bool) {
    let (id, role) = (user.id.to_string(), user.role.code());
    if json {
        let line = serde_json::json!({
            "id": id, "email": user.email, "role": role, "codes": user.has_codes,
            "disabled": user.disabled,
            "locked_until": user.locked_until.map(|until| until.to_string()),
        });
        println!("{line}");
        return;
    }
    let mut line = format!("{id}  {role:16} {}", user.email);
    let states = [
        (user.has_codes, "codes"),
        (user.disabled, "disabled"),
        (user.locked_until.is_some(), "locked"),
    ];
    for (holds, word) in states {
        if holds {
            line.push_str("  ");
            line.push_str(word);
        }
    }
    println!("{line}");
}
