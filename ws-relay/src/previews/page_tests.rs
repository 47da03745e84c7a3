//! What pages say of themselves, hostile ones too.

use super::*;
use proptest::prelude::*;

fn fetched(content_type: &str, body: &[u8]) -> Fetched {
    let url = Url::parse("https://site.example/a/page").unwrap();
    Fetched { url, content_type: content_type.to_owned(), body: body.to_vec(), is_whole: true }
}

fn page(html: &str) -> Option<Page> {
    read(&fetched("text/html; charset=utf-8", html.as_bytes()))
}

fn title(html: &str) -> Option<String> {
    page(html).and_then(|page| page.summary.title)
}

#[test]
fn open_graph_counts_most() {
    let page = page(
        "<!doctype html><html><head><title>Tab</title><meta name=description content='For engines'>
         <meta property='og:title' content='Title &amp; more'><meta property=\"og:description\" content='Text'>
         <meta property=og:site_name content=Site><meta property='og:image' content='/pic.png'></head>",
    );
    let page = page.unwrap();
    let summary = PageSummary {
        title: Some("Title & more".to_owned()),
        description: Some("Text".to_owned()),
        site_name: Some("Site".to_owned()),
        image: None,
    };
    assert_eq!((page.summary, page.image.unwrap().as_str()), (summary, "https://site.example/pic.png"));
}

#[test]
fn a_page_without_it_is_read_all_the_same() {
    let page =
        page("<title> Одна \n\t назва </title><META NAME=Description CONTENT='опис'><body><title>no</title>").unwrap();
    assert_eq!(page.summary.title.as_deref(), Some("Одна назва"));
    assert_eq!(page.summary.description.as_deref(), Some("опис"));
    assert_eq!(page.image, None);
}

#[test]
fn what_says_nothing_is_nothing() {
    for html in [
        "",
        "<",
        "<html><head></head>",
        "<title></title>",
        "<title>\u{200b}\u{202e}</title>",
        "<meta property=og:site_name content=Site>",
        "<meta property=og:image content=/x.png>",
        "<body><title>In the body</title><meta property=og:title content=x>",
        "<head></head><title>Behind the head</title>",
        "<!-- <title>Commented</title> -->",
        "<script>'<title>In a script</title>'</script>",
        "<style><title>In a style</title></style>",
    ] {
        assert_eq!(page(html), None, "{html}");
    }
}

#[test]
fn text_is_cleaned_and_bounded() {
    assert_eq!(
        title("<title>a\u{202e}b\u{0}c\u{1b}[31m\u{2066}d\u{200f}</title>").as_deref(),
        Some("ab\u{fffd}c[31md")
    );
    assert_eq!(
        title("<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>").as_deref(),
        Some("<script>alert(1)</script>")
    );
    let long = page(&format!(
        "<title>{0}</title><meta name=description content='{0}'><meta property=og:site_name content='{0}'>",
        "й".repeat(100_000)
    ));
    let summary = long.unwrap().summary;
    assert_eq!(summary.title.unwrap().chars().count(), MAX_TITLE);
    assert_eq!(summary.description.unwrap().chars().count(), MAX_DESCRIPTION);
    assert_eq!(summary.site_name.unwrap().chars().count(), MAX_SITE_NAME);
}

#[test]
fn the_encoding_is_the_pages_own() {
    let text = "<meta charset=windows-1251><title>Привіт</title>";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let said =
        |content_type: &str, bytes: &[u8]| read(&fetched(content_type, bytes)).and_then(|page| page.summary.title);
    assert_eq!(said("text/html", &bytes).as_deref(), Some("Привіт"));
    let (bare, _, _) = encoding_rs::KOI8_U.encode("<title>Привіт</title>");
    assert_eq!(said("text/html; Charset=\"koi8-u\"", &bare).as_deref(), Some("Привіт"));
    let declared = "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><title>Київ</title>";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(declared);
    assert_eq!(said("text/html", &bytes).as_deref(), Some("Київ"));
    assert_eq!(said("text/html; charset=koi8-u", b"\xef\xbb\xbf<title>\xd0\x9a</title>").as_deref(), Some("К"));
    assert_eq!(said("text/html", b"<meta charset=utf-16><title>Plain</title>").as_deref(), Some("Plain"));
    assert_eq!(said("text/html; charset=nonsense", b"<title>Plain\xff</title>").as_deref(), Some("Plain\u{fffd}"));
}

#[test]
fn a_picture_is_an_address_and_no_more() {
    let image = |content: &str| {
        page(&format!("<title>x</title><meta property=og:image content='{content}'>")).unwrap().image.map(String::from)
    };
    assert_eq!(image("//cdn.example/x").as_deref(), Some("https://cdn.example/x"));
    assert_eq!(image("https://"), None);
    // An encrypted page's is not fetched in the clear.
    assert_eq!(image("http://cdn.example:80/x").as_deref(), Some("https://cdn.example/x"));
    assert_eq!(image("HTTP://cdn.example/x").as_deref(), Some("https://cdn.example/x"));
    // The guard has the last word on it.
    assert_eq!(image("file:///etc/passwd").as_deref(), Some("file:///etc/passwd"));
}

#[test]
fn only_pages_are_read() {
    for (content_type, is_page) in [
        ("text/html", true),
        ("TEXT/HTML ; charset=x", true),
        ("application/xhtml+xml", true),
        ("", false),
        ("text/plain", false),
        ("image/svg+xml", false),
        ("application/json", false),
        ("text/htmlx", false),
        ("multipart/x-mixed-replace", false),
    ] {
        assert_eq!(Head.takes(content_type), is_page, "{content_type}");
    }
}

#[test]
fn the_end_of_the_head_is_seen_across_pieces() {
    let body = b"<head><title>x</title></HEAD><body>";
    let end = body.len() - "</HEAD><body>".len() + "</head".len();
    // However it comes in pieces, it is enough as soon as the end has come, and no sooner.
    for piece in 1..9 {
        let mut ends =
            (0..=body.len()).step_by(piece).filter(|at| Head.is_enough(&body[..*at], at.saturating_sub(piece)));
        assert_eq!(ends.next(), Some(end.div_ceil(piece) * piece).filter(|at| *at <= body.len()), "{piece}");
    }
}

#[test]
fn a_flood_of_tags_ends() {
    assert_eq!(title(&("<meta name=a>".repeat(80_000) + "<title>late</title>")), None);
    assert_eq!(title(&("<".repeat(500_000) + "<title>x</title>")), title(&("<".repeat(500_000) + "<title>x</title>")));
}

proptest! {
    #[test]
    fn whatever_the_bytes_the_text_is_bounded_and_clean(body in prop::collection::vec(any::<u8>(), 0..400), shape in "(<title>|<meta property=og:title content='|<meta charset=|<!--|</head>|&#x202e;|&#0;|[ -~]){0,12}") {
        let mut all = shape.into_bytes();
        all.extend(body);
        if let Some(page) = read(&fetched("text/html", &all)) {
            for text in [page.summary.title, page.summary.description, page.summary.site_name].into_iter().flatten() {
                prop_assert!(text.chars().count() <= MAX_DESCRIPTION);
                prop_assert!(messaging_core::text::is_line(&text), "{text:?}");
            }
        }
    }
}
