//! Equations (OMML) as LaTeX, which people and models read.

use quick_xml::events::BytesStart;

use crate::parse::package::xml::{attribute, is_on};

/// How deep structures nest; what lies deeper is read as plain text.
const MAX_DEPTH: usize = 64;

/// An equation under construction.
#[derive(Default)]
pub(crate) struct Math {
    text: String,
    open: Vec<Open>,
    /// Open elements below the deepest that is kept.
    deeper: usize,
}

/// An open structure, or an argument of one.
#[derive(Default)]
struct Open {
    name: String,
    text: String,
    arguments: Vec<(String, String)>,
    properties: Vec<(String, String)>,
}

fn is_structure(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "f", "sSup", "sSub", "sSubSup", "sPre", "rad", "nary", "d", "func", "limLow", "limUpp", "acc", "bar",
        "groupChr", "m", "eqArr",
    ];
    NAMES.contains(&name)
}

fn is_argument(name: &str) -> bool {
    matches!(name, "e" | "num" | "den" | "sub" | "sup" | "deg" | "fName" | "lim" | "mr")
}

impl Math {
    /// An element begins.
    pub(crate) fn start(&mut self, start: &BytesStart<'_>) {
        let local = start.local_name();
        let name = local.as_ref();
        if is_structure(name) || is_argument(name) {
            if self.open.len() >= MAX_DEPTH {
                self.deeper += 1;
            } else {
                self.open.push(Open { name: name.to_owned(), ..Open::default() });
            }
        } else if let ("chr" | "begChr" | "endChr" | "sepChr" | "type" | "pos" | "degHide", Some(open)) =
            (name, self.open.last_mut().filter(|_| self.deeper == 0))
        {
            let value = if name == "degHide" {
                is_on(start).to_string()
            } else {
                attribute(start, "val").unwrap_or_default()
            };
            open.properties.push((name.to_owned(), value));
        }
    }

    /// An element ends.
    pub(crate) fn end(&mut self, name: &str) {
        if !is_structure(name) && !is_argument(name) {
            return;
        }
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(open) = self.open.pop() else { return };
        let latex = open.latex();
        match self.open.last_mut() {
            Some(around) if is_argument(&open.name) => around.arguments.push((open.name, latex)),
            _ => self.append(&latex),
        }
    }

    /// Text of a run.
    pub(crate) fn text(&mut self, text: &str) {
        let mut latex = String::new();
        for c in text.chars() {
            match SYMBOLS.iter().find(|(symbol, _)| *symbol == c) {
                Some((_, command)) => {
                    latex.push_str(command);
                    latex.push(' ');
                }
                None => latex.push(c),
            }
        }
        self.append(&latex);
    }

    /// The LaTeX of it all.
    pub(crate) fn finish(mut self) -> String {
        while let Some(open) = self.open.pop() {
            let latex = open.latex();
            self.append(&latex);
        }
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn append(&mut self, latex: &str) {
        self.open.last_mut().map_or(&mut self.text, |open| &mut open.text).push_str(latex);
    }
}

impl Open {
    fn argument(&self, name: &str) -> &str {
        self.arguments.iter().find(|(n, _)| n == name).map_or("", |(_, text)| text.trim())
    }

    fn arguments(&self, name: &str) -> Vec<&str> {
        self.arguments.iter().filter(|(n, _)| n == name).map(|(_, text)| text.trim()).collect()
    }

    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Its LaTeX, before which stands what lies in it outside of any argument, as only damaged files have it.
    fn latex(&self) -> String {
        let (e, sub, sup) = (self.argument("e"), self.argument("sub"), self.argument("sup"));
        let latex = match self.name.as_str() {
            "f" => self.fraction(),
            "sSup" | "sSub" | "sSubSup" => format!("{}{}", base(e), scripts(sub, sup)),
            "sPre" => format!("{{}}{}{e}", scripts(sub, sup)),
            "rad" => match self.argument("deg") {
                degree if !degree.is_empty() && self.property("degHide") != Some("true") => {
                    format!("\\sqrt[{degree}]{{{e}}}")
                }
                _ => format!("\\sqrt{{{e}}}"),
            },
            "nary" => format!("{}{}{e}", operator(self.property("chr").unwrap_or("∫")), scripts(sub, sup)),
            "d" => self.delimited(),
            "func" => function(self.argument("fName"), e),
            "limLow" => format!("{}{}", function_name(e), scripts(self.argument("lim"), "")),
            "limUpp" => format!("{}{}", function_name(e), scripts("", self.argument("lim"))),
            "acc" => format!("{}{{{e}}}", accent(self.property("chr").unwrap_or("\u{302}"))),
            "bar" if self.property("pos") == Some("top") => format!("\\overline{{{e}}}"),
            "bar" => format!("\\underline{{{e}}}"),
            "groupChr" if self.property("pos") == Some("top") => format!("\\overbrace{{{e}}}"),
            "groupChr" => format!("\\underbrace{{{e}}}"),
            "mr" => self.arguments("e").join(" & "),
            "m" => format!("\\begin{{matrix}}{}\\end{{matrix}}", self.arguments("mr").join(" \\\\ ")),
            "eqArr" if self.arguments.len() == 1 => e.to_owned(),
            "eqArr" => format!("\\begin{{aligned}}{}\\end{{aligned}}", self.arguments("e").join(" \\\\ ")),
            _ => self.arguments.iter().map(|(_, text)| text.as_str()).collect(),
        };
        format!("{}{latex}", self.text)
    }

