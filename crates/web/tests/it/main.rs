//! Every page with every sample in every language, held to what no page may
//! break: well-formed markup, nothing unescaped, and the rules that make pages
//! usable with a keyboard, a screen reader and a strict content policy.

#![cfg(test)]

mod api;
mod browser;
mod hooks;
mod markup;
mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use markup::{Element, Page};
use tendon_web::pages::sample::{self, Rendered};

/// Renders all samples and hands each to the check with its markup parsed.
fn each(check: impl Fn(&str, &Page)) {
    let pages = sample::all();
    assert!(pages.len() > 60, "only {} samples", pages.len());
    for Rendered { name, html, .. } in pages {
        let html = html.unwrap_or_else(|error| panic!("{name} does not render: {error}"));
        let page = Page::parse(&html).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&name, &page);
    }
}

#[test]
fn every_page_is_sampled() {
    let mut files = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with("parts/") {
                files.insert(name);
            }
        }
    }
    for layout in ["staff.html", "portal.html", "gate.html", "settings.html"] {
        files.remove(layout);
    }
    let pages: BTreeSet<_> = sample::all().into_iter().map(|r| r.page).collect();
    assert_eq!(files.len(), pages.len(), "{files:#?} {pages:#?}");
}

#[test]
fn every_page_has_a_sample_that_tries_to_break_it() {
    // These print no value that comes from a person.
    let without = ["second-factor", "enrol", "portal-cancel", "portal-expired"];
    let mut hostile: BTreeMap<&str, bool> = BTreeMap::new();
    for Rendered { page, html, .. } in sample::all() {
        *hostile.entry(page).or_default() |= html.unwrap().contains("&#60;script&#62;alert(1)");
    }
    for (page, has) in hostile {
        assert_eq!(has, !without.contains(&page), "{page}");
    }
}

#[test]
fn nothing_is_printed_unescaped() {
    each(|name, page| {
        for element in &page.elements {
            let handler = element.attributes.keys().find(|key| key.starts_with("on"));
            assert_eq!(handler, None, "{name}: <{}>", element.tag);
            assert_ne!(element.get("src"), Some("x"), "{name}");
        }
        let scripts = page.all("script").filter(|s| !s.text.trim().is_empty());
        assert_eq!(scripts.count(), 0, "{name} has a script inside");
    });
}

#[test]
fn a_strict_content_policy_holds() {
    each(|name, page| {
        assert_eq!(page.all("style").count(), 0, "{name}");
        for element in &page.elements {
            assert_eq!(element.get("style"), None, "{name}: <{}>", element.tag);
            for key in ["src", "href", "action", "formaction"] {
                let Some(url) = element.get(key) else {
                    continue;
                };
                let own = url.starts_with('/') && !url.starts_with("//");
                let fine = own || url.starts_with('#') || url.starts_with("tel:");
                assert!(fine, "{name}: {key} leads away");
            }
        }
    });
}

#[test]
fn a_page_says_what_it_is_once() {
    each(|name, page| {
        assert_eq!(page.all("h1").count(), 1, "{name}");
        assert_eq!(page.all("main").count(), 1, "{name}");
        let title = page.all("title").next().unwrap();
        assert!(!title.text.trim().is_empty(), "{name}");
        let html = page.all("html").next().unwrap();
        assert!(matches!(html.get("lang"), Some("en" | "es")), "{name}");
        assert!(page.bytes < 200 * 1024, "{name}: {} bytes", page.bytes);
    });
}

#[test]
fn headings_do_not_skip_a_level() {
    each(|name, page| {
        let mut last = 1;
        for element in &page.elements {
            let Some(level) = element
                .tag
                .strip_prefix('h')
                .and_then(|n| n.parse::<u8>().ok())
            else {
                continue;
            };
            assert!(level <= last + 1, "{name}: h{level} after h{last}");
            last = level;
        }
    });
}

#[test]
fn ids_are_unique_and_every_reference_leads_somewhere() {
    each(|name, page| {
        let mut ids = BTreeSet::new();
        for id in page.elements.iter().filter_map(|e| e.get("id")) {
            assert!(ids.insert(id), "{name}: {id} twice");
        }
        for element in &page.elements {
            for key in ["for", "form", "aria-labelledby", "aria-describedby"] {
                for id in element.get(key).into_iter().flat_map(str::split_whitespace) {
                    assert!(ids.contains(id), "{name}: {key}={id}");
                }
            }
            let anchor = element.get("href").and_then(|href| href.strip_prefix('#'));
            assert!(
                anchor.is_none_or(|id| ids.contains(id)),
                "{name}: {anchor:?}"
            );
        }
    });
}

#[test]
fn every_control_has_a_name() {
    each(|name, page| {
        let labelled: BTreeSet<_> = page.all("label").filter_map(|l| l.get("for")).collect();
        let is_named = |e: &Element| {
            e.get("aria-label").is_some()
                || e.inside.iter().any(|tag| tag == "label")
                || e.get("id").is_some_and(|id| labelled.contains(id))
        };
        for element in &page.elements {
            let named = match element.tag.as_str() {
                "input" if element.get("type") == Some("hidden") => true,
                "input" | "select" | "textarea" => is_named(element),
                "button" | "a" | "summary" => !element.text.trim().is_empty(),
                _ => true,
            };
            assert!(named, "{name}: a <{}> has no name", element.tag);
        }
    });
}

#[test]
fn every_form_that_changes_something_proves_that_it_is_ours() {
    each(|name, page| {
        for form in page.all("form") {
            let posts = form.get("method") == Some("post");
            assert_eq!(posts, form.holds("csrf"), "{name}");
            assert!(
                !form.inside.iter().any(|tag| tag == "form"),
                "{name}: nested"
            );
        }
    });
}

#[test]
fn tables_have_headers_and_pictures_have_words() {
    each(|name, page| {
        for table in page.all("table") {
            assert!(table.children.contains(&"th".to_owned()), "{name}");
        }
        for th in page.all("th") {
            assert!(matches!(th.get("scope"), Some("col" | "row")), "{name}");
        }
        for svg in page.all("svg") {
            let hidden = svg.get("aria-hidden") == Some("true");
            let titled =
                svg.get("role") == Some("img") && svg.children.contains(&"title".to_owned());
            assert!(hidden || titled, "{name}");
        }
    });
}

#[test]
fn every_time_is_an_instant_for_machines() {
    each(|name, page| {
        for time in page.all("time") {
            let instant = time.get("datetime").unwrap_or_default();
            let zoned = instant.parse::<jiff::Timestamp>();
            assert!(zoned.is_ok(), "{name}: {instant}");
        }
    });
}
