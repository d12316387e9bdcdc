//! False alarms by group of people: what an institution should know before it uses a detector on its own.

use crate::detector::Verdict;
use crate::evaluation::Share;
use crate::metrics::{gap_p_value, upper_bound};
use std::collections::BTreeMap;

/// Deals of the test of a gap.
const PERMUTATIONS: usize = 10_000;

/// One group, or all together.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedGroup {
    /// Its name.
    pub name: String,
    /// Texts of people that were called machine, of all its texts.
    pub alarms: Share,
    /// Texts without verdict, of all its texts.
    pub undecided: Share,
    /// The rate of false alarms is below this with 95 % confidence.
    pub bound: f64,
}

/// A finished audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// All texts.
    pub all: AuditedGroup,
    /// The groups by name.
    pub groups: Vec<AuditedGroup>,
    /// The chance of a gap as large as this between groups that do not differ; `None` with one group.
    pub gap_p_value: Option<f64>,
}

impl Audit {
    /// Counts the verdicts on human texts, each with the name of its group. The same seed gives the same test.
    #[must_use]
    pub fn new(verdicts: &[(String, Verdict)], seed: u64) -> Self {
        let mut groups: BTreeMap<&str, Vec<Verdict>> = BTreeMap::new();
        for (group, verdict) in verdicts {
            groups.entry(group).or_default().push(*verdict);
        }
        let all: Vec<Verdict> = verdicts.iter().map(|verdict| verdict.1).collect();
        let groups: Vec<AuditedGroup> = groups.into_iter().map(|(name, verdicts)| count(name, &verdicts)).collect();
        let counts: Vec<(usize, usize)> = groups.iter().map(|group| (group.alarms.part, group.alarms.of)).collect();
        Self { all: count("all", &all), gap_p_value: gap_p_value(&counts, PERMUTATIONS, seed), groups }
    }

    /// The groups whose observed rate of false alarms is above a limit.
    #[must_use]
    pub fn above(&self, limit: f64) -> Vec<&AuditedGroup> {
        self.groups.iter().filter(|group| group.alarms.rate().is_some_and(|rate| rate > limit)).collect()
    }
}

fn count(name: &str, verdicts: &[Verdict]) -> AuditedGroup {
    let share = |meant: Verdict| Share {
        part: verdicts.iter().filter(|verdict| **verdict == meant).count(),
        of: verdicts.len(),
    };
    let alarms = share(Verdict::Machine);
    AuditedGroup {
        name: name.to_owned(),
        alarms,
        undecided: share(Verdict::Undecided),
        bound: upper_bound(alarms.part, alarms.of, 0.95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_counted_and_compared() {
        let mut verdicts = vec![("native".to_owned(), Verdict::Human); 30];
        verdicts.extend(vec![("learner".to_owned(), Verdict::Undecided); 20]);
        verdicts.extend(vec![("learner".to_owned(), Verdict::Machine); 9]);
        let audit = Audit::new(&verdicts, 1);
        assert_eq!(audit.all.alarms, Share { part: 9, of: 59 });
        assert_eq!(audit.above(0.05).iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["learner"]);
        assert!(audit.above(0.4).is_empty());
        assert!(audit.gap_p_value.is_some_and(|p_value| p_value < 0.01));
        assert!(audit.groups[1].bound > 0.09 && audit.groups[1].bound < 0.1, "0 of 30 bounds 9.5 %");
        assert_eq!(Audit::new(&verdicts[..30], 1).gap_p_value, None);
        assert!(Audit::new(&vec![("all".to_owned(), Verdict::Human); 59], 1).all.bound < 0.05, "0 of 59 bounds 5 %");
    }
}
