//! The command line as types. Every flag that overrides configuration says which key.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use footnote_core::answer::AnswerMode;

mod evaluation;

pub(crate) use evaluation::{
    EvalAnswersArgs, EvalAskArgs, EvalCalibrateArgs, EvalCitationsArgs, EvalCommand, EvalOutputArgs,
    EvalPairwiseArgs, EvalParsingArgs, EvalQuestionArgs, EvalRefusalArgs, EvalRetrievalArgs, FusionArg,
    JudgeArg, JudgeArgs, MethodArg, ServiceArgs,
};

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
    Eval(Box<EvalCommand>),
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
    /// Ask of the versions that were current then, such as 2024-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<DateTime<Utc>>,
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
    /// Ask of the versions that were current then, such as 2024-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// Show chunks that only repeat a better one, too.
    #[arg(long)]
    pub(crate) duplicates: bool,
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
    /// Training on thumbs alone with TRL (KTO): `prompt`, `completion`, `label`.
    UnpairedPreference,
    /// Training on thumbs alone with SWIFT (KTO): `messages`, `label`.
    UnpairedPreferenceSwift,
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
