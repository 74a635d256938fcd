//! Files made to hurt: each costs at most its own reading, and none crashes its child.

use super::*;

/// Levels of nesting that no recursive walker survives.
const DEEP: usize = 100_000;

fn nested(open: &str, close: &str) -> Vec<u8> {
    format!("{}deep{}", open.repeat(DEEP), close.repeat(DEEP)).into_bytes()
}

/// The text, or why there is none. A crash, a panic or a fault of ours is neither.
async fn end_of(name: &str, bytes: &[u8]) -> std::result::Result<String, String> {
    let limits = ParseLimits { cpu_seconds: 60, ..ParseLimits::default() };
    match host(limits).parse(file(bytes).path(), name).await {
        Ok(parsed) => Ok(parsed.text),
        Err(error) => {
            let message = error.to_string();
            let expected = [ErrorKind::InvalidInput, ErrorKind::Unsupported, ErrorKind::TooLarge];
            assert!(expected.contains(&error.kind()), "{name}: {:?} {message}", error.kind());
            for fault in ["panicked", "crashed on", "processor time", "of memory;"] {
                assert!(!message.contains(fault), "{name}: {message}");
            }
            Err(message)
        }
    }
}

#[tokio::test]
async fn deep_nesting_overflows_no_stack() {
    let mut xml = b"<?xml version=\"1.0\"?><all>".to_vec();
    xml.extend(nested("<a>", "</a>"));
    xml.extend(b"</all>");
    let mut rtf = br"{\rtf1 ".to_vec();
    rtf.extend(nested("{", "}"));
    rtf.extend(b"}");
    for (name, bytes) in [
        ("div.html", [b"<!DOCTYPE html>".to_vec(), nested("<div>", "</div>")].concat()),
        ("list.html", [b"<!DOCTYPE html>".to_vec(), nested("<ul><li>", "")].concat()),
        ("quote.md", nested("> ", "")),
        ("link.md", nested("[", "](x)")),
        ("stars.md", nested("*a ", "*")),
        ("list.json", nested("[", "]")),
        ("object.json", nested("{\"a\":", "}")),
        ("deep.xml", xml),
        ("deep.rtf", rtf),
    ] {
        let start = Instant::now();
        let end = end_of(name, &bytes).await;
        eprintln!("{name}: {} in {:?}", if end.is_ok() { "parsed" } else { "refused" }, start.elapsed());
    }
}

#[tokio::test]
async fn entities_neither_multiply_nor_fetch() {
    let mut bomb = String::from("<?xml version=\"1.0\"?><!DOCTYPE all [<!ENTITY a0 \"zeppelin\">");
    for level in 1..30 {
        let before = format!("&a{};", level - 1).repeat(10);
        bomb.push_str(&format!("<!ENTITY a{level} \"{before}\">"));
    }
    bomb.push_str("]><all>Leave is ten days. &a29;</all>");
    if let Ok(text) = end_of("bomb.xml", bomb.as_bytes()).await {
        assert!(text.len() < 10_000, "{} bytes", text.len());
    }
    let secret = file(b"the-secret-of-the-host");
    let external = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE all [<!ENTITY x SYSTEM \"file://{}\">]><all>Leave. &x;</all>",
        secret.path().display()
    );
    if let Ok(text) = end_of("external.xml", external.as_bytes()).await {
        assert!(!text.contains("the-secret"), "{text}");
    }
}

#[tokio::test]
async fn absurd_claims_are_not_believed() {
    let spans =
        "<!DOCTYPE html><table><tr><td colspan=1000000000 rowspan=1000000000>zeppelin</td></tr></table>";
    if let Ok(text) = end_of("../../spans.html", spans.as_bytes()).await {
        assert!(text.contains("zeppelin") && text.len() < 100_000, "{} bytes", text.len());
    }
    let pages = |kids: &str| {
        format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
             2 0 obj<</Type/Pages/Kids[{kids}]/Count 1000000000>>endobj\n\
             trailer<</Root 1 0 R/Size 3>>\n%%EOF"
        )
    };
    for (name, kids) in [("loop.pdf", "2 0 R"), ("loops.pdf", "2 0 R 2 0 R 2 0 R"), ("none.pdf", "9 0 R")] {
        let refusal = end_of(name, pages(kids).as_bytes()).await.unwrap_err();
        assert!(refusal.contains(name), "{refusal}");
    }
}
