//! The one-click way out of a kind of e-mail (RFC 8058).
//!
//! Mail scanners open every link of a letter, so looking changes nothing; a POST
//! does, whoever's machine sends it, without a cookie or a second question.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use tendon_care::purpose::Purpose;
use tendon_desk::{PortalError, WayOut};

use crate::pages::frame::Look;
use crate::server::App;
use crate::words::Words;

/// The page. It stands alone: a letter outlives the links of the portal.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="{{ words.language().tag() }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{{ title() }}</title>
<link rel="stylesheet" href="{{ look.style() }}">
<link rel="icon" href="{{ look.icon() }}" type="image/svg+xml">
</head>
<body>
<div class="portal">
<header class="bar"><b><bdi>{{ clinic }}</bdi></b></header>
<main id="main" class="stack-l">
<h1>{{ title() }}</h1>
<p class="lede">{{ words.way_out_lede(clinic, kind.as_str()) }}</p>
{% if !taken %}<form method="post"><button class="btn p">{{ words.way_out_go() }}</button></form>{% endif %}
</main>
</div>
</body>
</html>
"#
)]
struct Page {
    words: Words,
    look: Look,
    clinic: String,
    kind: String,
    taken: bool,
}

impl Page {
    fn of(way: WayOut) -> Self {
        let words = Words(way.language);
        Self {
            words,
            look: Look::default(),
            clinic: way.clinic,
            kind: kind(words, way.purpose),
            taken: way.taken,
        }
    }

    fn title(&self) -> String {
        if self.taken {
            self.words.way_out_done_title()
        } else {
            self.words.way_out_title()
        }
    }
}

/// Names a kind of message as patients know it.
fn kind(words: Words, purpose: Purpose) -> String {
    match purpose {
        Purpose::Safety | Purpose::Care => words.purpose_care(),
        Purpose::CareOther => words.purpose_other(),
        Purpose::Financial => words.purpose_financial(),
        Purpose::Feedback => words.purpose_feedback(),
        Purpose::Marketing => words.purpose_marketing(),
    }
}

/// Shows what the link leads out of, and changes nothing.
pub(super) async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    page(app.desk().way_out(&token).await)
}

/// Takes the way out.
pub(super) async fn take(State(app): State<App>, Path(token): Path<String>) -> Response {
    match app.desk().unsubscribe(&token).await {
        Ok(()) => page(app.desk().way_out(&token).await),
        Err(error) => page(Err(error)),
    }
}

fn page(way: Result<WayOut, PortalError>) -> Response {
    match way.map(|way| Page::of(way).render()) {
        Ok(Ok(html)) => Html(html).into_response(),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "a page was not drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(PortalError::Desk(error)) => {
            tracing::error!(error = %error, "a way out was not taken");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::language::Language;

    fn drawn(language: Language, taken: bool) -> String {
        let way = WayOut {
            clinic: "Riverside <PT>".to_owned(),
            purpose: Purpose::Marketing,
            language,
            taken,
        };
        Page::of(way).render().unwrap()
    }

    #[test]
    fn the_button_stands_only_where_something_is_left_to_stop() {
        for language in Language::ALL {
            assert!(drawn(language, false).contains("<form method=\"post\">"));
            assert!(!drawn(language, true).contains("<form"));
        }
    }

    #[test]
    fn the_page_speaks_the_reader_s_language_and_escapes_names() {
        let spanish = drawn(Language::Spanish, false);
        assert!(spanish.contains("lang=\"es\"") && spanish.contains("correos"));
        assert!(spanish.contains("Riverside &#60;PT&#62;"));
    }
}
