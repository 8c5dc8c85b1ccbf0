//! Writes every page with every sample into a folder, with an index, so that
//! the pages can be looked at: `cargo run -p tendon-web --example preview -- DIR`,
//! then serve the folder, as modules are not loaded from files.

use std::io;
use std::path::PathBuf;

use tendon_web::pages::sample;
use tendon_web::pages::urls::Asset;

fn main() -> io::Result<()> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("name the folder to write to"));
    };
    std::fs::create_dir_all(folder.join("assets"))?;
    for asset in Asset::ALL {
        let file = asset
            .file()
            .ok_or_else(|| io::Error::other("a file is missing from the build"))?;
        std::fs::write(folder.join("assets").join(asset.name()), file.bytes)?;
    }
    let mut index = String::from("<!doctype html><title>Pages</title><ul>");
    for page in sample::all() {
        let html = page.html.map_err(io::Error::other)?;
        let name = format!("{}.html", page.name);
        index.extend(["<li><a href=\"", &name, "\">", &page.name, "</a>"]);
        std::fs::write(folder.join(name), html)?;
    }
    std::fs::write(folder.join("index.html"), index)
}
