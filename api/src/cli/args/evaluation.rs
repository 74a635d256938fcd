//! What `footnote eval …` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::super::eval::{Language, Minimum};
use super::AnswerModeArg;

/// `footnote eval …`
#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    /// nDCG, recall and MRR of keyword, vector and hybrid search over a folder in BEIR layout
    /// (`corpus.jsonl`, `queries.jsonl`, `qrels.tsv`), or of questions that name documents or pages
    /// (`qa.jsonl`).
    Retrieval(EvalRetrievalArgs),
    /// Exact match, F1, ROUGE-L, support and citations of answers to the questions of a folder
    /// (`qa.jsonl` beside `corpus.jsonl`, `contexts.jsonl`, `docs/` or `pdfs/`).
    Answers(EvalAnswersArgs),
    /// How well answerable questions are told from others, before a word is written.
    Refusal(EvalRefusalArgs),
    /// Fit the threshold of refusal, and what scores of support mean; of a running service the threshold alone, unless
    /// --method, --pairs or --out asks for curves of support, which are of the models here.
    Calibrate(EvalCalibrateArgs),
    /// Whether every quote stands in its source, and how many false sentences the verifier catches.
    Citations(EvalCitationsArgs),
    /// Which of several files of answers is better, and how sure that is.
    Pairwise(EvalPairwiseArgs),
    /// What the parsers make of every file of folders, and how many words, in which order, and which table
    /// cells of a reference they recover where one lies beside the file.
    Parsing(EvalParsingArgs),
}

/// What becomes of an evaluation's result.
#[derive(Debug, Clone, Args)]
pub(crate) struct EvalOutputArgs {
    /// Also write a report as one HTML page.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Language of the report's own words.
    #[arg(long, value_enum, default_value_t = LanguageArg::En)]
    pub(crate) language: LanguageArg,
    /// Fail where a figure of the result is below this; repeat for several.
    #[arg(long, value_name = "METRIC=VALUE")]
    pub(crate) fail_under: Vec<Minimum>,
}

impl EvalOutputArgs {
    /// Of the report's own words.
    pub(crate) fn language(&self) -> Language {
        match self.language {
            LanguageArg::En => Language::English,
            LanguageArg::Zh => Language::Chinese,
        }
    }
}

/// Language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageArg {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Which questions of a data set are asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct EvalQuestionArgs {
    /// Only N questions: the first, or those after `--skip`.
    #[arg(long, value_name = "N")]
    pub(crate) queries: Option<usize>,
    /// Leave out the first N questions, which a change was made after, say.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) skip: usize,
    /// Index, ask and judge anew instead of reusing what an earlier run left in the data folder.
    #[arg(long)]
    pub(crate) fresh: bool,
}

impl EvalQuestionArgs {
    /// Leaves in `questions` those that are asked.
    pub(crate) fn choose<T>(&self, questions: &mut Vec<T>) {
        questions.drain(..self.skip.min(questions.len()));
        questions.truncate(self.queries.unwrap_or(usize::MAX));
    }
}

/// `footnote eval retrieval`
#[derive(Debug, Args)]
pub(crate) struct EvalRetrievalArgs {
    /// The data set.
    pub(crate) dir: PathBuf,
    /// Judgements, instead of `qrels.tsv` in the data set.
    #[arg(long, value_name = "FILE")]
    pub(crate) qrels: Option<PathBuf>,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
    /// Who is asked.
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// Weight of the dense list in fusion, 0 to 1, instead of the default.
    #[arg(long, value_name = "WEIGHT", conflicts_with = "against")]
    pub(crate) dense_weight: Option<f32>,
    /// How the lists are fused, instead of the default.
    #[arg(long, value_enum, conflicts_with = "against")]
    pub(crate) fusion: Option<FusionArg>,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// How an evaluation's questions are asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct EvalAskArgs {
    /// The data set.
    pub(crate) dir: PathBuf,
    /// How answers are made.
    #[arg(long, value_enum, default_value_t = AnswerModeArg::Generative)]
    pub(crate) mode: AnswerModeArg,
    /// Ask each question of the documents alone that answer it, as is always done with `contexts.jsonl`.
    #[arg(long)]
    pub(crate) scoped: bool,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
}

/// A running service that is asked in place of one in this process.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServiceArgs {
    /// Ask the service at this address, whose knowledge base holds the data set's documents already.
    #[arg(long, value_name = "URL", requires = "key", requires = "kb")]
    pub(crate) against: Option<String>,
    /// A key of that service.
    #[arg(long, value_name = "KEY", requires = "against")]
    pub(crate) key: Option<String>,
    /// Name or id of its knowledge base.
    #[arg(long, value_name = "NAME", requires = "against")]
    pub(crate) kb: Option<String>,
}

