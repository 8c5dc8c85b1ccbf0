//! What a message is, beside its words: the `meta.toml` of its folder.

use std::collections::BTreeMap;

use serde::Deserialize;
use tendon_care::contact::Channel;
use tendon_care::language::Language;
use tendon_care::purpose::Purpose;

/// What is known of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// What it is for, in a sentence for the settings page.
    pub about: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// Clinical, consent and safety words: a translation nobody reviewed is
    /// never sent alone (45 CFR 92.201(c)(3)).
    pub critical: bool,
    /// Where it can be sent.
    pub channels: Vec<Channel>,
    /// The variables that its words may use.
    pub variables: Vec<Variable>,
    /// Variables without which this message makes no sense, although others do
    /// without: the link of a message that carries a link.
    pub needs: Vec<Variable>,
    /// What is left out of a text that gets too long, first one first.
    pub shorten: Vec<Variable>,
    /// Who stands behind the words of each language.
    pub status: BTreeMap<Language, Status>,
}

/// Who stands behind the words of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The words from which the others were translated.
    Source,
    /// A qualified person has reviewed the translation.
    HumanReviewed,
    /// Nobody has reviewed it yet.
    Draft,
}

/// What a template may say. Nothing else exists in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    /// The clinic's display name.
    Clinic,
    /// The patient's first name; absent at an address that several people read.
    FirstName,
    /// Day and time of the visit.
    When,
    /// Day of the visit.
    Date,
    /// Time of the visit.
    Time,
    /// The number to call.
    Phone,
    /// The private link; absent where none was made.
    Link,
    /// The number for emergencies, such as 911.
    Emergency,
    /// The number for people in a crisis, such as 988.
    CrisisLine,
}

impl Variable {
    /// Every variable.
    pub const ALL: [Self; 9] = [
        Self::Clinic,
        Self::FirstName,
        Self::When,
        Self::Date,
        Self::Time,
        Self::Phone,
        Self::Link,
        Self::Emergency,
        Self::CrisisLine,
    ];

    /// Returns the name under which templates write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clinic => "clinic",
            Self::FirstName => "first_name",
            Self::When => "when",
            Self::Date => "date",
            Self::Time => "time",
            Self::Phone => "phone",
            Self::Link => "link",
            Self::Emergency => "emergency",
            Self::CrisisLine => "crisis_line",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    purpose: String,
    critical: bool,
    channels: Vec<String>,
    variables: Vec<Variable>,
    #[serde(default)]
    needs: Vec<Variable>,
    shorten: Vec<Variable>,
    status: BTreeMap<String, Status>,
}

impl Meta {
    /// Reads a `meta.toml`. The reason of a refusal names the key.
    pub fn parse(source: &str) -> Result<Self, String> {
        let file: File = toml::from_str(source).map_err(|e| e.message().to_owned())?;
        let channels = file
            .channels
            .iter()
            .map(|code| Channel::from_code(code).ok_or("channels must be sms or email"))
            .collect::<Result<_, _>>()?;
        let status = file
            .status
            .into_iter()
            .map(|(tag, status)| {
                let language: Language = tag
                    .parse()
                    .map_err(|_| format!("status.{tag} is no language"))?;
                Ok((language, status))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self {
            about: file.about,
            purpose: file
                .purpose
                .parse()
                .map_err(|_| "purpose must be P0 to P5")?,
            critical: file.critical,
            channels,
            variables: file.variables,
            needs: file.needs,
            shorten: file.shorten,
            status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
about = "Says hello."
purpose = "P1"
critical = false
channels = ["sms"]
variables = ["clinic"]
shorten = []
[status]
en = "source"
es = "draft"
"#;

    #[test]
    fn a_description_is_read_and_a_bad_one_names_its_key() {
        let meta = Meta::parse(GOOD).unwrap();
        assert_eq!(meta.purpose, Purpose::Care);
        assert_eq!(meta.status[&Language::Spanish], Status::Draft);
        for (good, bad, named) in [
            ("\"P1\"", "\"P9\"", "purpose"),
            ("\"sms\"", "\"pigeon\"", "channels"),
            ("es = ", "fr = ", "fr"),
            ("\"clinic\"", "\"diagnosis\"", "diagnosis"),
            ("about", "abuot", "abuot"),
        ] {
            let error = Meta::parse(&GOOD.replacen(good, bad, 1)).unwrap_err();
            assert!(error.contains(named), "{bad}: {error}");
        }
    }

    #[test]
    fn templates_and_descriptions_use_the_same_names() {
        for variable in Variable::ALL {
            let meta = GOOD.replace("\"clinic\"", &format!("\"{}\"", variable.name()));
            assert_eq!(Meta::parse(&meta).unwrap().variables, [variable]);
        }
    }
}
