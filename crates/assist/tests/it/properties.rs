//! What holds for every text.

use proptest::prelude::*;
use tendon_assist::{Class, Context, OptOutScope, Prompt, action_in_words, understand};

fn contexts() -> impl Strategy<Value = Context> {
    (prop::sample::select(Prompt::ALL.to_vec()), any::<bool>()).prop_map(|(prompt, opted_out)| {
        Context {
            prompt,
            opted_out,
            ..Context::default()
        }
    })
}

proptest! {
    #[test]
    fn any_text_is_understood_in_the_same_way_twice(text in "\\PC{0,200}", context in contexts()) {
        let heard = understand(&text, &context);
        prop_assert_eq!(&heard, &understand(&text, &context));
        prop_assert!(!heard.also.contains(&heard.class));
        prop_assert!(!action_in_words(&heard).is_empty());
        if let Some(matched) = &heard.matched {
            prop_assert!(text.get(matched.span.clone()).is_some(), "span cuts a character");
        }
    }

    #[test]
    fn a_keyword_stops_in_any_case_with_any_sign_around_it(
        word in prop::sample::select(vec!["stop", "unsubscribe", "end", "quit", "revoke", "optout", "alto"]),
        upper in prop::collection::vec(any::<bool>(), 11),
        before in "[ .!\"*(\n]{0,3}",
        after in "[ .!?\"*)\n]{0,3}",
        context in contexts(),
    ) {
        let mixed: String = word
            .chars()
            .zip(upper)
            .map(|(c, up)| if up { c.to_ascii_uppercase() } else { c })
            .collect();
        let heard = understand(&format!("{before}{mixed}{after}"), &context);
        prop_assert_eq!(heard.opt_out, Some(OptOutScope::Everything));
        prop_assert_eq!(heard.class, Class::OptOutAll);
    }

    #[test]
    fn words_around_a_crisis_never_hide_it(before in "[a-z]{1,8}( [a-z]{1,8}){0,6}", context in contexts()) {
        let heard = understand(&format!("{before}. I want to kill myself"), &context);
        prop_assert_eq!(heard.red_flag.map(|flag| (flag.level.letter(), flag.negated)).filter(|(l, _)| *l != 'E'),
            Some(('S', false)).filter(|_| heard.class != Class::RedFlagE));
        prop_assert!(heard.says(Class::RedFlagS));
    }
}
