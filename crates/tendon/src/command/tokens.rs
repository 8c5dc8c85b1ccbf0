//! `tendon tokens`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use tendon_care::access::Role;

use super::users::{desk, role};
use crate::settings::Resolved;

/// Administer bearer tokens of the API.
#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// Add a token; it is printed once, and its id on standard error.
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
    /// List the tokens, oldest first; never what they are.
    #[command(after_help = "Example: tendon tokens list --json")]
    List {
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
    /// Revoke a token, at once and for good.
    #[command(after_help = "Example: tendon tokens revoke tok_0190…")]
    Revoke {
        /// The token's id, as `tendon tokens list` shows it.
        token: String,
        /// The practice, by name or id, where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
}

impl Tokens {
    pub(crate) fn run(&self, settings: &Resolved, json: bool) -> anyhow::Result<ExitCode> {
        super::on_one_thread(self.execute(settings, json))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute(&self, settings: &Resolved, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Add {
                role,
                name,
                practice,
            } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                let new = desk.add_token(&access, name, *role).await?;
                let (id, secret) = (new.id.to_string(), new.secret.expose());
                if json {
                    println!("{}", serde_json::json!({ "id": id, "token": secret }));
                } else {
                    // Alone on standard output, for whoever puts it into a variable.
                    println!("{secret}");
                    eprintln!("its id, for revoking it: {id}");
                }
            }
            Self::List { practice } => list(settings, practice.as_deref(), json).await?,
            Self::Revoke { token, practice } => {
                let (desk, access) = desk(settings, practice.as_deref()).await?;
                let token = token.parse();
                let token = token.context("token: is no id; `tendon tokens list` shows them")?;
                desk.revoke_token(&access, token).await?;
            }
        }
        Ok(())
    }
}

async fn list(settings: &Resolved, practice: Option<&str>, json: bool) -> anyhow::Result<()> {
    let (desk, access) = desk(settings, practice).await?;
    for token in desk.tokens(&access).await? {
        let (id, role) = (token.id.to_string(), token.role.code());
        let revoked = token.revoked_at.map(|at| at.to_string());
        if json {
            let line = serde_json::json!({
                "id": id, "name": token.name, "role": role,
                "created_at": token.created_at.to_string(), "revoked_at": revoked,
            });
            println!("{line}");
        } else {
            let gone = if revoked.is_some() { "  revoked" } else { "" };
            println!("{id}  {role:16} {}{gone}", token.name);
        }
    }
    Ok(())
}
