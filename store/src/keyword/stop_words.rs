//! Words that say how something is asked, not what is asked for.
//!
//! They are indexed (a verbatim quotation should match wholly) but carry no weight in a question:
//! in a small knowledge base their document frequency alone would make them look telling.

/// Whether a folded, unstemmed English word is a function or question word.
pub(super) fn is_english(word: &str) -> bool {
    ENGLISH.binary_search(&word).is_ok()
}

/// Whether a jieba word is a function or question word.
pub(super) fn is_chinese(word: &str) -> bool {
    CHINESE.contains(&word)
}

/// Sorted, for the binary search.
const ENGLISH: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "had", "has", "have", "having", "he", "her", "hers", "him",
    "his", "how", "i", "if", "in", "into", "is", "it", "its", "many", "may", "me", "might", "much", "must",
    "my", "of", "on", "or", "our", "ours", "please", "s", "shall", "she", "should", "so", "such", "t",
    "tell", "than", "that", "the", "their", "theirs", "them", "then", "there", "these", "they", "this",
    "those", "to", "us", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom",
    "whose", "why", "will", "with", "would", "you", "your", "yours",
];

const CHINESE: &[&str] = &[
    "的",
    "了",
    "是",
    "在",
    "和",
    "与",
    "及",
    "或",
    "也",
    "都",
    "就",
    "而",
    "被",
    "把",
    "对",
    "对于",
    "关于",
    "为",
    "以",
    "于",
    "之",
    "其",
    "此",
    "这",
    "那",
    "这个",
    "那个",
    "这些",
    "那些",
    "有",
    "吗",
    "呢",
    "吧",
    "啊",
    "么",
    "什么",
    "甚么",
    "哪",
    "哪个",
    "哪些",
    "哪里",
    "哪儿",
    "哪种",
    "哪一",
    "谁",
    "怎么",
    "怎样",
    "怎么样",
    "怎么办",
    "如何",
    "为什么",
    "为何",
    "多少",
    "几",
    "请",
    "请问",
    "我",
    "我们",
    "你",
    "你们",
    "您",
    "他",
    "她",
    "它",
    "他们",
    "她们",
    "它们",
    "一个",
    "一些",
    "可以",
    "能",
    "会",
    "要",
    "得",
    "地",
    "着",
    "过",
    "是否",
    "告诉",
    "并",
    "等",
    "到",
    "从",
    "向",
    "由",
    "中",
    "上",
    "下",
    "里",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_english_list_is_sorted() {
        assert!(ENGLISH.is_sorted());
        assert!(is_english("what") && !is_english("leave"));
        assert!(is_chinese("什么") && !is_chinese("年假"));
    }
}
