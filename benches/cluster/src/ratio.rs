/// What each round measured of one contestant and of what it is held against.
#[derive(Default)]
pub(crate) struct Rounds(Vec<(f64, f64)>);

impl Rounds {
    pub(crate) fn push(&mut self, contestant: f64, reference: f64) {
        self.0.push((contestant, reference));
    }

    pub(crate) fn contestant(&self) -> f64 {
        median(self.0.iter().map(|round| round.0))
    }

    pub(crate) fn reference(&self) -> f64 {
        median(self.0.iter().map(|round| round.1))
    }

    /// The median of the ratios, and the lowest and the highest.
    pub(crate) fn ratio(&self) -> (f64, f64, f64) {
        let ratios = || self.0.iter().map(|(contestant, reference)| contestant / reference);
        (median(ratios()), ratios().fold(f64::MAX, f64::min), ratios().fold(0.0, f64::max))
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