    fn fraction(&self) -> String {
        let (above, below) = (self.argument("num"), self.argument("den"));
        match self.property("type") {
            Some("noBar") => format!("\\binom{{{above}}}{{{below}}}"),
            Some("lin") => format!("{above}/{below}"),
            _ => format!("\\frac{{{above}}}{{{below}}}"),
        }
    }

    fn delimited(&self) -> String {
        let delimiter = |name: &str, default| match self.property(name).unwrap_or(default) {
            "" => ".".to_owned(),
            brace @ ("{" | "}") => format!("\\{brace}"),
            other => other.to_owned(),
        };
        let separator = self.property("sepChr").unwrap_or("|");
        let inner = self.arguments("e").join(separator);
        format!("\\left{}{inner}\\right{}", delimiter("begChr", "("), delimiter("endChr", ")"))
    }
}

/// What a script stands at: several symbols are taken together where it would not be clear.
fn base(latex: &str) -> String {
    let unclear = latex.starts_with("\\frac") || latex.contains(['^', '_']);
    if unclear { format!("{{{latex}}}") } else { latex.to_owned() }
}

fn scripts(sub: &str, sup: &str) -> String {
    let script = |mark, text: &str| if text.is_empty() { String::new() } else { format!("{mark}{{{text}}}") };
    script("_", sub) + &script("^", sup)
}

fn function(name: &str, argument: &str) -> String {
    let name = function_name(name);
    if argument.starts_with("\\left") { format!("{name}{argument}") } else { format!("{name}({argument})") }
}

fn function_name(name: &str) -> String {
    const KNOWN: &[&str] = &[
        "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "csc", "deg", "det", "dim", "exp", "gcd",
        "inf", "ker", "lg", "lim", "ln", "log", "max", "min", "sec", "sin", "sinh", "sup", "tan", "tanh",
    ];
    if KNOWN.contains(&name) { format!("\\{name}") } else { name.to_owned() }
}

fn operator(symbol: &str) -> String {
    let known = symbol.chars().next().and_then(|c| SYMBOLS.iter().find(|(s, _)| *s == c));
    known.map_or(symbol, |(_, command)| command).to_owned()
}

fn accent(mark: &str) -> &'static str {
    match mark {
        "\u{303}" | "~" => "\\tilde",
        "\u{304}" | "\u{305}" | "¯" => "\\bar",
        "\u{307}" | "˙" => "\\dot",
        "\u{308}" | "¨" => "\\ddot",
        "\u{20d7}" | "→" => "\\vec",
        _ => "\\hat",
    }
}

/// Symbols and their commands.
const SYMBOLS: &[(char, &str)] = &[
    ('α', "\\alpha"),
    ('β', "\\beta"),
    ('γ', "\\gamma"),
    ('δ', "\\delta"),
    ('ε', "\\varepsilon"),
    ('ζ', "\\zeta"),
    ('η', "\\eta"),
    ('θ', "\\theta"),
    ('κ', "\\kappa"),
    ('λ', "\\lambda"),
    ('μ', "\\mu"),
    ('ν', "\\nu"),
    ('ξ', "\\xi"),
    ('π', "\\pi"),
    ('ρ', "\\rho"),
    ('σ', "\\sigma"),
    ('τ', "\\tau"),
    ('φ', "\\varphi"),
    ('χ', "\\chi"),
    ('ψ', "\\psi"),
    ('ω', "\\omega"),
    ('Γ', "\\Gamma"),
    ('Δ', "\\Delta"),
    ('Θ', "\\Theta"),
    ('Λ', "\\Lambda"),
    ('Π', "\\Pi"),
    ('Σ', "\\Sigma"),
    ('Φ', "\\Phi"),
    ('Ψ', "\\Psi"),
    ('Ω', "\\Omega"),
    ('∑', "\\sum"),
    ('∏', "\\prod"),
    ('∫', "\\int"),
    ('∬', "\\iint"),
    ('∮', "\\oint"),
    ('⋃', "\\bigcup"),
    ('⋂', "\\bigcap"),
    ('∞', "\\infty"),
    ('∂', "\\partial"),
    ('∇', "\\nabla"),
    ('×', "\\times"),
    ('÷', "\\div"),
    ('±', "\\pm"),
    ('∓', "\\mp"),
    ('⋅', "\\cdot"),
    ('∙', "\\cdot"),
    ('≤', "\\leq"),
    ('≥', "\\geq"),
    ('≠', "\\neq"),
    ('≈', "\\approx"),
    ('≡', "\\equiv"),
    ('∈', "\\in"),
    ('∉', "\\notin"),
    ('⊂', "\\subset"),
    ('⊆', "\\subseteq"),
    ('∪', "\\cup"),
    ('∩', "\\cap"),
    ('∀', "\\forall"),
    ('∃', "\\exists"),
    ('→', "\\to"),
    ('⇒', "\\Rightarrow"),
    ('⇔', "\\Leftrightarrow"),
    ('…', "\\ldots"),
    ('⋯', "\\cdots"),
    ('−', "-"),
    ('–', "-"),
];
