//! Who made a model, and what kind of writing a human text is: groups that are left out of training to see what is known of others.

/// Beginnings of the names of models, lower-cased, and who made them. The first that fits counts.
const VENDORS: [(&str, &str); 32] = [
    ("gpt2", "OpenAI, GPT-2"),
    ("gpt-2", "OpenAI, GPT-2"),
    ("gptj", "EleutherAI"),
    ("gptneo", "EleutherAI"),
    ("gpt", "OpenAI"),
    ("chatgpt", "OpenAI"),
    ("text_davinci", "OpenAI"),
    ("text-davinci", "OpenAI"),
    ("davinci", "OpenAI"),
    ("o1", "OpenAI"),
    ("o3", "OpenAI"),
    ("o4", "OpenAI"),
    ("claude", "Anthropic"),
    ("opus", "Anthropic"),
    ("sonnet", "Anthropic"),
    ("haiku", "Anthropic"),
    ("gemini", "Google"),
    ("gemma", "Google"),
    ("palm", "Google"),
    ("flan", "Google"),
    ("grok", "xAI"),
    ("llama", "Meta"),
    ("opt", "Meta"),
    ("mistral", "Mistral"),
    ("mixtral", "Mistral"),
    ("qwen", "Alibaba"),
    ("deepseek", "DeepSeek"),
    ("kimi", "Moonshot"),
    ("glm", "Zhipu"),
    ("ernie", "Baidu"),
    ("seed", "ByteDance"),
    ("minimax", "MiniMax"),
];

/// Who made a model, by its name; `None` where the name is not known.
#[must_use]
pub fn vendor(generator: &str) -> Option<&'static str> {
    let name = generator.to_lowercase();
    VENDORS.iter().find(|(beginning, _)| name.starts_with(beginning)).map(|(_, vendor)| *vendor)
}

/// Parts of the names of sources and domains, and the kind of writing they stand for. The first that is found counts.
const REGISTERS: [(&str, &str); 39] = [
    ("biscope/Arxiv", "papers and abstracts"),
    ("/arxiv", "papers and abstracts"),
    ("AcademicResearch", "papers and abstracts"),
    ("imdb", "reviews"),
    ("Yelp", "reviews"),
    ("ProductReview", "reviews"),
    ("bbc-", "news"),
    ("reuters", "news"),
    ("NewsArticle", "news"),
    ("l2r/Sports", "news"),
    ("senate-press", "press releases"),
    ("classic-books", "books"),
    ("LiteratureCreativeWriting", "books"),
    ("biscope/Creative", "stories"),
    ("student-essay", "student essays"),
    ("biscope/Essay", "student essays"),
    ("freeflow", "student essays"),
    ("persuasion", "student essays"),
    ("wiki-core", "encyclopaedia"),
    ("m4/wikipedia", "encyclopaedia"),
    ("reddit", "forums"),
    ("blogs", "blogs and letters"),
    ("PersonalCommunication", "blogs and letters"),
    ("wikihow", "instructions"),
    ("TechnicalWriting", "instructions"),
    ("EducationMaterial", "instructions"),
    ("FoodCusine", "instructions"),
    ("LegalDocument", "law and business"),
    ("l2r/Finance", "law and business"),
    ("l2r/Business", "law and business"),
    ("MedicalText", "non-fiction of other kinds"),
    ("Environmental", "non-fiction of other kinds"),
    ("Religious", "non-fiction of other kinds"),
    ("TravelTourism", "non-fiction of other kinds"),
    ("seqxgpt", "mixed documents"),
    ("/news", "news"),
    ("/review", "reviews"),
    ("/abstract", "papers and abstracts"),
    ("/essay", "student essays"),
];

/// The kind of writing of a `source/domain`; `None` where it is not known.
#[must_use]
pub fn register(domain: &str) -> Option<&'static str> {
    REGISTERS.iter().find(|(part, _)| domain.contains(part)).map(|(_, register)| *register)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_give_their_makers() {
        for (name, maker) in [
            ("GPT-4o", Some("OpenAI")),
            ("gpt2-1.5B-conditional", Some("OpenAI, GPT-2")),
            ("gptneo", Some("EleutherAI")),
            ("Llama-3-70B", Some("Meta")),
            ("opus-4-1", Some("Anthropic")),
            ("temperature 1, top-k 0, top-p 1, penalty 1", None),
        ] {
            assert_eq!(vendor(name), maker, "{name}");
        }
    }

    #[test]
    fn domains_give_their_registers() {
        assert_eq!(register("m4/arxiv"), Some("papers and abstracts"));
        assert_eq!(register("m4/reddit"), Some("forums"));
        assert_eq!(register("l2r/Code"), None);
    }
}
