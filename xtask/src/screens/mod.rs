//! `cargo xtask screens`: pictures of the pages, as documents show them.
//!
//! The demo runs with a fixed seed and a fixed clock, so that a picture changes
//! when a page does. The browser signs in by the links that the demo prints.

mod arrival;
mod demo;
mod shots;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;
use tendon_testkit::chromium::{Chromium, DevTools};

use self::arrival::Arrival;
use self::demo::Demo;
use self::shots::{SHOTS, Shot};
use crate::workspace::Workspace;

/// Where the pictures of documents are, below the root.
const IMAGES: &str = "docs/images";

/// What is on a patient's page, and not on the one that asks for the birthday.
const PORTAL: &str = "#when";

/// What is drawn, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Draws every page on every screen, light and dark, into this folder, instead
    /// of the few that documents show.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Uses this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Patients of the demo.
    #[arg(long, default_value_t = 400)]
    patients: u32,
}

/// One browser that takes pictures.
struct Camera<'d> {
    client: fantoccini::Client,
    demo: &'d Demo,
}

/// Draws the pages; answers whether all of them could be.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<bool> {
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => build(workspace)?,
    };
    let folder = match &options.out {
        Some(folder) => folder.clone(),
        None => workspace.root.join(IMAGES),
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let chromium = match Chromium::start() {
        Ok(chromium) => chromium,
        Err(program) => bail!("`{program}` is missing: apt-get install chromium chromium-driver"),
    };
    let demo = Demo::start(&binary, options.patients)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let everything = options.out.is_some();
    runtime.block_on(draw(&chromium, &demo, &folder, everything))?;
    Ok(true)
}

fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let status = workspace.cargo().args(["build", "--release"]).status()?;
    anyhow::ensure!(status.success(), "cargo build ended with {status}");
    Ok(workspace.target.join("release/tendon"))
}

async fn draw(
    chromium: &Chromium,
    demo: &Demo,
    folder: &Path,
    everything: bool,
) -> anyhow::Result<()> {
    let staff = Camera {
        client: chromium.open().await,
        demo,
    };
    staff.client.goto(demo.link("admin")?).await?;
    let patient = Camera {
        client: chromium.open().await,
        demo,
    };
    patient.open_portal().await?;
    for shot in SHOTS {
        let camera = if shot.is_portal() { &patient } else { &staff };
        let path = camera.find(shot).await?;
        for (name, screen, dark) in shot.pictures(everything) {
            camera.set(screen, dark).await?;
            camera.go(&path, shot.mark).await?;
            let file = folder.join(name);
            let png = camera.client.screenshot().await?;
            std::fs::write(&file, png).with_context(|| format!("writing {}", file.display()))?;
            println!("{}", file.display());
        }
    }
    Ok(())
}

impl Camera<'_> {
    /// Answers the question for the birthday.
    async fn open_portal(&self) -> anyhow::Result<()> {
        let (link, [year, month, day]) = self.demo.portal()?;
        self.client.goto(link).await?;
        let fill = format!(
            "const form = document.querySelector('form.card');
             form.month.value = '{month}'; form.day.value = '{day}'; form.year.value = '{year}';
             form.requestSubmit();"
        );
        self.client.execute(&fill, vec![]).await?;
        let there = fantoccini::Locator::Css(PORTAL);
        self.client.wait().for_element(there).await?;
        Ok(())
    }

    /// Finds the address of a page: its own, or one that a list leads to.
    async fn find(&self, shot: &Shot) -> anyhow::Result<String> {
        let path = if shot.is_portal() {
            let (link, _) = self.demo.portal()?;
            format!("{}{}", self.demo.path_of(link), shot.path)
        } else {
            shot.path.to_owned()
        };
        let Some(css) = shot.first else {
            return Ok(path);
        };
        self.client.goto(&self.demo.url(&path)).await?;
        let script = "return document.querySelector(arguments[0])?.getAttribute('href')";
        let found = self.client.execute(script, vec![json!(css)]).await?;
        let href = found
            .as_str()
            .with_context(|| format!("no {css} on {path}"))?;
        Ok(href.to_owned())
    }

    /// Goes to a page, and makes sure that it is the one.
    async fn go(&self, path: &str, mark: &str) -> anyhow::Result<()> {
        self.client.goto(&self.demo.url(path)).await?;
        let said = self.client.execute(arrival::SCRIPT, vec![json!(mark)]);
        let arrival: Arrival = serde_json::from_value(said.await?)?;
        arrival.must_be(path, mark)
    }

    async fn set(&self, (width, height): (u32, u32), dark: bool) -> anyhow::Result<()> {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        for command in [
            DevTools("Emulation.setDeviceMetricsOverride", metrics),
            DevTools("Emulation.setScrollbarsHidden", json!({ "hidden": true })),
            DevTools("Emulation.setEmulatedMedia", media),
        ] {
            self.client.issue_cmd(command).await?;
        }
        Ok(())
    }
}
