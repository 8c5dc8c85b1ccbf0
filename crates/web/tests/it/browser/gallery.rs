//! Every page with every one of its samples: empty, typical, crowded, hostile, and
//! in every language.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use tendon_web::pages::assets::CONTENT_POLICY;
use tendon_web::pages::sample::{self, Rendered};
use tendon_web::pages::urls::Asset;

use super::chrome::Chrome;
use super::clinic::listen;
use super::sound::{is_reached_by_tab, reads_well};

/// The page of one sample, under the policy of the real ones.
async fn sample_page(Path(name): Path<String>) -> impl IntoResponse {
    let page = sample::all()
        .into_iter()
        .find(|page| page.name == name)
        .unwrap();
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    ];
    (headers, page.html.unwrap())
}

async fn asset(Path(name): Path<String>) -> impl IntoResponse {
    let file = Asset::from_name(&name).unwrap().file().unwrap();
    ([(CONTENT_TYPE, file.media_type)], file.bytes.into_owned())
}

/// Looks at the samples whose turn it is: the halves are looked at side by side.
async fn walk(turn: usize) {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let gallery = Router::new()
        .route("/sample/{name}", get(sample_page))
        .route("/assets/{name}", get(asset))
        .route("/events", get(std::future::pending::<()>));
    let base = listen(gallery).await;
    let tab = chrome.open().await;
    for (_, Rendered { name, .. }) in sample::all()
        .into_iter()
        .enumerate()
        .filter(|(n, _)| n % 2 == turn)
    {
        tab.go(&format!("{base}/sample/{name}")).await;
        if name.ends_with("typical") || name.ends_with("first") || name.ends_with("booked") {
            is_reached_by_tab(&tab, &name).await;
        }
        reads_well(&tab, &name).await;
    }
}

#[tokio::test]
async fn every_page_can_be_read_by_everybody() {
    walk(0).await;
}

#[tokio::test]
async fn every_other_page_can_be_read_by_everybody() {
    walk(1).await;
}
