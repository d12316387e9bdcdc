//! One page with all tables and figures, which needs nothing else.

use super::OverlapStudy;
use super::figures::Figure;

const STYLE: &str = "body{font:16px/1.5 sans-serif;color:#222;max-width:780px;margin:2em auto;padding:0 1em}\
    h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2em}table{border-collapse:collapse;width:100%;font-size:.92em}\
    th,td{text-align:right;padding:.3em .6em;border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}\
    svg{width:100%;height:auto}p.note{color:#555;font-size:.92em}";

/// Table 6 of the paper: test set, own training set, WebText; percent of 8-grams.
const PAPER: [(&str, &str, &str); 6] = [
    ("PTB", "2.67", "0.88"),
    ("WikiText-2", "0.66", "1.63"),
    ("enwik8", "7.50", "6.31"),
    ("text8", "2.34", "3.94"),
    ("WikiText-103", "9.09", "2.42"),
    ("1BW", "13.19", "3.75"),
];

pub(super) fn html(study: &OverlapStudy, figures: &[Figure]) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Memorised or generated?</title><style>{STYLE}</style></head><body>\n\
         <h1>Memorised or generated?</h1>\n<p>How much of what <code>{}</code> writes, and of texts it is tested on, stands \
         word for word in the corpus it was trained on. After Radford et al. 2019, section 4 and appendix 8.2: texts are \
         lower-cased alphanumeric words, and an 8-gram is eight of them in a row within one document.</p>\n",
        escaped(&study.model)
    );
    page += &table_6(study);
    for figure in figures {
        page += &format!(
            "<h2>{}</h2>\n{}\n<p class=\"note\">{} Numbers: <code>{}.csv</code>.</p>\n",
            figure.title,
            figure.svg,
            escaped(&figure.caption),
            figure.name.replace("temperature", "sampling").replace("top-k", "sampling")
        );
    }
    page + "</body></html>\n"
}

fn table_6(study: &OverlapStudy) -> String {
    let percent = |share: &Option<f64>| share.map_or_else(|| "–".to_owned(), |share| format!("{:.2}", 100.0 * share));
    let corpora: String = study.corpora.iter().map(|corpus| format!("<th>{}</th>", escaped(corpus))).collect();
    let row = |test: &super::TestSet| {
        let shares: String = test.shares.iter().map(|share| format!("<td>{}</td>", percent(share))).collect();
        format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td>{shares}</tr>\n",
            escaped(&test.name),
            test.documents,
            test.ngrams
        )
    };
    let rows: String = study.tests.iter().map(row).collect();
    let paper = |(test, own, webtext): &(&str, &str, &str)| {
        format!("<tr><td>{test}</td><td>{own}</td><td>{webtext}</td></tr>\n")
    };
    let paper: String = PAPER.iter().map(paper).collect();
    format!(
        "<h2>Test sets in training corpora: percent of 8-grams found</h2>\n<table><tr><th>test set</th><th>documents</th>\
         <th>8-grams</th>{corpora}<th>all</th></tr>\n{rows}</table>\n<p class=\"note\">A held-out set against its own corpus is the \
         paper's \"own train\". Numbers: <code>table-6.csv</code>.</p>\n<h2>The same in the paper (table 6)</h2>\n<table><tr>\
         <th>test set</th><th>own training set</th><th>WebText</th></tr>\n{paper}</table>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
