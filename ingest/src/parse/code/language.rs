//! Which files are source code, and in which language: told by their names and first lines.

/// Languages that are read by a grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    Python,
    TypeScript,
    /// JavaScript too: it is read as TypeScript with JSX.
    Tsx,
    Java,
    Go,
    /// C too.
    Cpp,
    Shell,
}

impl Language {
    /// The grammar.
    pub(crate) fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::Rust => tree_sitter_rust::LANGUAGE,
            Self::Python => tree_sitter_python::LANGUAGE,
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
            Self::Java => tree_sitter_java::LANGUAGE,
            Self::Go => tree_sitter_go::LANGUAGE,
            Self::Cpp => tree_sitter_cpp::LANGUAGE,
            Self::Shell => tree_sitter_bash::LANGUAGE,
        }
        .into()
    }

    fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "rs" => Self::Rust,
            "py" | "pyi" | "pyw" => Self::Python,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" | "js" | "mjs" | "cjs" | "jsx" => Self::Tsx,
            "java" => Self::Java,
            "go" => Self::Go,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "ino" | "cu" => Self::Cpp,
            "sh" | "bash" | "zsh" | "ksh" => Self::Shell,
            _ => return None,
        })
    }

    fn of_interpreter(interpreter: &str) -> Option<Self> {
        let name = interpreter.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some(match name {
            "python" | "pypy" => Self::Python,
            "node" | "deno" | "bun" => Self::Tsx,
            "sh" | "bash" | "zsh" | "ksh" | "dash" => Self::Shell,
            _ => return None,
        })
    }
}

/// Extensions of code and configuration without a grammar here. Line ends and indentation mean something in
/// them, so they are not read as prose.
const OTHERS: &[&str] = &[
    "asm",
    "awk",
    "bat",
    "bzl",
    "cfg",
    "clj",
    "cljs",
    "cmake",
    "cmd",
    "conf",
    "cs",
    "css",
    "dart",
    "elm",
    "erl",
    "ex",
    "exs",
    "f90",
    "fs",
    "gradle",
    "graphql",
    "groovy",
    "hcl",
    "hs",
    "ini",
    "jl",
    "kt",
    "kts",
    "less",
    "lisp",
    "lua",
    "m",
    "mk",
    "ml",
    "nim",
    "nix",
    "pas",
    "php",
    "pl",
    "pm",
    "properties",
    "proto",
    "ps1",
    "psm1",
    "r",
    "rb",
    "sass",
    "scala",
    "scm",
    "scss",
    "sol",
    "sql",
    "svelte",
    "swift",
    "tcl",
    "tf",
    "toml",
    "v",
    "vb",
    "vbs",
    "vhd",
    "vim",
    "vue",
    "yaml",
    "yml",
    "zig",
];

/// Whole names of files without an extension.
const NAMES: &[&str] = &["dockerfile", "gemfile", "jenkinsfile", "makefile", "rakefile", "vagrantfile"];

/// Whether a text of this name is source code.
pub(crate) fn is_code(file_name: &str, text: &str) -> bool {
    let (name, extension) = name_and_extension(file_name);
    Language::of_extension(&extension).is_some()
        || OTHERS.contains(&extension.as_str())
        || NAMES.contains(&name.as_str())
        || extension.is_empty() && interpreter(text).is_some()
}

/// The language, where it is one with a grammar.
pub(crate) fn language(file_name: &str, text: &str) -> Option<Language> {
    let (_, extension) = name_and_extension(file_name);
    Language::of_extension(&extension)
        .or_else(|| interpreter(text).filter(|_| extension.is_empty()).and_then(Language::of_interpreter))
}

/// Both in lower case, the name without its folder.
fn name_and_extension(file_name: &str) -> (String, String) {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let extension = name.rsplit_once('.').map(|(_, after)| after.to_owned()).unwrap_or_default();
    (name, extension)
}

/// The program that a first line `#!/usr/bin/env python3` names.
fn interpreter(text: &str) -> Option<&str> {
    let mut words = text.lines().next()?.strip_prefix("#!")?.split_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    if program == "env" { words.find(|word| !word.starts_with('-')) } else { Some(program) }
}
