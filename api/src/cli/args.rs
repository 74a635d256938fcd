//! The command line as types. Every flag that overrides configuration says which key.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use footnote_core::answer::AnswerMode;

use super::eval::{Language, Minimum};

/// A knowledge base that answers from your documents and proves every sentence.
#[derive(Debug, Parser)]
#[command(name = "footnote", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What applies to every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Configuration file; without it `footnote.toml` in the current folder is read where it exists.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data folder (key `data.folder`).
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Text)]
    pub(crate) format: OutputFormat,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    Text,
    /// One JSON value on standard output; everything else goes to standard error.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch the models, ingest the samples, ask two questions, then serve.
    Quickstart(QuickstartArgs),
    /// Serve the web API.
    Serve(ServeArgs),
    /// Add a file, or every file below a folder, to a knowledge base and wait until it is ready.
    Ingest(IngestArgs),
    /// Ask a question; the answer cites its sources.
    Ask(AskArgs),
    /// Search without generating an answer.
    Search(SearchArgs),
    /// Show what the parser makes of a file.
    Parse(ParseArgs),
    /// Measure quality on a data set.
    #[command(subcommand)]
    Eval(EvalCommand),
    /// Measure speed and memory on this machine.
    Bench(BenchArgs),
    /// List, fetch and check model files and libraries.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Create, list and revoke API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// What answers were made from.
    #[command(subcommand)]
    Receipts(ReceiptsCommand),
    /// What people think of answers.
    #[command(subcommand)]
    Feedback(FeedbackCommand),
    /// Refresh a source now and wait until it is done.
    Refresh(RefreshArgs),
    /// Make an answer again from its receipt, and say what differs.
    Replay(ReplayArgs),
    /// Check the citations of a saved answer against the stored documents, offline.
    Verify(VerifyArgs),
    /// Check the installation: models, libraries, data folder, indexes.
    Doctor,
    /// Print the effective configuration, secrets hidden.
    Config,
    /// Read one file in a child process (used by the service itself).
    #[command(hide = true)]
    ParseWorker,
}

/// `footnote quickstart`
#[derive(Debug, Args)]
pub(crate) struct QuickstartArgs {
    /// End after the two answers instead of serving.
    #[arg(long)]
    pub(crate) once: bool,
    /// The folder of documents to start with.
    #[arg(long, value_name = "DIR", default_value = "samples")]
    pub(crate) samples: PathBuf,
    /// Where to listen (key `server.bind`).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
}

/// `footnote serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen (key `server.bind`).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
}

/// Which knowledge base.
#[derive(Debug, Clone, Args)]
pub(crate) struct KnowledgeBaseArg {
    /// Name or id of the knowledge base.
    #[arg(long = "kb", value_name = "NAME", default_value = "default")]
    pub(crate) knowledge_base: String,
}

/// `footnote ingest`
#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// A file, or a folder whose files are all added.
    pub(crate) path: PathBuf,
    /// Which knowledge base; it is created where it does not exist.
    #[command(flatten)]
    pub(crate) knowledge_base: KnowledgeBaseArg,
}

/// `footnote ask`
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// The question.
    pub(crate) question: String,
    /// Which knowledge base.
    #[command(flatten)]
    pub(crate) knowledge_base: KnowledgeBaseArg,
    /// How the answer is made, instead of as in the knowledge base's settings.
    #[arg(long, value_enum)]
    pub(crate) mode: Option<AnswerModeArg>,
}

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// Both, fused.
    Hybrid,
    /// Vectors only.
    Vector,
    /// Words only.
    Keyword,
}

/// `footnote search`
#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// What to look for.
    pub(crate) query: String,
    /// Which knowledge base.
    #[command(flatten)]
    pub(crate) knowledge_base: KnowledgeBaseArg,
    /// How to search.
    #[arg(long, value_enum, default_value_t = ModeArg::Hybrid)]
    pub(crate) mode: ModeArg,
    /// Results at the most.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(crate) limit: u16,
    /// Show every stage's rank and score.
    #[arg(long)]
    pub(crate) explain: bool,
}

/// `footnote parse`
#[derive(Debug, Args)]
pub(crate) struct ParseArgs {
    /// The file.
    pub(crate) file: PathBuf,
}

/// `footnote eval …`
#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    /// nDCG, recall and MRR of keyword, vector and hybrid search over a folder in BEIR layout
    /// (`corpus.jsonl`, `queries.jsonl`, `qrels.tsv`).
    Retrieval(EvalRetrievalArgs),
    /// Exact match, F1, ROUGE-L, support and citations of answers to the questions of a folder
    /// (`qa.jsonl` beside `corpus.jsonl`, `contexts.jsonl`, `docs/` or `pdfs/`).
    Answers(EvalAnswersArgs),
    /// How well answerable questions are told from others, before a word is written.
    Refusal(EvalRefusalArgs),
    /// Fit the threshold of refusal, and what scores of support mean.
    Calibrate(EvalCalibrateArgs),
    /// Whether every quote stands in its source, and how many false sentences the verifier catches.
    Citations(EvalCitationsArgs),
    /// Which of several files of answers is better, and how sure that is.
    Pairwise(EvalPairwiseArgs),
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
    /// Only the first N questions.
    #[arg(long, value_name = "N")]
    pub(crate) queries: Option<usize>,
    /// Index and ask anew instead of reusing what an earlier run left in the data folder.
    #[arg(long)]
    pub(crate) fresh: bool,
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
    /// Weight of the dense list in fusion, 0 to 1, instead of the default.
    #[arg(long, value_name = "WEIGHT")]
    pub(crate) dense_weight: Option<f32>,
    /// How the lists are fused, instead of the default.
    #[arg(long, value_enum)]
    pub(crate) fusion: Option<FusionArg>,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// How answers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerModeArg {
    /// By the language model.
    Generative,
    /// Of sentences of the documents.
    Extractive,
}

