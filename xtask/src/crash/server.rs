//! The server process: started, waited for, killed.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::process::{Child, Command as AsyncCommand};

use super::client::Client;
use super::stage::{Carriers, Stage};

/// A server that runs. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Server(Child);

impl Server {
    /// Starts it, without waiting for anything.
    pub(super) fn start(stage: &Stage, carriers: &Carriers) -> anyhow::Result<Self> {
        let command = stage.serve(carriers)?;
        let child = AsyncCommand::from(command)
            .kill_on_drop(true)
            .spawn()
            .context("starting the server")?;
        Ok(Self(child))
    }

    /// Kills it at once, and waits until it is gone.
    ///
    /// *Errors*: it had ended before, by itself.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.0.try_wait()? {
            bail!("the server ended by itself with {status}");
        }
        self.0.kill().await.context("killing the server")
    }

    /// Waits until it answers that it can work.
    pub(super) async fn ready(&mut self, client: &Client) -> anyhow::Result<()> {
        for _ in 0..600 {
            if let Some(status) = self.0.try_wait()? {
                bail!("the server ended by itself with {status}");
            }
            if let Ok(answer) = client.get("/readyz").await
                && answer.is_success()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server was not ready within half a minute")
    }

    /// Asks it to stop, as an operator does.
    pub(super) async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        let process = self.0.id().context("the server ended by itself")?;
        // The shell has a `kill` of its own wherever there is a shell.
        let script = format!("kill -TERM {process}");
        let asked = Command::new("sh").args(["-c", &script]).status()?;
        ensure!(asked.success(), "asking the server to stop: {asked}");
        let ended = tokio::time::timeout(Duration::from_secs(30), self.0.wait()).await;
        Ok(ended.context("the server did not stop within half a minute")??)
    }
}
