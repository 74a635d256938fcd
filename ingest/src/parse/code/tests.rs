//! Source files and the blocks they are cut into.

use footnote_core::parsed::BlockKind;
use proptest::prelude::*;

use super::*;

fn read(name: &str, text: &str) -> ParsedDocument {
    parse(text.as_bytes(), name, &ParseLimits::default()).unwrap()
}

/// Reads, checks that nothing is lost, and gives each block's path and first line.
#[track_caller]
fn outline(name: &str, text: &str) -> Vec<(String, String)> {
    let document = read(name, text);
    assert_eq!(document.text, text.trim_end(), "the text is the file");
    assert!(document.blocks.iter().all(|block| block.kind == BlockKind::Code));
    let first_line = |start: usize| {
        let text: String = document.text.chars().skip(start).collect();
        text.lines().next().unwrap_or_default().trim().to_owned()
    };
    document.blocks.iter().map(|b| (b.heading_path.join("."), first_line(b.span.start))).collect()
}

#[track_caller]
fn check(name: &str, text: &str, expected: &[(&str, &str)]) {
    let outline = outline(name, text);
    let outline: Vec<_> = outline.iter().map(|(path, line)| (path.as_str(), line.as_str())).collect();
    assert_eq!(outline, expected, "{name}");
}

#[test]
fn rust_items_keep_their_comments_and_empty_lines() {
    check(
        "lib.rs",
        "//! Docs.\nuse std::fmt;\n\n\n/// A pair.\n#[derive(Debug)]\npub struct Pair<T>(T, T);\n\
         impl<T> Pair<T> {\n    fn new() {}\n}\n\n// About main.\nfn main() {\n\n    let x = 1;\n}\n",
        &[
            ("", "//! Docs."),
            ("Pair", "/// A pair."),
            ("Pair<T>", "impl<T> Pair<T> {"),
            ("main", "// About main."),
        ],
    );
}

#[test]
fn members_of_a_long_item_are_blocks() {
    let body = "        x = 1\n".repeat(40);
    let text = format!(
        "import os\n\n\n@decorated\nclass Policy(Base):\n    \"\"\"Rules.\"\"\"\n\n    def days(self):\n{body}\n    \
         @property\n    def name(self):\n{body}\n\ndef main():\n    pass\n"
    );
    check(
        "policy.py",
        &text,
        &[
            ("", "import os"),
            ("Policy", "@decorated"),
            ("Policy.days", "def days(self):"),
            ("Policy.name", "@property"),
            ("main", "def main():"),
        ],
    );
}

#[test]
fn every_grammar_names_its_items() {
    check(
        "a.ts",
        "import x from 'y';\nexport class A { m() {} }\nexport const f = async () => 1;\n\
         interface B { x: number }\nfunction g() {}\nconst data = 1;\n",
        &[
            ("", "import x from 'y';"),
            ("A", "export class A { m() {} }"),
            ("f", "export const f = async () => 1;"),
            ("B", "interface B { x: number }"),
            ("g", "function g() {}"),
            ("", "const data = 1;"),
        ],
    );
    check(
        "a.jsx",
        "function App() { return <b>hi</b>; }\n",
        &[("App", "function App() { return <b>hi</b>; }")],
    );
    check(
        "A.java",
        "package a;\n\n/** Doc. */\n@Deprecated\npublic class A {\n  int x;\n}\nenum E { X }\n",
        &[("", "package a;"), ("A", "/** Doc. */"), ("E", "enum E { X }")],
    );
    check(
        "a.go",
        "package a\n\ntype S struct{}\n\n// Len counts.\nfunc (s *S) Len() int { return 0 }\n\nfunc New() *S { return nil }\n",
        &[
            ("", "package a"),
            ("S", "type S struct{}"),
            ("S.Len", "// Len counts."),
            ("New", "func New() *S { return nil }"),
        ],
    );
    check(
        "a.h",
        "#ifndef A_H\n#define A_H\nstruct Point { int x; };\nchar *name(int id);\ntemplate <class T> class Box { T t; };\n\
         static int *sum(int a) {\n  return 0;\n}\nnamespace n {\nvoid B::run() {}\n}\n#endif\n",
        &[
            ("", "#ifndef A_H"),
            ("Point", "struct Point { int x; };"),
            ("", "char *name(int id);"),
            ("Box", "template <class T> class Box { T t; };"),
            ("sum", "static int *sum(int a) {"),
            ("n", "namespace n {"),
            ("", "#endif"),
        ],
    );
    check(
        "run",
        "#!/usr/bin/env bash\nset -e\n\ndeploy() {\n  echo hi\n}\n",
        &[("", "#!/usr/bin/env bash"), ("deploy", "deploy() {")],
    );
}

#[test]
fn other_languages_are_cut_at_blank_lines() {
    check(
        "a.rb",
        "require 'x'\n\nclass A\n\n  def b\n  end\nend\n\n\nputs 1",
        &[("", "require 'x'"), ("", "class A"), ("", "puts 1")],
    );
    assert_eq!(read("empty.py", "").text, "");
    assert_eq!(read("blank.yml", "\n \n").text, "");
}

#[test]
fn what_is_no_code_any_more_is_still_text() {
    assert_eq!(
        read("a.py", "def (((\n  ]]] class\n\n\u{0}x = 'unclosed").text,
        "def (((\n  ]]] class\n\nx = 'unclosed"
    );
    let deep = "(".repeat(50_000);
    assert_eq!(read("a.rs", &deep).text, deep);
    let nested = "class A { ".repeat(3_000);
    assert_eq!(read("a.java", &nested).text, nested.trim_end());
}

proptest! {
    #[test]
    fn no_bytes_panic_and_no_line_is_lost(
        lines in proptest::collection::vec("[ -~]{0,12}|fn x\\(\\) \\{|class A|def b\\(\\):|\\}|/\\*|#if|\"", 0..40),
        name in "a\\.(rs|py|ts|js|java|go|cpp|sh|rb)",
    ) {
        let text = lines.join("\n");
        let document = parse(text.as_bytes(), &name, &ParseLimits::default()).unwrap();
        let kept = |text: &str| text.lines().map(str::trim_end).filter(|l| !l.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(kept(&document.text), kept(&text));
    }

    #[test]
    fn no_bytes_at_all_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse(&bytes, "a.ts", &ParseLimits::default()).is_ok());
    }
}
