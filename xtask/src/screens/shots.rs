//! Which pages are drawn, and which of their pictures stand in documents.

/// A desktop screen, in CSS pixels.
pub(super) const DESKTOP: (u32, u32) = (1440, 900);

/// A phone.
pub(super) const PHONE: (u32, u32) = (390, 844);

/// A page.
#[derive(Debug)]
pub(super) struct Shot {
    pub(super) name: &'static str,
    /// Its path, or that of the list which leads to it; below the link for the portal.
    pub(super) path: &'static str,
    /// What leads to it from there.
    pub(super) first: Option<&'static str>,
    /// What is on this page and on no other that could stand in its place.
    pub(super) mark: &'static str,
    /// The pictures that documents show.
    documents: &'static [Picture],
}

/// A screen and a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picture {
    Desktop,
    Dark,
    Phone,
    PhoneDark,
}

const fn page(name: &'static str, path: &'static str, mark: &'static str) -> Shot {
    Shot {
        name,
        path,
        first: None,
        mark,
        documents: &[],
    }
}

impl Shot {
    const fn first(self, css: &'static str) -> Self {
        Self {
            first: Some(css),
            ..self
        }
    }

    const fn shown(self, documents: &'static [Picture]) -> Self {
        Self { documents, ..self }
    }

    /// Tells whether it lies behind a patient's link.
    pub(super) fn is_portal(&self) -> bool {
        self.name.starts_with("portal")
    }

    /// Lists the pictures with their file names.
    pub(super) fn pictures(
        &self,
        everything: bool,
    ) -> impl Iterator<Item = (String, (u32, u32), bool)> {
        let all = [
            Picture::Desktop,
            Picture::Dark,
            Picture::Phone,
            Picture::PhoneDark,
        ];
        all.into_iter()
            .filter(move |picture| everything || self.documents.contains(picture))
            .map(|picture| {
                let (ending, screen, dark) = match picture {
                    // Most patients have a phone and nothing else.
                    Picture::Desktop if self.is_portal() => ("-desktop", DESKTOP, false),
                    Picture::Phone if self.is_portal() => ("", PHONE, false),
                    Picture::Desktop => ("", DESKTOP, false),
                    Picture::Dark => ("-dark", DESKTOP, true),
                    Picture::Phone => ("-phone", PHONE, false),
                    Picture::PhoneDark => ("-phone-dark", PHONE, true),
                };
                (format!("{}{ending}.png", self.name), screen, dark)
            })
    }
}

/// Every page; the portal's last, since its acts come before nothing else.
pub(super) const SHOTS: &[Shot] = &[
    page("today", "/", "#strip").shown(&[Picture::Desktop, Picture::Dark, Picture::Phone]),
    page("patient", "/", "#timeline")
        .first("#unbooked .row [data-open]")
        .shown(&[Picture::Desktop]),
    page("patients", "/patients", "#found"),
    page("inbox", "/inbox?show=all", "#talk")
        .first("#threads a")
        .shown(&[Picture::Desktop]),
    page("messages", "/messages", "#lines"),
    page("message", "/messages?state=dropped", "#chain")
        .first("#lines td.num a")
        .shown(&[Picture::Desktop]),
    page("sandbox", "/sandbox", "#shelf"),
    page("audit", "/audit", "#badge"),
    page("practice", "/settings", "#zone"),
    page("locations", "/settings/locations", ".editor .field"),
    page("templates", "/settings/templates", "tbody a[data-open]"),
    page("template", "/settings/templates", "#placeholders").first("tbody a"),
    page("journeys", "/settings/journeys", "#journeys").shown(&[Picture::Desktop]),
    page("users", "/settings/users", "#users"),
    page("carriers", "/settings/carriers", "#carriers"),
    page("portal", "", "#when").shown(&[Picture::Phone]),
    page("portal-move", "/move", "#part").shown(&[Picture::Phone]),
    page("portal-cancel", "/cancel", "[name=again]"),
    page("portal-preferences", "/preferences", "#stop"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_picture_is_drawn_over_another() {
        let names: Vec<String> = SHOTS
            .iter()
            .flat_map(|shot| shot.pictures(true))
            .map(|(name, ..)| name)
            .collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(names.len(), 4 * SHOTS.len());
    }

    #[test]
    fn documents_get_what_they_show_and_no_more() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut text = std::fs::read_to_string(root.join("README.md")).unwrap();
        for document in std::fs::read_dir(root.join("docs")).unwrap() {
            let path = document.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                text += &std::fs::read_to_string(path).unwrap();
            }
        }
        let shown: BTreeSet<String> = text
            .split("images/")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .map(str::to_owned)
            .collect();
        let drawn: BTreeSet<String> = SHOTS
            .iter()
            .flat_map(|shot| shot.pictures(false))
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(shown, drawn);
    }
}
