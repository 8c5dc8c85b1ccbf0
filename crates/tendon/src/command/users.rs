//! `tendon users` and `tendon tokens`

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use tendon_care::access::{Access, Role};
use tendon_desk::{Desk, NewUser};

use crate::open;
use crate::settings::Resolved;

fn role(text: &str) -> Result<Role, String> {
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
    Add {
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
    },
    /// List the members of staff.
    #[command(after_help = "Example: tendon users list --json")]
    List {
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
}

/// Administer bearer tokens of the API.
#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// Add a token; it is printed once.
    #[command(after_help = "Example: tendon tokens add --role integration --name 'EHR bridge'")]
    Add {
        /// What it is.
        #[arg(long, value_parser = role)]
        role: Role,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        name: String,
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
    /// Revoke a token.
    #[command(after_help = "Example: tendon tokens revoke tok_0190…")]
    Revoke {
        /// The token's id.
        token: String,
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
}

async fn desk(settings: &Resolved, practice: Option<&str>) -> anyhow::Result<(Desk, Access)> {
    let desk = open::quiet_desk(settings).await?;
    let practice = open::practice(desk.db(), practice).await?;
    let access = Access::system(practice.id, "command");
    Ok((desk, access))
}

impl Users {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add {
                email,
                role,
                name,
                practice,
                ..
            } => {
                let mut password = String::new();
                std::io::stdin()
                    .read_to_string(&mut password)
                    .context("reading the password")?;
                let password = password.trim_end_matches(['\r', '\n']).to_owned();
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                let name = name.clone().unwrap_or_else(|| email.clone());
                let new = NewUser {
                    email: email.clone(),
                    name,
                    role: *role,
                    password,
                };
                let id = desk.add_user(&access, &new).await?;
                if json {
                    println!(
                        "{}",
                        serde_json::json!({ "id": id.to_string(), "role": role.code() })
                    );
                } else {
                    println!("{id}");
                }
            }
            Self::List { practice } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                for user in desk.users(&access).await? {
                    let (id, role) = (user.id.to_string(), user.role.code());
                    if json {
                        println!(
                            "{}",
                            serde_json::json!({ "id": id, "email": user.email, "role": role })
                        );
                    } else {
                        println!("{id}  {role:16} {}", user.email);
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Tokens {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add {
                role,
                name,
                practice,
            } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                let new = desk.add_token(&access, name, *role).await?;
                let secret = new.secret.expose();
                if json {
                    println!(
                        "{}",
                        serde_json::json!({ "id": new.id.to_string(), "token": secret })
                    );
                } else {
                    println!("{secret}");
                }
            }
            Self::Revoke { token, practice } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                desk.revoke_token(&access, token.parse().context("token")?)
                    .await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