impl AnswerModeArg {
    /// As the service calls it.
    pub(crate) fn mode(self) -> AnswerMode {
        match self {
            Self::Generative => AnswerMode::Generative,
            Self::Extractive => AnswerMode::Extractive,
        }
    }
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
    #[arg(long)]
    pub(crate) remove_gold: bool,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
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
    #[arg(long)]
    pub(crate) support_only: bool,
    /// Which questions.
    #[command(flatten)]
    pub(crate) questions: EvalQuestionArgs,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// `footnote eval citations`
#[derive(Debug, Args)]
pub(crate) struct EvalCitationsArgs {
    /// What is asked, and how.
    #[command(flatten)]
    pub(crate) ask: EvalAskArgs,
    /// A method that the verifier may use besides words and facts; repeat for several. Without it all whose
    /// models are at hand.
    #[arg(long = "method", value_enum, value_name = "METHOD")]
    pub(crate) methods: Vec<MethodArg>,
    /// Curves to judge with, instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// What becomes of the result.
    #[command(flatten)]
    pub(crate) output: EvalOutputArgs,
}

/// Who compares two answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JudgeArg {
    /// F1 against the references and words held by the evidence.
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
    /// Only the first N questions.
    #[arg(long, value_name = "N")]
    pub(crate) queries: Option<usize>,
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

/// `footnote bench`
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Chunks in the synthetic index that search is timed on.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) chunks: usize,
    /// Documents of the larger of the two ingestion runs whose memory is compared.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) documents: usize,
    /// Leave out parts: `embed`, `parse`, `search`, `generate`, `ingest`.
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    pub(crate) skip: Vec<String>,
    /// A PDF whose pages are timed, instead of one of 300 pages that is made for it.
    #[arg(long, value_name = "FILE")]
    pub(crate) pdf: Option<PathBuf>,
}

/// `footnote models …`
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// What the manifest names, and what of it is installed.
    List,
    /// Fetch models or sets (`default`, `test`); what is there already is not fetched again.
    Pull {
        /// Names of models or sets.
        #[arg(default_value = "default")]
        names: Vec<String>,
    },
    /// Hash installed files again and compare them with the manifest.
    Verify {
        /// Names of models or sets; all installed ones where none is given.
        names: Vec<String>,
    },
}

/// A key's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Everything.
    Admin,
    /// Documents, sources, schedules.
    Editor,
    /// Search and ask.
    Reader,
}

/// `footnote keys …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a key; its secret is printed once.
    Create {
        /// What people call it.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value_t = RoleArg::Reader)]
        role: RoleArg,
        /// A knowledge base it reaches; repeat for several. Without it the key reaches all.
        #[arg(long = "kb", value_name = "NAME")]
        knowledge_bases: Vec<String>,
    },
    /// List keys; secrets are not stored and cannot be shown.
    List,
    /// Revoke a key at once.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// `footnote replay`
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Id of the answer, as `ask` and the API give it.
    pub(crate) answer: String,
    /// Which knowledge base.
    #[command(flatten)]
    pub(crate) knowledge_base: KnowledgeBaseArg,
}

/// `footnote receipts …`
#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptsCommand {
    /// Print a receipt as JSON: question, candidates, passages, prompt, settings, models, answer.
    Show {
        /// Id of the answer.
        id: String,
        /// Which knowledge base.
        #[command(flatten)]
        knowledge_base: KnowledgeBaseArg,
    },
}

/// `footnote feedback …`
#[derive(Debug, Subcommand)]
pub(crate) enum FeedbackCommand {
    /// Write answers with what people think of them, for training or evaluation.
    Export(FeedbackExportArgs),
}

/// `footnote feedback export`
#[derive(Debug, Args)]
pub(crate) struct FeedbackExportArgs {
    /// Which knowledge base.
    #[command(flatten)]
    pub(crate) knowledge_base: KnowledgeBaseArg,
    /// Where to: a folder for `evaluation`, a file of JSON lines for the others.
    #[arg(long, value_name = "PATH")]
    pub(crate) to: PathBuf,
    // Not `--format`, which says on every command how results are printed.
    /// What the lines are for.
    #[arg(long = "as", value_enum)]
    pub(crate) layout: ExportArg,
}

/// What an export is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportArg {
    /// Supervised fine-tuning: `messages`.
    Sft,
    /// Preference training with TRL: `prompt`, `chosen`, `rejected`.
    Preference,
    /// Preference training with SWIFT: `messages`, `rejected_response`.
    PreferenceSwift,
    /// A data set for `footnote eval`: corpus, queries, judgements, questions with answers.
    Evaluation,
}

/// `footnote refresh`
#[derive(Debug, Args)]
pub(crate) struct RefreshArgs {
    /// Name or id of the source.
    pub(crate) source: String,
    /// Which knowledge base.
    #[command(flatten)]
    pub(crate) knowledge_base: KnowledgeBaseArg,
}

/// `footnote verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// An answer as the API or `ask --format json` gave it.
    pub(crate) answer: PathBuf,
}
