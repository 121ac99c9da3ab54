use std::fmt::Write;

use crate::report::Race;

/// Bars of what the adapters deliver for the same CPU, as multiples of the framework's own way.
pub fn svg(races: &[Race]) -> String {
    let height = TOP + races.len() * BAR + GAP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<style>text{{fill:#555}}\
         @media(prefers-color-scheme:dark){{text{{fill:#bbb}}}}</style>\n\
         <text x=\"{LEFT}\" y=\"16\">events for a second of CPU, in multiples of the framework's own way</text>\n"
    );
    for (place, race) in races.iter().enumerate() {
        let y = TOP + place * BAR;
        let width = (race.gain() * SCALE).clamp(1.0, BARS);
        writeln!(
            svg,
            "<text x=\"8\" y=\"{}\">{}: {}</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"{}\" fill=\"#2a7de1\"/>\n\
             <text x=\"{:.0}\" y=\"{}\">{:.2}</text>",
            y + 12,
            race.load.name,
            race.framework.name().replace('`', ""),
            BAR - 3,
            LEFT as f64 + width + 6.0,
            y + 12,
            race.gain(),
        )
        .expect("a string takes everything");
    }
    let (x, bottom) = (LEFT as f64 + SCALE, height - GAP);
    writeln!(svg, "<path d=\"M{x:.0} {TOP}V{bottom}\" stroke=\"#9a9a9a\"/>\n</svg>")
        .expect("a string takes everything");
    svg
}

const WIDTH: usize = 800;
const TOP: usize = 28;
const LEFT: usize = 360;
const BAR: usize = 18;
const GAP: usize = 10;
const BARS: f64 = 390.0;
const SCALE: f64 = 30.0;
