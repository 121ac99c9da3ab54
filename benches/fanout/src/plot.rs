use std::fmt::Write;

use crate::{contestant::Contestant, measures::Measure, report::Figures};

/// Bars of what the contestants take or give, as parts of the longest in each measure.
pub fn svg(figures: &Figures) -> String {
    let (mut bars, mut top) = (String::new(), GAP);
    for measure in figures.measures() {
        top = group(&mut bars, top, measure, figures);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<style>text{{fill:#555}}\
         @media(prefers-color-scheme:dark){{text{{fill:#bbb}}}}</style>\n{bars}</svg>\n"
    )
}

/// The bars of one measure from `top` on; returns where the next begin.
fn group(svg: &mut String, top: usize, measure: &Measure, figures: &Figures) -> usize {
    let title = format!("{}, {}", measure.name, measure.unit);
    writeln!(svg, "<text x=\"8\" y=\"{}\">{title}</text>", top + 10).expect("memory takes all");
    let median = |contestant| Some((contestant, figures.median(measure, contestant)?));
    let medians: Vec<_> = Contestant::ALL.into_iter().filter_map(median).collect();
    let longest = medians.iter().map(|(_, median)| *median).fold(f64::MIN_POSITIVE, f64::max);
    let mut y = top + TITLE;
    for (contestant, median) in medians {
        let width = (median / longest * BARS).max(1.0);
        let colour = if contestant == Contestant::Ours { "#2a7de1" } else { "#9a9a9a" };
        writeln!(
            svg,
            "<text x=\"24\" y=\"{}\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"{}\" fill=\"{colour}\"/>\n\
             <text x=\"{:.0}\" y=\"{}\">{}</text>",
            y + 11,
            contestant.name(),
            BAR - 3,
            LEFT as f64 + width + 6.0,
            y + 11,
            measure.shown(median),
        )
        .expect("memory takes all");
        y += BAR;
    }
    y + GAP
}

const WIDTH: usize = 800;
const LEFT: usize = 150;
const BARS: f64 = 560.0;
const TITLE: usize = 16;
const BAR: usize = 16;
const GAP: usize = 12;
