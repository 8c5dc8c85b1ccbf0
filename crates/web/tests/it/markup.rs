//! A reader of our own markup that is stricter than a browser: every element is
//! closed in its order, and nothing stands where a browser would move it away.

use std::collections::BTreeMap;

/// Elements that have no end.
const VOID: [&str; 6] = ["meta", "link", "input", "br", "hr", "img"];

/// Elements that a browser does not leave inside a paragraph.
const BLOCKS: [&str; 16] = [
    "p", "div", "ul", "ol", "dl", "section", "header", "footer", "form", "table", "h1", "h2", "h3",
    "details", "article", "fieldset",
];

/// One element.
#[derive(Debug, Default)]
pub struct Element {
    /// Its tag.
    pub tag: String,
    /// Its attributes, as written.
    pub attributes: BTreeMap<String, String>,
    /// The tags around it, outermost first.
    pub inside: Vec<String>,
    /// The text in it, at any depth.
    pub text: String,
    /// The tags in it, at any depth.
    pub children: Vec<String>,
    /// The names of the fields in it.
    fields: Vec<String>,
}

impl Element {
    /// Returns an attribute.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    /// Tells whether a field of this name is in it.
    pub fn holds(&self, field: &str) -> bool {
        self.fields.iter().any(|name| name == field)
    }
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its elements in order.
    pub elements: Vec<Element>,
    /// Its size.
    pub bytes: usize,
}

impl Page {
    /// Returns the elements of a tag.
    pub fn all<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |e| e.tag == tag)
    }

    /// Reads a page; the error says what is wrong and near what.
    pub fn parse(html: &str) -> Result<Self, String> {
        let mut reader = Reader::default();
        let mut rest = html
            .strip_prefix("<!doctype html>")
            .ok_or("does not begin with its doctype")?;
        while let Some((text, after)) = rest.split_once('<') {
            reader.text(text);
            let (tag, after) = tag_end(after)?;
            match tag.strip_prefix('/') {
                Some(name) => reader.close(name)?,
                None => reader.open(tag)?,
            }
            rest = after;
        }
        if let Some(open) = reader.open.last() {
            return Err(format!("<{}> is not closed", reader.elements[*open].tag));
        }
        Ok(Self {
            elements: reader.elements,
            bytes: html.len(),
        })
    }
}

/// Splits after the `>` that ends a tag, which may not stand in a quoted value.
fn tag_end(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '<' => break,
            '>' if !quoted => return Ok((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    let near: String = text.chars().take(40).collect();
    Err(format!("a tag does not end near {near:?}"))
}

#[derive(Default)]
struct Reader {
    elements: Vec<Element>,
    open: Vec<usize>,
}

impl Reader {
    fn text(&mut self, text: &str) {
        for at in &self.open {
            self.elements[*at].text.push_str(text);
        }
    }

    fn open(&mut self, tag: &str) -> Result<(), String> {
        let (body, ends) = match tag.strip_suffix('/') {
            Some(body) => (body, true),
            None => (tag, false),
        };
        let (name, attributes) = body.split_once([' ', '\n']).unwrap_or((body, ""));
        let inside: Vec<String> = self
            .open
            .iter()
            .map(|at| self.elements[*at].tag.clone())
            .collect();
        if BLOCKS.contains(&name) && inside.iter().any(|tag| tag == "p") {
            return Err(format!("<{name}> inside of a paragraph"));
        }
        if ["a", "button"].contains(&name) && inside.iter().any(|t| t == "a" || t == "button") {
            return Err(format!("<{name}> inside of another control"));
        }
        let attributes = read_attributes(attributes)?;
        for at in &self.open {
            self.elements[*at].children.push(name.to_owned());
            let field = attributes.get("name").filter(|_| name == "input");
            self.elements[*at].fields.extend(field.cloned());
        }
        if !ends && !VOID.contains(&name) {
            self.open.push(self.elements.len());
        }
        self.elements.push(Element {
            tag: name.to_owned(),
            attributes,
            inside,
            ..Element::default()
        });
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), String> {
        let open = self.open.pop().map(|at| self.elements[at].tag.as_str());
        if open == Some(name) {
            Ok(())
        } else {
            Err(format!("</{name}> closes {open:?}"))
        }
    }
}

fn read_attributes(mut text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut out = BTreeMap::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Ok(out);
        }
        let end = text
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(text.len());
        let (key, rest) = text.split_at(end);
        if !key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-:".contains(c))
        {
            return Err(format!("odd attribute {key:?}"));
        }
        let value = match rest.strip_prefix("=\"") {
            Some(rest) => {
                let (value, rest) = rest.split_once('"').ok_or("a value does not end")?;
                text = rest;
                value.to_owned()
            }
            None if rest.starts_with('=') => return Err(format!("{key} is not quoted")),
            None => {
                text = rest;
                String::new()
            }
        };
        if out.insert(key.to_owned(), value).is_some() {
            return Err(format!("{key} twice"));
        }
    }
}

#[test]
fn what_a_browser_would_repair_is_refused() {
    let page = |body: &str| Page::parse(&format!("<!doctype html><html>{body}</html>"));
    assert!(page(r#"<p class="a">x<br>y</p>"#).is_ok());
    for bad in [
        "<p><div></div></p>",
        "<b><i></b></i>",
        "<p",
        "<p a=b></p>",
        r#"<p a="1" a="2"></p>"#,
        r#"<p "><script>"></p>"#,
        "<a><button></button></a>",
        "<ul>",
    ] {
        assert!(page(bad).is_err(), "{bad}");
    }
    assert!(Page::parse("<html></html>").is_err());
}
