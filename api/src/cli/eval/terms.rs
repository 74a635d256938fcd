//! The words that figures and verdicts are made of, in the language of a report.
//!
//! JSON and `--fail-under` know figures by their English keys in every language. To add a figure: name its key here,
//! or its Chinese report shows the key.

use super::language::Language;

/// What a figure is called: its keys, each in the language's words.
pub(crate) fn figure(key: &str, language: Language) -> String {
    match language {
        Language::English => key.to_owned(),
        Language::Chinese => key.split('.').map(term).collect::<Vec<_>>().join(" · "),
    }
}

/// A word of the closed sets that reports show, such as a verdict or a mode of search; any other text as it is.
pub(crate) fn word(text: &str, language: Language) -> String {
    match language {
        Language::English => text.to_owned(),
        Language::Chinese => term(text).to_owned(),
    }
}

/// A case's verdict, which may have several parts: `document at rank 1, page not found`.
pub(crate) fn verdict(text: &str, language: Language) -> String {
    if language == Language::English {
        return text.to_owned();
    }
    let part = |part: &str| {
        if let Some((what, rank)) = part.split_once(" at rank ") {
            return format!("{}排第 {rank} 位", term(what));
        }
        match part.strip_suffix(" not found") {
            Some(what) => format!("未找到{}", term(what)),
            None => term(part).to_owned(),
        }
    };
    text.split(", ").map(part).collect::<Vec<_>>().join("，")
}

/// In Chinese; what has no word here stays.
fn term(key: &str) -> &str {
    let known = TERMS.iter().find(|(english, _)| *english == key);
    known.map_or(key, |(_, chinese)| chinese)
}

const TERMS: &[(&str, &str)] = &[
    // Verdicts and what they are of.
    ("refused", "拒答"),
    ("answered", "已回答"),
    ("supported", "有依据"),
    ("partly", "部分有依据"),
    ("unsupported", "无依据"),
    ("not_needed", "无需依据"),
    ("document", "文档"),
    ("page", "页"),
    ("true", "正确"),
    // Sorts.
    ("keyword", "关键词"),
    ("vector", "向量"),
    ("hybrid", "混合"),
    ("number", "数字"),
    ("percentage", "百分比"),
    ("date", "日期"),
    ("unit", "单位"),
    ("name", "名称"),
    ("negation", "否定"),
    ("antonym", "反义词"),
    ("english", "英文"),
    ("chinese", "中文"),
    ("evidence", "证据"),
    ("reference", "参考答案"),
    ("released", "已发布"),
    ("words", "词语"),
    ("embeddings", "向量表示"),
    ("generator", "语言模型"),
    ("cross_encoder", "交叉编码器"),
    ("embedder", "向量模型"),
    ("default", "默认阈值"),
    ("fitted", "拟合阈值"),
    // Figures of search.
    ("documents", "文档数"),
    ("queries", "查询数"),
    ("queries_with_pages", "有页码的查询数"),
    ("ndcg@10", "nDCG@10"),
    ("recall@5", "召回率@5"),
    ("recall@10", "召回率@10"),
    ("mrr@10", "MRR@10"),
    ("page_hit@5", "页命中率@5"),
    ("page_hit@10", "页命中率@10"),
    // Of answers.
    ("questions", "问题数"),
    ("answerable", "可回答"),
    ("unanswerable", "不可回答"),
    ("whole", "整个回答"),
    ("best_sentence", "最佳句"),
    ("exact_match", "完全匹配"),
    ("token_f1", "词元 F1"),
    ("rouge_l", "ROUGE-L"),
    ("contains_gold", "包含参考答案"),
    ("supported_sentences", "有依据的句子"),
    ("unanswerable_refused", "不可回答而拒答"),
    ("refusal_precision", "拒答精确率"),
    ("refusal_recall", "拒答召回率"),
    ("citation_precision", "引用精确率"),
    ("citation_recall", "引用召回率"),
    ("page_hit", "页命中率"),
    ("decision_accuracy", "是非判断准确率"),
    ("first_token_seconds", "首词用时（秒）"),
    ("seconds", "用时（秒）"),
    ("mean", "均值"),
    ("p50", "中位数"),
    ("p95", "95% 分位"),
    ("prompt_tokens", "提示词元数"),
    ("completion_tokens", "生成词元数"),
    ("judged", "模型评分"),
    ("score", "得分"),
    ("unread", "未能读出的评分"),
    // Of refusal, calibration and citations.
    ("auroc", "AUROC"),
    ("risk_coverage_area", "风险覆盖曲线面积"),
    ("unanswerable_refused_at_rate", "给定误拒率下不可回答的拒答率"),
    ("threshold", "阈值"),
    ("wrong_refusals", "误拒率"),
    ("precision", "精确率"),
    ("recall", "召回率"),
    ("f1", "F1"),
    ("refusal", "拒答"),
    ("support", "依据"),
    ("calibration", "校准"),
    ("pairs", "句对数"),
    ("expected_calibration_error", "期望校准误差"),
    ("expected_calibration_error_before", "现用曲线的期望校准误差"),
    ("answers", "回答数"),
    ("citations", "引用数"),
    ("quotes_hold", "引文与原文一致"),
    ("true_kept", "保留的正确句子"),
    ("true_told", "说出的正确句子"),
    ("false_caught", "识破的错误句子"),
    ("false_dropped", "删去的错误句子"),
    ("by_kind", "按类型"),
    ("by_language", "按语言"),
    ("by_origin", "按来源"),
    ("share", "占比"),
    ("sentences", "句数"),
    // Of comparisons and of parsing.
    ("judgements", "评判数"),
    ("win_rates", "胜率"),
    ("wins", "胜"),
    ("ties", "平"),
    ("losses", "负"),
    ("consistency", "一致性"),
    ("rate", "得分率"),
    ("ranking", "排名"),
    ("strength", "实力"),
    ("files", "文件数"),
    ("ready", "成功"),
    ("failed", "失败"),
    ("slowest_seconds", "最慢用时（秒）"),
    ("peak_mib", "峰值内存（MiB）"),
    ("formats", "格式"),
    ("pages", "页数"),
    ("cpu_seconds", "CPU 用时（秒）"),
    ("references", "参考数"),
    ("order", "顺序"),
    ("cells_f1", "单元格 F1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_verdicts_are_said_in_the_reports_language() {
        assert_eq!(figure("whole.token_f1", Language::English), "whole.token_f1");
        assert_eq!(figure("whole.token_f1", Language::Chinese), "整个回答 · 词元 F1");
        assert_eq!(figure("formats.html.files", Language::Chinese), "格式 · html · 文件数");
        assert_eq!(
            verdict("document at rank 12, page not found", Language::Chinese),
            "文档排第 12 位，未找到页"
        );
        assert_eq!(verdict("refused", Language::Chinese), "拒答");
        assert_eq!(verdict("b > a", Language::Chinese), "b > a");
        assert_eq!(
            verdict("document at rank 1, page not found", Language::English),
            "document at rank 1, page not found"
        );
    }
}
