//! Files that cannot be read, or only with care: each says so by name, and costs nobody else anything.

use encoding_rs::GBK;
use footnote_tests::support::{
    Form, TestApp, docx, encrypted_pdf, locked_pdf, pdf, shared_data, zip_bomb, zip_of,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_file_is_opened_with_the_password_that_is_given() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("vault").await;
    let bytes = locked_pdf("The treasure lies under the third oak.", "open sesame");
    let reason = kb.add_bad("map.pdf", bytes.clone()).await;
    assert!(reason.contains("upload it with its password"), "{reason}");
    let upload = async |path: &str, password: &str| {
        let form = Form::new().file("map.pdf", &bytes).field("password", password);
        kb.client.upload(&kb.path(path), form, &[]).await
    };
    let refused = upload("/documents?wait=60", "open barley").await.ok();
    let reason =
        refused["items"][0]["document"]["newest_version"]["failure"].as_str().unwrap_or_default().to_owned();
    assert!(reason.contains("none that was given opens it"), "{refused:#}");
    assert!(!refused.to_string().contains("barley"));
    let read = upload("/documents?wait=60", "open sesame").await.ok();
    assert!(!read.to_string().contains("sesame"));
    let found = kb.search("where does the treasure lie?").await;
    assert!(found[0]["text"].as_str().unwrap().contains("third oak"), "{found:#?}");
    let preview = upload("/chunks/preview", "open sesame").await.ok();
    assert_eq!(preview["total"], 1);
    let problem = upload("/documents", "").await.problem(400);
    assert!(problem.contains("password"), "{problem}");
    let sent_as_file =
        Form::new().file("map.pdf", &bytes).file_named("password", "secret.txt", b"open sesame");
    let problem = kb.client.upload(&kb.path("/documents"), sent_as_file, &[]).await.problem(400);
    assert!(problem.contains("\"password\" has a filename"), "{problem}");

    // The password of an archive opens what lies in it.
    let inner = locked_pdf("The submarine leaves the harbour at midnight.", "open sesame");
    let form =
        Form::new().file("trips.zip", &zip_of(&[("inner.pdf", &inner)])).field("password", "open sesame");
    kb.client.upload(&kb.path("/documents?wait=60"), form, &[]).await.ok();
    app.wait_until_idle().await;
    assert_eq!(kb.keys_with_words("submarine").await, ["trips.zip/inner.pdf"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_files_fail_with_their_reason_and_others_go_on() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("odd").await;
    let whole = pdf(&["The zeppelin leaves at noon."; 3]);
    let whole_docx = docx("The submarine leaves at midnight.");
    for (name, content, reasons) in [
        ("blank.pdf", pdf(&[""]), ["no extractable text", "blank.pdf"]),
        ("blank.txt", b" \n\t\n".to_vec(), ["no", "text"]),
        ("marks.txt", b"--- *** ---".to_vec(), ["no extractable text", "marks.txt"]),
        ("secret.pdf", encrypted_pdf(), ["encrypted", "upload it with its password"]),
        ("cut.pdf", whole[..whole.len() / 3].to_vec(), ["PDF", "damaged"]),
        ("cut.docx", whole_docx[..whole_docx.len() - 60].to_vec(), ["cut.docx", "damaged"]),
        ("photo.pdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), ["photo.pdf", "the picture is damaged"]),
        ("binary.txt", (0..=255).cycle().take(5_000).collect(), ["binary.txt", "binary data"]),
        ("bomb.docx", zip_bomb(), ["inflates", "zip bomb"]),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....".to_vec(), ["legacy Office", "save it as DOCX"]),
    ] {
        let failure = kb.add_bad(name, content).await;
        assert!(reasons.iter().all(|reason| failure.contains(reason)), "{name}: {failure}");
    }
    kb.add("good.pdf", &whole).await;
    kb.add("good.docx", &whole_docx).await;
    assert_eq!(kb.keys_with_words("zeppelin").await, ["good.pdf"]);
    assert_eq!(kb.keys_with_words("submarine").await, ["good.docx"]);
    let failed = kb.get("/documents?state=failed").await.ok();
    assert_eq!(
        failed["items"].as_array().unwrap().len(),
        10,
        "nothing is lost: each is listed with its reason"
    );
    let secret =
        failed["items"].as_array().unwrap().iter().find(|d| d["key"] == "secret.pdf").unwrap().clone();
    let secret = format!("/documents/{}", secret["id"].as_str().unwrap());
    assert_eq!(
        kb.get(&format!("{secret}/original")).await.bytes,
        encrypted_pdf(),
        "and can be fetched again"
    );
    assert!(kb.get(&format!("{secret}/text")).await.problem(409).contains("password"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_what_its_content_says() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("mislabelled").await;
    for (name, content, expected) in [
        ("report.md", pdf(&["The zeppelin leaves at noon."]), "pdf"),
        ("letter.pdf", docx("The submarine leaves at midnight."), "docx"),
        ("page.docx", b"<!DOCTYPE html><p>The tandem leaves at dawn.</p>".to_vec(), "html"),
        ("words.pdf", b"The gondola leaves at dusk.".to_vec(), "text"),
    ] {
        let document = kb.add(name, content).await;
        assert_eq!(document["newest_version"]["content_type"], expected, "{name}");
    }
    for (word, name) in [
        ("zeppelin", "report.md"),
        ("submarine", "letter.pdf"),
        ("tandem", "page.docx"),
        ("gondola", "words.pdf"),
    ] {
        assert_eq!(kb.keys_with_words(word).await, [name]);
    }
    let pdfs = json!({"query": "leaves", "mode": "keyword", "filter": {"type": "pdf"}});
    assert_eq!(kb.search_with(&pdfs).await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_other_encodings_is_read_right_and_broken_text_with_a_warning() {
    let app = TestApp::start().await;
    let kb = app.knowledge_base("encodings").await;
    let chinese = "员工年假制度：入职满一年的员工每年享有十天带薪年假，应当提前两周申请。";
    let gbk = kb.add("制度.txt", GBK.encode(chinese).0).await;
    assert_eq!(kb.text_of(&gbk["id"], &gbk["current_version"]).await, chinese);
    assert_eq!(kb.keys_with_words("年假").await, ["制度.txt"], "searched in UTF-8, found in GBK");
    assert_eq!(gbk["newest_version"]["warnings"], json!([]));

    let mut broken = "Überstunden werden vergütet. The zeppelin leaves at noon: café, naïve, façade. "
        .repeat(20)
        .into_bytes();
    broken.extend(b" \xff\xfe broken \x80 bytes.");
    let broken = kb.add("broken.txt", broken).await;
    let warning = broken["newest_version"]["warnings"][0]["message"].as_str().unwrap();
    assert!(warning.contains("UTF-8"), "{warning}");
    let found = kb.keys_with_words("zeppelin").await;
    assert!(!found.is_empty() && found.iter().all(|key| key == "broken.txt"), "{found:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_oddities_end_one_way_or_the_other_and_the_service_lives() {
    const ODDITIES: [&str; 8] = [
        "encrypted-file.pdf",
        "encryption/r6-both-passwords.pdf",
        "encryption/r4-aes-user-password.pdf",
        "libreoffice-writer-password.pdf",
        "issue-297.pdf",
        "bytes.pdf",
        "outlines-with-invalid-destinations.pdf",
        "missing_info.pdf",
    ];
    // Without PDFium the pure-Rust reader, which knows fewer tricks, has to cope.
    let app = TestApp::with(|config| config.models.pdfium = Some(config.data.folder.join("none.so"))).await;
    let kb = app.knowledge_base("oddities").await;
    for name in ODDITIES {
        let Some(content) = shared_data(&format!("ingest/pypdf/resources/{name}")) else { break };
        let item = kb.upload(name, content).await;
        let version = &item["document"]["newest_version"];
        match version["state"].as_str() {
            Some("current") => assert!(version["chunks"].as_u64().unwrap() > 0, "{item:#}"),
            Some("failed") => assert!(!version["failure"].as_str().unwrap().is_empty(), "{item:#}"),
            other => panic!("{name} is {other:?}: {item:#}"),
        }
        if name.contains("password") || name == "encrypted-file.pdf" {
            assert!(version["failure"].as_str().is_some_and(|f| f.contains("password")), "{item:#}");
        }
    }
    kb.add("good.txt", "The zeppelin leaves at noon.").await;
    app.finish().await;
}
