//! One walk through a Rust file that notes what the rules ask about.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// Something with its line, and whether only tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
    pub(crate) in_test: bool,
}

/// A function's name and how many lines it takes, from `fn` to its closing brace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// A trait that a type of this file has, by derive or by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Has {
    pub(crate) of: String,
    pub(crate) of_trait: String,
    pub(crate) derived: bool,
}

/// What one file holds. Text inside of macros counts; documentation does not.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) functions: Vec<At<Function>>,
    /// Names of structs and enums.
    pub(crate) types: Vec<String>,
    pub(crate) traits: Vec<At<Has>>,
    /// Attributes as text without spaces, such as `ignore` or `cfg_attr(ci,ignore)`.
    pub(crate) attributes: Vec<At<String>>,
    /// Names in paths and imports, each alone.
    pub(crate) names: Vec<At<String>>,
    /// Functions and macros that are called, by their last name: `sleep`, `todo!`.
    pub(crate) calls: Vec<At<String>>,
    /// The texts of string literals.
    pub(crate) texts: Vec<At<String>>,
}

impl Facts {
    /// Reads a file; `is_test` says that all of it is for tests.
    pub(crate) fn of(source: &str, is_test: bool) -> syn::Result<Self> {
        let file = syn::parse_file(source)?;
        let mut walk = Walk {
            facts: Self::default(),
            in_test: is_test || file.attrs.iter().any(is_cfg_test),
        };
        walk.visit_file(&file);
        Ok(walk.facts)
    }
}

struct Walk {
    facts: Facts,
    in_test: bool,
}

impl Walk {
    fn at<T>(&self, value: T, span: Span) -> At<T> {
        At {
            value,
            line: span.start().line,
            in_test: self.in_test,
        }
    }

    /// Runs the rest of an item's walk, as test code if its attributes say so.
    fn inside(&mut self, attributes: &[syn::Attribute], walk: impl FnOnce(&mut Self)) {
        let outer = self.in_test;
        self.in_test |= attributes.iter().any(|a| is_cfg_test(a) || is_test(a));
        walk(self);
        self.in_test = outer;
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let start = signature.fn_token.span;
        let end = block.brace_token.span.close();
        let lines = end.end().line.saturating_sub(start.start().line) + 1;
        let name = signature.ident.to_string();
        let function = self.at(Function { name, lines }, start);
        self.facts.functions.push(function);
    }

