//! The numbers as CSV; shares from 0 to 1, empty where there is none.

use super::OverlapStudy;

/// Each table with its name.
pub(super) fn all(study: &OverlapStudy) -> Vec<(&'static str, String)> {
    vec![
        ("table-6", table_6(study)),
        ("figure-5", figure_5(study)),
        ("overlap-by-n", by_n(study)),
        ("sampling", sampling(study)),
        ("recitation", recitation(study)),
    ]
}

fn csv(header: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = std::iter::once(header.to_vec()).chain(rows).try_for_each(|row| writer.write_record(row));
    written.expect("rows are as wide as the header, and memory takes them");
    let bytes = writer.into_inner().expect("memory takes them");
    String::from_utf8(bytes).expect("cells are UTF-8")
}

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!("{share:.6}"))
}

fn table_6(study: &OverlapStudy) -> String {
    let mut names = header(&["test_set", "documents", "8_grams"]);
    names.extend(study.corpora.iter().map(|corpus| format!("share_in_{corpus}")));
    names.push("share_in_all".to_owned());
    let row = |test: &super::TestSet| {
        let mut row = vec![test.name.clone(), test.documents.to_string(), test.ngrams.to_string()];
        row.extend(test.shares.iter().map(|found| share(*found)));
        row
    };
    csv(&names, study.tests.iter().map(row))
}

fn figure_5(study: &OverlapStudy) -> String {
    let rows = study.groups.iter().flat_map(|group| {
        let count = group.shares.len();
        group.shares.iter().enumerate().map(move |(index, found)| {
            vec![group.name.clone(), share(Some(*found)), format!("{:.6}", (index + 1) as f64 / count as f64)]
        })
    });
    csv(&header(&["texts", "share_of_8_grams", "cumulative"]), rows)
}

fn by_n(study: &OverlapStudy) -> String {
    let rows = study.curves.iter().flat_map(|curve| {
        curve.points.iter().map(|(n, found)| vec![curve.name.clone(), n.to_string(), share(Some(*found))])
    });
    csv(&header(&["texts", "n", "share"]), rows)
}

fn sampling(study: &OverlapStudy) -> String {
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    let rows = study.sampled.iter().map(|row| {
        vec![
            row.name.clone(),
            number(row.temperature),
            number(row.top_k),
            row.texts.to_string(),
            row.ngrams.to_string(),
            share(row.share),
        ]
    });
    csv(&header(&["texts", "temperature", "top_k", "count", "8_grams", "share"]), rows)
}

fn recitation(study: &OverlapStudy) -> String {
    let rows = study.recitation.iter().map(|row| {
        let to = if row.occurrences.1 == u32::MAX { String::new() } else { row.occurrences.1.to_string() };
        vec![
            row.prompt_tokens.to_string(),
            row.sampling.clone(),
            row.occurrences.0.to_string(),
            to,
            format!("{:.1}", row.mean_occurrences),
            row.passages.to_string(),
            row.generated_tokens.to_string(),
            format!("{:.2}", row.mean_copied_tokens),
            row.most_copied_tokens.to_string(),
        ]
    });
    let names = [
        "prompt_tokens",
        "sampling",
        "occurrences_from",
        "occurrences_to",
        "mean_occurrences",
        "passages",
        "generated_tokens",
        "mean_copied_tokens",
        "most_copied_tokens",
    ];
    csv(&header(&names), rows)
}
