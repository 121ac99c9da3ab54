use std::fmt::Write;

use crate::{
    contestant::Contestant,
    report::{Figures, MEASURES},
};

/// Bars of what the contestants take or give, as parts of the longest in each measure.
pub fn svg(figures: &Figures) -> String {
    let group = TITLE + Contestant::ALL.len() * BAR + GAP;
    let height = MEASURES.len() * group + GAP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<style>text{{fill:#555}}\
         @media(prefers-color-scheme:dark){{text{{fill:#bbb}}}}</style>\n"
    );
    for (place, measure) in MEASURES.iter().enumerate() {
        let top = GAP + place * group;
        let name = measure.name;
        writeln!(svg, "<text x=\"8\" y=\"{}\">{name}</text>", top + 10).expect("memory takes all");
        let medians = Contestant::ALL.map(|contestant| figures.median(measure, contestant));
        let longest = medians.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        for (row, (contestant, median)) in Contestant::ALL.iter().zip(medians).enumerate() {
            let y = top + TITLE + row * BAR;
            let width = (median / longest * BARS).max(1.0);
            let colour = if *contestant == Contestant::Ours { "#2a7de1" } else { "#9a9a9a" };
            let shown = if 1e5 < median { median / 1e6 } else { median };
            writeln!(
                svg,
                "<text x=\"24\" y=\"{}\">{}</text>\n\
                 <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"{}\" fill=\"{colour}\"/>\n\
                 <text x=\"{:.0}\" y=\"{}\">{shown:.2}</text>",
                y + 11,
                contestant.name(),
                BAR - 3,
                LEFT as f64 + width + 6.0,
                y + 11,
            )
            .expect("memory takes all");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

const WIDTH: usize = 800;
const LEFT: usize = 150;
const BARS: f64 = 560.0;
const TITLE: usize = 16;
const BAR: usize = 16;
const GAP: usize = 12;