    fn declared(&mut self, ident: &syn::Ident, attributes: &[syn::Attribute]) {
        self.facts.types.push(ident.to_string());
        for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
            // A derive that does not parse is the compiler's to complain about.
            let _ = attribute.parse_nested_meta(|meta| {
                if let Some(last) = meta.path.segments.last() {
                    let has = Has {
                        of: ident.to_string(),
                        of_trait: last.ident.to_string(),
                        derived: true,
                    };
                    self.facts.traits.push(self.at(has, last.ident.span()));
                }
                Ok(())
            });
        }
    }

    fn name(&mut self, ident: &syn::Ident) {
        let name = self.at(ident.to_string(), ident.span());
        self.facts.names.push(name);
    }

    /// Looks through the tokens of a macro call, which have no syntax of their own.
    fn tokens(&mut self, tokens: TokenStream) {
        // The name that a bracket would call: `f` and, after its `!`, `f!`.
        let mut callee: Option<(String, Span)> = None;
        for token in tokens {
            let last = callee.take();
            match &token {
                TokenTree::Group(group) => {
                    if let Some((name, span)) = last
                        && (name.ends_with('!') || group.delimiter() == Delimiter::Parenthesis)
                    {
                        let call = self.at(name, span);
                        self.facts.calls.push(call);
                    }
                    self.tokens(group.stream());
                }
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        let text = self.at(text.value(), literal.span());
                        self.facts.texts.push(text);
                    }
                }
                TokenTree::Ident(ident) => {
                    self.name(ident);
                    callee = Some((ident.to_string(), ident.span()));
                }
                TokenTree::Punct(punct) if punct.as_char() == '!' => {
                    callee = last.map(|(name, span)| (format!("{name}!"), span));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.inside(&item.attrs, |walk| visit::visit_item_mod(walk, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.inside(&item.attrs, |walk| {
            walk.function(&item.sig, &item.block);
            visit::visit_item_fn(walk, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.inside(&item.attrs, |walk| {
            walk.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(walk, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.inside(&item.attrs, |walk| {
            if let Some((path, _)) = &item.trait_
                && let Some(of_trait) = path.segments.last()
                && let syn::Type::Path(of) = &*item.self_ty
                && let Some(of) = of.path.segments.last()
            {
                let has = Has {
                    of: of.ident.to_string(),
                    of_trait: of_trait.ident.to_string(),
                    derived: false,
                };
                let has = walk.at(has, item.impl_token.span);
                walk.facts.traits.push(has);
            }
            visit::visit_item_impl(walk, item);
        });
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.inside(&item.attrs, |walk| {
            walk.declared(&item.ident, &item.attrs);
            visit::visit_item_struct(walk, item);
        });
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.inside(&item.attrs, |walk| {
            walk.declared(&item.ident, &item.attrs);
            visit::visit_item_enum(walk, item);
        });
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.inside(&item.attrs, |walk| visit::visit_item_use(walk, item));
    }

    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        self.name(&path.ident);
        visit::visit_use_path(self, path);
    }

    fn visit_use_name(&mut self, name: &'ast syn::UseName) {
        self.name(&name.ident);
    }

    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        self.name(&rename.ident);
    }

    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        self.name(&segment.ident);
        visit::visit_path_segment(self, segment);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(function) = &*call.func
            && let Some(last) = function.path.segments.last()
        {
            let called = self.at(last.ident.to_string(), last.ident.span());
            self.facts.calls.push(called);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(last) = call.path.segments.last() {
            let called = self.at(format!("{}!", last.ident), last.ident.span());
            self.facts.calls.push(called);
        }
        self.tokens(call.tokens.clone());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        let text = self.at(text.value(), text.span());
        self.facts.texts.push(text);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        let text = match &attribute.meta {
            syn::Meta::Path(path) => plain(path),
            syn::Meta::NameValue(pair) => plain(&pair.path),
            syn::Meta::List(list) => format!("{}({})", plain(&list.path), squeezed(&list.tokens)),
        };
        let text = self.at(text, attribute.span());
        self.facts.attributes.push(text);
    }
}

fn plain(path: &syn::Path) -> String {
    let names: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    names.join("::")
}

fn squeezed(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

/// Tells `#[cfg(test)]`, also as a part of `all(…)`; `not(test)` is no test.
fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    if !list.path.is_ident("cfg") {
        return false;
    }
    let condition = squeezed(&list.tokens);
    condition == "test" || (condition.starts_with("all(test,"))
}

/// Tells `#[test]`, `#[tokio::test]` and `#[on_both_engines]`.
fn is_test(attribute: &syn::Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "test" || segment.ident == "on_both_engines")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(source: &str) -> Facts {
        Facts::of(source, false).unwrap()
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let facts = facts(
            "/// Says.\n#[must_use]\npub fn one()\n-> u8 {\n    1\n}\n\
             impl A { fn two() {} }\ntrait T { fn three() {\n} fn none(); }\n",
        );
        let measured: Vec<_> = facts
            .functions
            .iter()
            .map(|f| (f.line, f.value.name.as_str(), f.value.lines))
            .collect();
        assert_eq!(measured, [(3, "one", 4), (7, "two", 1), (8, "three", 2)]);
    }

    #[test]
    fn what_only_tests_see_is_marked() {
        let facts = facts(
            "fn a() { x(); }\n#[cfg(test)]\nmod tests { fn b() { y(); } }\n\
             #[tokio::test]\nasync fn c() { z(); }\n#[cfg(not(test))]\nfn d() { w(); }\n\
             #[on_both_engines]\nfn e(engine: Engine) { v(); }\n",
        );
        let calls: Vec<_> = facts
            .calls
            .iter()
            .map(|c| (c.value.as_str(), c.in_test))
            .collect();
        assert_eq!(
            calls,
            [
                ("x", false),
                ("y", true),
                ("z", true),
                ("w", false),
                ("v", true)
            ]
        );
        let all = Facts::of("fn a() { x(); }", true).unwrap();
        assert!(all.calls[0].in_test);
        let whole = Facts::of("#![cfg(test)]\nfn a() { x(); }", false).unwrap();
        assert!(whole.calls[0].in_test);
    }

    #[test]
    fn traits_are_seen_derived_and_written() {
        let facts = facts(
            "#[derive(Clone, serde::Serialize)]\nstruct A;\n#[derive(Debug)]\nenum B {}\n\
             impl std::fmt::Display for A {}\nimpl A {}\n",
        );
        let traits: Vec<_> = facts
            .traits
            .iter()
            .map(|t| {
                (
                    t.line,
                    t.value.of.as_str(),
                    t.value.of_trait.as_str(),
                    t.value.derived,
                )
            })
            .collect();
        assert_eq!(
            traits,
            [
                (1, "A", "Clone", true),
                (1, "A", "Serialize", true),
                (3, "B", "Debug", true),
                (5, "A", "Display", false)
            ]
        );
        assert_eq!(facts.types, ["A", "B"]);
    }

    #[test]
    fn macros_are_looked_into_and_documentation_is_not() {
        let facts = facts(
            "/// select nothing from here\nfn a() {\n    let s = format!(\"deep {}\", f(\"x\"));\n    todo!()\n}\n",
        );
        let texts: Vec<_> = facts
            .texts
            .iter()
            .map(|t| (t.line, t.value.as_str()))
            .collect();
        assert_eq!(texts, [(3, "deep {}"), (3, "x")]);
        let calls: Vec<_> = facts.calls.iter().map(|c| c.value.as_str()).collect();
        assert_eq!(calls, ["format!", "f", "todo!"]);
    }

    #[test]
    fn imports_and_attributes_are_noted() {
        let facts = facts(
            "use tokio::net::{TcpStream as Wire, lookup_host};\n#[test]\n\
             #[cfg_attr(ci, ignore)]\nfn a() {}\n",
        );
        let names: Vec<_> = facts.names.iter().map(|n| n.value.as_str()).collect();
        assert_eq!(names, ["tokio", "net", "TcpStream", "lookup_host"]);
        let attributes: Vec<_> = facts.attributes.iter().map(|a| a.value.as_str()).collect();
        assert_eq!(attributes, ["test", "cfg_attr(ci,ignore)"]);
    }
}
