//! The attribute by which a test says that it runs on both databases.
//!
//! It has a crate of its own because the compiler wants that of an attribute; use
//! it as `tendon_testkit::on_both_engines`, where it is explained.

use proc_macro::{TokenStream, TokenTree};

/// Makes two tests of a function that takes an `Engine`.
///
/// The module with the function's name gets the tests `on_sqlite` and
/// `on_postgres`. An asynchronous function runs on tokio, which the crate that
/// uses this needs with its macros.
#[proc_macro_attribute]
pub fn on_both_engines(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if !arguments.is_empty() {
        return refusal("`on_both_engines` takes no arguments");
    }
    let Some(function) = Function::of(item.clone()) else {
        return refusal("`on_both_engines` stands above a function");
    };
    let mut both = item;
    both.extend(function.tests());
    both
}

/// What has to be known about the function under the attribute.
struct Function {
    name: String,
    is_async: bool,
}

impl Function {
    fn of(item: TokenStream) -> Option<Self> {
        let mut words = item.into_iter().filter_map(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            _ => None,
        });
        let mut is_async = false;
        loop {
            match words.next()?.as_str() {
                "async" => is_async = true,
                "fn" => {
                    let name = words.next()?;
                    return Some(Self { name, is_async });
                }
                _ => {}
            }
        }
    }

    fn tests(&self) -> TokenStream {
        let Self { name, is_async } = self;
        let (attribute, keyword, wait) = if *is_async {
            ("::tokio::test", "async", ".await")
        } else {
            ("::core::prelude::v1::test", "", "")
        };
        let tests = format!(
            "mod {name} {{
                use ::tendon_testkit::database::Engine;

                #[{attribute}]
                {keyword} fn on_sqlite() {{
                    super::{name}(Engine::sqlite(\"{name}\")){wait};
                }}

                #[{attribute}]
                {keyword} fn on_postgres() {{
                    if let Some(engine) = Engine::postgres(\"{name}\") {{
                        super::{name}(engine){wait};
                    }}
                }}
            }}"
        );
        // The text above is Rust whatever the name, so there is always a stream.
        tests.parse().unwrap_or_default()
    }
}

fn refusal(why: &str) -> TokenStream {
    format!("::core::compile_error!({why:?});")
        .parse()
        .unwrap_or_default()
}
