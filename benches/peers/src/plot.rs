use std::fmt::Write;

use crate::{
    contestants::{Kind, LINES},
    measure::Race,
};

/// Bars of the decoders' throughput, in per cent of the search for line ends in the same run.
pub fn svg(races: &[Race]) -> String {
    let decoders = races[0].runners.iter().filter(|runner| runner.kind != Kind::Limit).count();
    let group = decoders * BAR + GAP;
    let height = TOP + races.len() * group;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<style>text{{fill:#555}}\
         @media(prefers-color-scheme:dark){{text{{fill:#bbb}}}}</style>\n\
         <text x=\"{LEFT}\" y=\"16\">throughput in % of memchr_iter over the same bytes</text>\n"
    );
    for (number, race) in races.iter().enumerate() {
        let top = TOP + number * group;
        put(&mut svg, 8, top + 10, race.input);
        let search = race.runner(LINES).expect("it ran");
        let decoders = race.runners.iter().filter(|runner| runner.kind != Kind::Limit);
        for (place, runner) in decoders.enumerate() {
            let percent = 100.0 * runner.over(search).best;
            let width = (percent * SCALE).clamp(1.0, BARS);
            let color = if runner.kind == Kind::Ours { "#2a7de1" } else { "#9a9a9a" };
            let y = top + place * BAR;
            writeln!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"{}\" fill=\"{color}\"/>",
                BAR - 2,
            )
            .expect("a string takes everything");
            let label = format!("{percent:.0} % {}", runner.name);
            put(&mut svg, LEFT + width as usize + 6, y + 10, &label);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn put(svg: &mut String, x: usize, y: usize, text: &str) {
    writeln!(svg, "<text x=\"{x}\" y=\"{y}\">{text}</text>").expect("a string takes everything");
}

const WIDTH: usize = 800;
const TOP: usize = 28;
const LEFT: usize = 60;
const BAR: usize = 13;
const GAP: usize = 12;
const BARS: f64 = 560.0;
const SCALE: f64 = 3.2;
