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

const fn page(name: &'static str, path: &'static str) -> Shot {
    Shot {
        name,
        path,
        first: None,
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
    page("today", "/").shown(&[Picture::Desktop, Picture::Dark, Picture::Phone]),
    page("patient", "/")
        .first("#unbooked .row [data-open]")
        .shown(&[Picture::Desktop]),
    page("patients", "/patients"),
    page("inbox", "/inbox?show=all")
        .first("#threads a")
        .shown(&[Picture::Desktop]),
    page("messages", "/messages"),
    page("message", "/messages?state=dropped")
        .first("#lines td.num a")
        .shown(&[Picture::Desktop]),
    page("sandbox", "/sandbox"),
    page("audit", "/audit"),
    page("practice", "/settings"),
    page("locations", "/settings/locations"),
    page("templates", "/settings/templates"),
    page("template", "/settings/templates").first("tbody a"),
    page("journeys", "/settings/journeys").shown(&[Picture::Desktop]),
    page("users", "/settings/users"),
    page("carriers", "/settings/carriers"),
    page("portal", "").shown(&[Picture::Phone]),
    page("portal-move", "/move").shown(&[Picture::Phone]),
    page("portal-cancel", "/cancel"),
    page("portal-preferences", "/preferences"),
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
        text += &std::fs::read_to_string(root.join("docs/clinic.md")).unwrap();
        for shot in SHOTS {
            for (name, ..) in shot.pictures(false) {
                assert!(
                    text.contains(&format!("images/{name}")),
                    "nobody shows {name}"
                );
            }
        }
    }
}
