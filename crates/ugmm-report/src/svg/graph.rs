//! Drawing of graphs: nodes and edges.

use super::plane::{ACCENT, CHARACTER, FONT_SIZE, INK, Plane, QUIET, px, text_at, width_of};
use crate::chart::{Column, Edge};
use std::fmt::Write;

/// Height of the two lines above the columns, in px.
const HEADING: f64 = 34.0;
/// Largest fraction of a chart's width for the names on one side.
const NAMES: f64 = 0.3;

/// Positions of the nodes, and numbers of characters that fit into the names at the left and at the right.
struct Layout {
    places: Vec<Vec<(f64, f64)>>,
    letters: [usize; 2],
}

fn layout(plane: &Plane, columns: &[Column]) -> Layout {
    let side = |column: Option<&Column>| {
        let names = column.into_iter().flat_map(|column| &column.nodes);
        let longest = names.map(|node| width_of(node.name.as_str())).fold(0.0, f64::max);
        longest.min(NAMES * plane.width) + 14.0
    };
    let (left, right) = (side(columns.first()), side(columns.last()));
    let step = (plane.width - left - right) / (columns.len().max(2) - 1) as f64;
    let most = columns.iter().map(|column| column.nodes.len()).max().unwrap_or(1).max(1) as f64;
    let line = (plane.height - HEADING) / most;
    let middle = plane.top + HEADING + (plane.height - HEADING) / 2.0;
    let of_column = |(index, column): (usize, &Column)| {
        let x = plane.left + left + index as f64 * step;
        let count = column.nodes.len() as f64;
        // Columns of few nodes have wider spacing, but do not fill the whole height.
        let line = line * (most / count.max(1.0)).sqrt().min(2.0);
        (0..column.nodes.len()).map(|node| (x, middle + (node as f64 - (count - 1.0) / 2.0) * line)).collect()
    };
    let letters = |room: f64| ((room - 12.0) / (FONT_SIZE * CHARACTER)) as usize;
    Layout {
        places: columns.iter().enumerate().map(of_column).collect(),
        letters: [letters(left), letters(right)],
    }
}

pub(super) fn draw(svg: &mut String, plane: &Plane, columns: &[Column], edges: &[Edge]) {
    let Layout { places, letters } = layout(plane, columns);
    for edge in edges {
        let ((x0, y0), (x1, y1)) = (places[edge.column][edge.from], places[edge.column + 1][edge.to]);
        let bend = (x1 - x0) * 0.45;
        let strength = edge.strength.clamp(0.0, 1.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{} {}C{} {} {} {} {} {}\" fill=\"none\" stroke=\"{ACCENT}\" stroke-width=\"{}\" \
             stroke-opacity=\"{}\"/>",
            px(x0),
            px(y0),
            px(x0 + bend),
            px(y0),
            px(x1 - bend),
            px(y1),
            px(x1),
            px(y1),
            px(0.5 + 4.0 * strength),
            px(0.12 + 0.7 * strength)
        );
    }
    let last = columns.len().saturating_sub(1);
    for (index, (column, places)) in columns.iter().zip(&places).enumerate() {
        let anchor = if index == 0 {
            "start"
        } else if index == last {
            "end"
        } else {
            "middle"
        };
        let x = match index {
            0 => plane.left,
            _ if index == last => plane.right(),
            _ => places.first().map_or(plane.left, |place| place.0),
        };
        text_at(svg, (x, plane.top + 10.0), anchor, INK, &column.heading.shortened(24));
        text_at(svg, (x, plane.top + 24.0), anchor, QUIET, &column.extent.shortened(28));
        for (node, &(x, y)) in column.nodes.iter().zip(places) {
            let radius = px(3.0 + 4.0 * node.size.clamp(0.0, 1.0).sqrt());
            let fill = if node.neuron.is_some() { ACCENT } else { QUIET };
            let _ = writeln!(
                svg,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"#ffffff\"/>",
                px(x),
                px(y)
            );
            if index == 0 {
                text_at(svg, (x - 11.0, y + 3.5), "end", INK, &node.name.shortened(letters[0]));
            } else if index == last {
                text_at(svg, (x + 11.0, y + 3.5), "start", INK, &node.name.shortened(letters[1]));
            }
        }
    }
}