/// `footnote eval answers`
#[derive(Debug, Args)]
pub(crate) struct EvalAnswersArgs {
    /// What is asked, and how.
    #[command(flatten)]
    pub(crate) ask: EvalAskArgs,
    /// Who is asked.
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// Also write the answers as JSON lines, which `eval pairwise` compares.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Also write every released sentence with its question and quotes as Markdown, to be judged by hand.
    #[arg(long, value_name = "FILE")]
    pub(crate) sheet: Option<PathBuf>,
    /// Who scores each answer from 1 to 5 against its reference, with a reason, besides the rules.
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// `footnote eval refusal`
#[derive(Debug, Args)]
pub(crate) struct EvalRefusalArgs {
    /// The data set.
    pub(crate) dir: PathBuf,
    /// Share of answerable questions that the fitted threshold may refuse.
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    pub(crate) rate: f64,
    /// Ask every answerable question once more with the documents hidden that answer it.
    #[arg(long, conflicts_with = "against")]
    pub(crate) remove_gold: bool,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
    /// Who is asked.
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// How support is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArg {
    /// By shared words.
    Words,
    /// By embeddings.
    Embeddings,
    /// By asking the language model.
    Generator,
    /// By a cross-encoder.
    CrossEncoder,
}

/// `footnote eval calibrate`
#[derive(Debug, Args)]
pub(crate) struct EvalCalibrateArgs {
    /// The data sets.
    #[arg(required = true)]
    pub(crate) dirs: Vec<PathBuf>,
    /// Share of answerable questions that the fitted threshold may refuse.
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    pub(crate) rate: f64,
    /// Write the fitted curves here.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// A method to fit; repeat for several. Without it all whose models are at hand.
    #[arg(long = "method", value_enum, value_name = "METHOD")]
    pub(crate) methods: Vec<MethodArg>,
    /// Only the first N pairs of a sentence and its evidence of each data set, and as many false ones.
    #[arg(long, value_name = "N")]
    pub(crate) pairs: Option<usize>,
    /// Leave the threshold of refusal alone; nothing is indexed.
    #[arg(long, conflicts_with = "against")]
    pub(crate) support_only: bool,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
    /// Who is asked; support is not.
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

impl EvalCalibrateArgs {
    /// Whether curves of support are fitted, too: with a running service only where they are asked for.
    pub(crate) fn fits_support(&self) -> bool {
        let is_asked_for = !self.methods.is_empty() || self.pairs.is_some() || self.out.is_some();
        self.service.against.is_none() || is_asked_for
    }
}

/// `footnote eval citations`
#[derive(Debug, Args)]
pub(crate) struct EvalCitationsArgs {
    /// What is asked, and how.
    #[command(flatten)]
    pub(crate) ask: EvalAskArgs,
    /// Who is asked; the verifier of a running service is not judged.
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// A method that the verifier may use besides words and facts; repeat for several. Without it all whose
    /// models are at hand.
    #[arg(long = "method", value_enum, value_name = "METHOD", conflicts_with = "against")]
    pub(crate) methods: Vec<MethodArg>,
    /// Curves to judge with, instead of the built-in ones.
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    pub(crate) calibration: Option<PathBuf>,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// Who judges answers.
#[derive(Debug, Clone, Args)]
pub(crate) struct JudgeArgs {
    /// Who judges.
    #[arg(long, value_enum, default_value_t = JudgeArg::Rules)]
    pub(crate) judge: JudgeArg,
    /// Base address of the judge, such as `https://api.example.com/v1`.
    #[arg(long, value_name = "URL", required_if_eq("judge", "openai"))]
    pub(crate) judge_url: Option<String>,
    /// Model of the judge.
    #[arg(long, value_name = "MODEL", required_if_eq("judge", "openai"))]
    pub(crate) judge_model: Option<String>,
    /// Environment variable that holds the judge's key.
    #[arg(long, value_name = "NAME")]
    pub(crate) judge_key_env: Option<String>,
}

/// Who judges answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JudgeArg {
    /// Rules alone: overlap with the references and the evidence.
    Rules,
    /// The installed language model.
    Local,
    /// A service that speaks OpenAI's chat completions.
    Openai,
}

/// `footnote eval pairwise`
#[derive(Debug, Args)]
pub(crate) struct EvalPairwiseArgs {
    /// Files of answers as JSON lines: `id`, `question`, `answer`, and `references` and `evidence` where
    /// they are known.
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Who compares.
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// `footnote eval parsing`
#[derive(Debug, Args)]
pub(crate) struct EvalParsingArgs {
    /// The folders. The reference of `X` is `X.md` beside it or in `../groundtruth`.
    #[arg(required = true, value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// Also write the text of every file into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) texts: Option<PathBuf>,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// A share, 0 to 1.
fn share(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a share from 0 to 1".to_owned()),
    }
}

/// How lists are fused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FusionArg {
    /// Reciprocal rank fusion.
    Rrf,
    /// Convex combination of normalised scores.
    Convex,
}
