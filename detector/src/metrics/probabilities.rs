//! Whether probabilities can be believed. Only for numbers that are meant as probabilities of *machine*.

/// The mean squared distance of the probabilities from what was true (Brier 1950): 0 is perfect, 0.25 is what always
/// saying one half gives. `None` where there is none or one is outside of [0, 1].
#[must_use]
pub fn brier(probabilities: &[f64], machine: &[bool]) -> Option<f64> {
    let usable = !probabilities.is_empty()
        && probabilities.len() == machine.len()
        && probabilities.iter().all(|probability| (0.0..=1.0).contains(probability));
    let distance = |(probability, machine): (&f64, &bool)| (probability - f64::from(u8::from(*machine))).powi(2);
    usable.then(|| probabilities.iter().zip(machine).map(distance).sum::<f64>() / probabilities.len() as f64)
}

/// Texts whose probabilities lie in one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The mean of their probabilities.
    pub predicted: f64,
    /// Machine texts among them.
    pub machines: usize,
    /// All of them.
    pub texts: usize,
}

/// The reliability diagram: texts in `bins` bins of equal width, `[0, 1/bins)` first and 1 in the last; empty bins are
/// left out. `None` as for [`brier`].
#[must_use]
pub fn reliability(probabilities: &[f64], machine: &[bool], bins: usize) -> Option<Vec<Bin>> {
    brier(probabilities, machine)?;
    let mut sums = vec![(0.0, 0_usize, 0_usize); bins.max(1)];
    for (&probability, &machine) in probabilities.iter().zip(machine) {
        let index = ((probability * bins as f64) as usize).min(bins.max(1) - 1);
        let (sum, machines, texts) = &mut sums[index];
        *sum += probability;
        *machines += usize::from(machine);
        *texts += 1;
    }
    let bin = |(sum, machines, texts): (f64, usize, usize)| Bin { predicted: sum / texts as f64, machines, texts };
    Some(sums.into_iter().filter(|(_, _, texts)| *texts > 0).map(bin).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brier_by_hand() {
        assert_eq!(brier(&[1.0, 0.0], &[true, false]), Some(0.0));
        assert_eq!(brier(&[0.5, 0.5], &[true, false]), Some(0.25));
        assert_eq!(brier(&[1.5], &[true]), None);
        assert_eq!(brier(&[f64::NAN], &[true]), None);
        assert_eq!(brier(&[], &[]), None);
    }

    #[test]
    fn bins_hold_every_text_once() {
        let probabilities = [0.0, 0.05, 0.1, 0.55, 0.95, 1.0];
        let bins = reliability(&probabilities, &[false, false, true, false, true, true], 10).expect("probabilities");
        assert_eq!(bins.iter().map(|bin| bin.texts).sum::<usize>(), 6);
        assert_eq!(bins[0], Bin { predicted: 0.025, machines: 0, texts: 2 });
        assert_eq!(bins.last(), Some(&Bin { predicted: 0.975, machines: 2, texts: 2 }));
    }
}
