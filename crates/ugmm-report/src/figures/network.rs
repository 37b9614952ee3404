//! Figure 1, and the diagram of a row's path.

use crate::report::Diagram;
use crate::{Axis, Chart, Mark, Text};

/// Height of a node's line, in px.
const LINE: f64 = 24.0;

pub(crate) fn diagram(id: &str, title: Text, diagram: &Diagram) -> Chart {
    let Diagram { columns, edges } = diagram;
    let most = columns.iter().map(|column| column.nodes.len()).max().unwrap_or(0).max(3);
    let of = |column: &crate::Column| format!("{} ({})", column.heading, column.extent);
    let description = format!(
        "{} from left to right, {} edges drawn",
        columns.iter().map(of).collect::<Vec<_>>().join(", "),
        edges.len()
    );
    Chart {
        id: id.into(),
        title,
        description: description.into(),
        height: 60.0 + LINE * most as f64,
        ratio: None,
        x: Axis::hidden(0.0, 1.0),
        y: Axis::hidden(0.0, 1.0),
        marks: vec![Mark::Graph { columns: columns.clone(), edges: edges.clone() }],
    }
}
