//! A report's own words. A further language is one more function and one more arm.

use serde::Serialize;

use super::super::language::Language;

/// Everything a report says that does not come from its data.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Words {
    pub generated: &'static str,
    pub settings: &'static str,
    pub metrics: &'static str,
    pub metric: &'static str,
    pub value: &'static str,
    pub interval: &'static str,
    pub target: &'static str,
    pub met: &'static str,
    pub missed: &'static str,
    pub note: &'static str,
    pub plots: &'static str,
    pub tables: &'static str,
    pub worst_cases: &'static str,
    pub score: &'static str,
    pub expected: &'static str,
    pub got: &'static str,
    pub nothing: &'static str,
    pub evidence: &'static str,
    pub no_evidence: &'static str,
    pub page_before: &'static str,
    pub page_after: &'static str,
    pub no_data: &'static str,
    pub share: &'static str,
    pub diagonal: &'static str,
    pub points: &'static str,
    pub values: &'static str,
}

impl Words {
    pub(super) fn of(language: Language) -> Self {
        match language {
            Language::English => english(),
            Language::Chinese => chinese(),
        }
    }
}

fn english() -> Words {
    Words {
        generated: "Generated",
        settings: "Settings",
        metrics: "Metrics",
        metric: "Metric",
        value: "Value",
        interval: "95% interval",
        target: "Target",
        met: "met",
        missed: "missed",
        note: "Note",
        plots: "Plots",
        tables: "Tables",
        worst_cases: "Worst cases",
        score: "Score",
        expected: "Expected",
        got: "Got",
        nothing: "nothing",
        evidence: "Evidence",
        no_evidence: "none cited",
        page_before: "p. ",
        page_after: "",
        no_data: "no data",
        share: "Share",
        diagonal: "Diagonal",
        points: "points",
        values: "values",
    }
}

fn chinese() -> Words {
    Words {
        generated: "生成时间",
        settings: "设置",
        metrics: "指标",
        metric: "指标",
        value: "数值",
        interval: "95% 区间",
        target: "目标",
        met: "达标",
        missed: "未达标",
        note: "备注",
        plots: "图表",
        tables: "表格",
        worst_cases: "最差案例",
        score: "得分",
        expected: "期望答案",
        got: "实际回答",
        nothing: "无",
        evidence: "证据",
        no_evidence: "未引用证据",
        page_before: "第 ",
        page_after: " 页",
        no_data: "无数据",
        share: "占比",
        diagonal: "对角线",
        points: "个点",
        values: "个值",
    }
}
