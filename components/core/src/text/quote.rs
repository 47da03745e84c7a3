//! The copy of the answered message that older clients put in front of a reply.

/// A reply's text without that copy: lines that begin with `>`, of which the first names the sender, and an empty line
/// (Matrix client-server API 1.12, "Fallbacks for rich replies"; later versions have none). A text that is nothing else
/// stays as it is. Only for replies: in another message such lines are what its sender says.
pub fn without_quote(text: &str) -> &str {
    if !["> <@", "> * <@"].iter().any(|start| text.starts_with(start)) {
        return text;
    }
    let mut rest = text;
    while let Some(line) = rest.split('\n').next().filter(|line| is_quoted(line)) {
        rest = rest.get(line.len() + 1..).unwrap_or_default();
    }
    let rest = rest.strip_prefix("\r\n").or(rest.strip_prefix('\n')).unwrap_or(rest);
    if rest.trim().is_empty() { text } else { rest }
}

fn is_quoted(line: &str) -> bool {
    line.starts_with("> ") || line.trim_end_matches('\r') == ">"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reply_is_shown_without_the_copy_of_what_it_answers() {
        for (text, shown) in [
            ("> <@a:x> Hello\n\nHi", "Hi"),
            ("> <@a:x> Hello\n> \n>\n> you\n\nHi\n\nthere", "Hi\n\nthere"),
            ("> * <@a:x> waves\n\nHi", "Hi"),
            ("> <@a:x> Hello\r\n>\r\n\r\nHi", "Hi"),
            ("> <@a:x> Hello\nHi", "Hi"),
            // A copy of a copy is one copy.
            ("> <@a:x> > <@b:x> Hello\n> \n> Hi\n\nYes", "Yes"),
            // What the sender quotes is theirs.
            ("> <@a:x> Hello\n\n> as I said\n\nHi", "> as I said\n\nHi"),
            ("> <@a:x> Hello\n\n> <@b:x> not me\n\nHi", "> <@b:x> not me\n\nHi"),
            ("> as I said\n\nHi", "> as I said\n\nHi"),
            (">Hello\n\nHi", ">Hello\n\nHi"),
            // Nothing else.
            ("> <@a:x> Hello", "> <@a:x> Hello"),
            ("> <@a:x> Hello\n\n \n", "> <@a:x> Hello\n\n \n"),
            ("", ""),
        ] {
            assert_eq!(without_quote(text), shown, "{text:?}");
        }
    }

    #[test]
    fn an_endless_copy_takes_no_longer_than_it_is() {
        let text = format!("> <@a:x> {}\nHi", "> \n".repeat(1_000_000));
        assert_eq!(without_quote(&text), "\nHi".trim_start());
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_end_of_the_text_and_never_nothing(
            text in "(> (\\* )?<@a:x> .{0,9}\n)?((> .{0,9}|>|>\r|\r|.{0,9})\n){0,6}.{0,9}"
        ) {
            let shown = without_quote(&text);
            prop_assert!(text.ends_with(shown));
            prop_assert_eq!(shown.trim().is_empty(), text.trim().is_empty());
        }

        #[test]
        fn the_reply_is_whole_whatever_was_copied(copied in "[^\r]{0,40}", reply in "\\PC[^\r]{0,40}") {
            prop_assume!(!reply.trim().is_empty());
            let quote = copied.split('\n').collect::<Vec<_>>().join("\n> ");
            let text = format!("> <@a:x> {quote}\n\n{reply}");
            prop_assert_eq!(without_quote(&text), reply);
        }
    }
}
