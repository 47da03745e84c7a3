//! What is left of HTML, and that it cannot be read in another way.

use super::*;
use proptest::prelude::*;

#[test]
fn what_the_specification_recommends_stays() {
    for html in [
        "<p>A <strong>b</strong> <em>c</em> <del>d</del> <u>e</u> <sup>1</sup><sub>2</sub></p>",
        "<h1>Title</h1><hr><blockquote><p>quoted</p></blockquote>",
        "<ul><li>one</li><li>two<br>lines</li></ul><ol start=\"3\"><li>three</li></ol>",
        "<pre><code class=\"language-rust\">let a = &quot;&lt;b&gt;&quot; &amp;&amp; c;</code></pre>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td><td>c</td></tr></tbody></table>",
        "<a href=\"https://example.org/?a=1&amp;b=2\">link</a> <a href=\"mailto:a@example.org\">mail</a>",
        "<span data-mx-bg-color=\"#00ff00\" data-mx-color=\"#FF0000\">red</span>",
        "<span data-mx-spoiler=\"why\">hidden</span><details><summary>more</summary>text</details>",
        "<img alt=\"cat\" height=\"20\" src=\"mxc://example.org/abc\" title=\"cat\" width=\"20\">",
        "плаче 👩‍👩‍👧 &lt;3",
    ] {
        assert_eq!(clean(html), html);
    }
}

#[test]
fn what_could_run_or_call_home_goes() {
    for (html, cleaned) in [
        ("a<script>alert(1)</script>b", "ab"),
        ("a<SCRIPT SRC=//x>alert(1)</SCRIPT >b", "ab"),
        ("a<script>alert(1)", "a"),
        ("a<style>p{color:red}</style>b", "ab"),
        ("a<iframe src=//x><b>c</b></iframe>b", "ab"),
        ("a<svg><svg></svg><script>x</script></svg>b", "ab"),
        ("a<svg/>b", "ab"),
        ("a<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">b", "a"),
        ("a<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">b", "a&quot;&gt;b"),
        ("a<textarea><b></textarea>b", "ab"),
        ("<mx-reply><blockquote>before</blockquote></mx-reply>after", "after"),
        ("<p onclick=alert(1) style=\"background:url(//x)\" class=x id=y>a</p>", "<p>a</p>"),
        ("<img src=x onerror=alert(1)>a", "a"),
        ("<img src=https://example.org/pixel.gif>a", "a"),
        ("<img src=data:image/png;base64,AAAA>a", "a"),
        ("<video src=x>a</video><form><input></form><object data=x>o</object>", "a"),
        ("<a href=javascript:alert(1)>a</a>", "<a>a</a>"),
        ("<a href=\"java\nscript:alert(1)\">a</a>", "<a>a</a>"),
        ("<a href=\" &#1;javascript:alert(1)\">a</a>", "<a>a</a>"),
        ("<a href=\"vbscript:x\">a</a><a href=\"data:text/html,x\">b</a>", "<a>a</a><a>b</a>"),
        ("<a href=\"//example.org\">a</a><a href=\"/etc\">b</a><a href=\"\">c</a>", "<a>a</a><a>b</a><a>c</a>"),
        ("<a href=\"HTTPS://example.org\" target=_blank>a</a>", "<a href=\"HTTPS://example.org\">a</a>"),
        (
            "<code class=\"x language-rust y\">a</code><code class=x>b</code>",
            "<code class=\"language-rust\">a</code><code>b</code>",
        ),
        ("<ol start=\"-1\"><li>a</ol>", "<ol><li>a</li></ol>"),
        ("<span data-mx-color=\"red;x\">a</span>", "<span>a</span>"),
        ("a<!-- b --><!DOCTYPE html><?php c ?><![CDATA[d]]>e", "ae"),
    ] {
        assert_eq!(clean(html), cleaned, "{html}");
    }
}

#[test]
fn tags_end_up_nested_whatever_came_in() {
    for (html, cleaned) in [
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>a<ul><li>b</ul>", "<p>a</p><ul><li>b</li></ul>"),
        ("<p><b>a<p>b", "<p><b>a</b></p><p>b</p>"),
        ("<ul><li><i>a<li>b", "<ul><li><i>a</i></li><li>b</li></ul>"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("<a>a<b>b<a>c", "<a>a<b>b</b></a><a>c</a>"),
        ("<table><b>a</b><tr>b<td>c", "<table></table><b>a</b><tr></tr>b<td>c</td>"),
        ("</b></p>a", "a"),
        ("<b>a", "<b>a</b>"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("a <b", "a "),
    ] {
        assert_eq!(clean(html), cleaned, "{html}");
    }
    let deep = format!("{}a{}", "<div>".repeat(5000), "</div>".repeat(5000));
    assert_eq!(clean(&deep).matches("<div>").count(), MAX_DEPTH);
}

#[test]
fn nothing_to_see_is_nothing() {
    for html in ["", " \n", "<p></p>", "<b> </b><br>", "<script>x</script>", "<img src=x>", "<!-- x -->"] {
        assert_eq!(clean(html), "", "{html}");
    }
    assert_eq!(clean("<hr>"), "<hr>");
}

#[test]
fn misnested_formatting_does_not_multiply() {
    let open: String = (0..3000).map(|i| format!("<b {i:x}>")).collect();
    let html = format!("<p>{open}</p>{}", "<p>x</p>".repeat(4000));
    assert!(clean(&html).len() <= 2 * html.len());
}

/// Pieces that mean something to a browser, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z<>/&\"'= \n!-]{0,6}",
        Just("<script>".to_owned()),
        Just("</script>".to_owned()),
        Just("<svg>".to_owned()),
        Just("<style>".to_owned()),
        Just("</style>".to_owned()),
        Just("<title>".to_owned()),
        Just("</title>".to_owned()),
        Just("<plaintext>".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("&lt;img src=x onerror=alert(1)&gt;".to_owned()),
        Just("<a href=\"javascript:x\" href=https://a>".to_owned()),
        Just("<img src=mxc://a/b alt='\"><script>'>".to_owned()),
        Just("</p>".to_owned()),
        (prop::sample::select(&ELEMENTS[..]), any::<bool>()).prop_map(|(name, starts)| if starts {
            format!("<{name} x=y>")
        } else {
            format!("</{name}>")
        }),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_clean_stays_as_it_is_and_has_only_tags_of_the_subset(html in pieces()) {
        let cleaned = clean(&html);
        prop_assert_eq!(&clean(&cleaned), &cleaned);
        prop_assert!(cleaned.len() <= 6 * html.len() + 16 * MAX_DEPTH);
        let mut open = Vec::new();
        for token in Tokenizer::new(&cleaned) {
            match token {
                Ok(Token::StartTag(tag)) => {
                    let name = String::from_utf8_lossy(&tag.name).into_owned();
                    prop_assert!(ELEMENTS.contains(&&*name) || VOID_ELEMENTS.contains(&&*name), "{}", name);
                    for (attribute, value) in &tag.attributes {
                        let value = String::from_utf8_lossy(value);
                        let kept = allowed(&name, attribute, &value).map(|(_, kept)| kept);
                        prop_assert_eq!(kept.as_deref(), Some(&*value));
                    }
                    if !VOID_ELEMENTS.contains(&&*name) {
                        open.push(name);
                    }
                }
                Ok(Token::EndTag(tag)) => {
                    prop_assert_eq!(open.pop(), Some(String::from_utf8_lossy(&tag.name).into_owned()));
                }
                Ok(Token::String(_)) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert!(open.is_empty());
    }
}
