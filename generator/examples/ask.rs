//! Answers from three fixed passages: `cargo run --release --example ask -- MODEL.gguf QUESTION…`.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::sync::Arc;

use footnote_core::answer::{AnswerEvent, History};
use footnote_core::hash::ContentHash;
use footnote_core::ids::{DocumentId, VersionId};
use footnote_core::passage::{Evidence, Passage, Retrieved};
use footnote_core::question::QuestionText;
use footnote_core::settings::{AnswerSettings, PromptSettings, SamplingSettings};
use footnote_core::text::Span;
use footnote_core::{Error, Result};
use footnote_generator::{
    AnswerRequest, Answerer, Calibration, GeneratorConfig, GgufGenerator, SupportModels,
};

const ENGLISH: [(&str, &str); 3] = [
    (
        "Company handbook",
        "Offices open at nine. Employees receive 15 days of annual leave after one year of service and 20 days after five years. Unused days lapse at the end of March.",
    ),
    (
        "Annual report 2023",
        "Revenue rose 12.5% to 1,234 million euro in 2023. The growth came mostly from the cloud division, whose revenue was 640 million euro. The company had 4,310 employees.",
    ),
    (
        "IT policy",
        "Error ERR_0x80070005 means that access was denied. Passwords must have at least 14 characters and are changed every 180 days.",
    ),
];
const CHINESE: [(&str, &str); 3] = [
    (
        "员工手册",
        "公司上午九点上班。员工工作满一年后每年享有15天年假，满五年后享有20天。未休年假在次年三月底失效。",
    ),
    (
        "2023年年度报告",
        "2023年公司营业收入同比增长12.5%，达到12.34亿元。增长主要来自云业务，其收入为6.4亿元。年末员工总数为4310人。",
    ),
    ("信息安全制度", "错误代码ERR_0x80070005表示访问被拒绝。密码长度不得少于14位，每180天更换一次。"),
];

fn passage(number: u32, (title, text): (&str, &str)) -> Passage {
    Passage {
        number,
        version: VersionId::new(),
        version_hash: ContentHash::of(text.as_bytes()),
        document: DocumentId::new(),
        title: title.to_owned(),
        document_key: title.to_owned(),
        dated: None,
        span: Span::new(0, text.chars().count()),
        heading_path: Vec::new(),
        sections: Vec::new(),
        text: text.to_owned(),
        pages: Vec::new(),
        score: 1.0,
        ocr_lines: Vec::new(),
        chunks: Vec::new(),
        table_header: None,
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or_else(|| Error::invalid("give the path of a .gguf file"))?;
    let generator = GgufGenerator::open(GeneratorConfig::new("model", path))?;
    let answerer =
        Answerer::new(Some(Arc::new(generator)), SupportModels::default(), Calibration::built_in()?);
    for question in arguments {
        let question = QuestionText::parse(&question)?;
        let texts = if question.is_chinese() { CHINESE } else { ENGLISH };
        let passages = texts.into_iter().zip(1..).map(|(text, number)| passage(number, text)).collect();
        let evidence = Evidence { score: 1.0, threshold: 0.35, sufficient: true };
        println!("\n? {}", question.as_str());
        let begun = std::time::Instant::now();
        let request = AnswerRequest {
            question,
            translation: None,
            retrieved: Retrieved { passages, evidence, candidates: Vec::new(), tables: Vec::new() },
            prompt: PromptSettings::default(),
            sampling: SamplingSettings::default(),
            answer: AnswerSettings::default(),
            history: History::default(),
        };
        let mut events = answerer.answer(request).await?.events;
        while let Some(event) = events.recv().await {
            match event {
                AnswerEvent::Token(text) => println!("{text}"),
                AnswerEvent::Citation(c) => {
                    println!("    [{}] {:.2} {} {:?}", c.number, c.score, c.source_span, c.quote)
                }
                AnswerEvent::Sentence(s) => {
                    println!("    {:?} {:.2} ({}): {}", s.verdict, s.score, s.method, s.why)
                }
                AnswerEvent::Done(a) => println!("    {:?}, {:.1} s", a.usage, begun.elapsed().as_secs_f32()),
                AnswerEvent::Failed(error) => println!("    failed: {}", error.message),
            }
        }
    }
    Ok(())
}
