//! A report of sections with figures and tables, as one HTML page without scripts.

use crate::figures::Figure;
use crate::svg::svg;
use crate::text::{Text, escaped};
use std::fmt::Write;

/// Width of a figure in px; narrower pages shrink it.
const WIDTH: f64 = 920.0;

/// The content of a page.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Program and version that made it, such as "ugmm 0.1.0".
    pub program: Text,
    /// The title.
    pub title: Text,
    /// The content of the document, in a sentence.
    pub subtitle: Text,
    /// Names and values of the main facts, in order.
    pub facts: Vec<(Text, Text)>,
    /// What was shortened or is missing, and why: one sentence each.
    pub notes: Vec<Text>,
    /// The sections, from top to bottom.
    pub sections: Vec<DocumentSection>,
}

/// A section of a page.
#[derive(Clone, Debug, Default)]
pub struct DocumentSection {
    /// Its heading.
    pub heading: Text,
    /// Text before figures and tables.
    pub text: Text,
    /// The figures, one below the other.
    pub figures: Vec<Figure>,
    /// The tables, after the figures.
    pub tables: Vec<DocumentTable>,
}

/// A table of a section.
#[derive(Clone, Debug, Default)]
pub struct DocumentTable {
    /// The caption.
    pub caption: Text,
    /// Names of the columns.
    pub header: Vec<Text>,
    /// The cells, row by row.
    pub rows: Vec<Vec<Text>>,
}

/// The document as an HTML page.
#[must_use]
pub fn document(document: &Document) -> String {
    let e = |text: &Text| escaped(text.as_str());
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"generator\" content=\"{}\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{}\n{}</style>\n\
         </head>\n<body>\n",
        e(&document.program),
        e(&document.title),
        include_str!("../assets/page.css"),
        include_str!("../assets/document.css")
    );
    let _ = write!(
        html,
        "<header>\n<h1 dir=\"auto\">{}</h1>\n<p class=\"quiet\">{}</p>\n<dl class=\"facts\">",
        e(&document.title),
        e(&document.subtitle)
    );
    for (name, value) in &document.facts {
        let _ = write!(html, "<div><dt>{}</dt><dd dir=\"auto\">{}</dd></div>", e(name), e(value));
    }
    html += "</dl>\n";
    if !document.notes.is_empty() {
        html += "<ul class=\"notes\">";
        document.notes.iter().for_each(|note| {
            let _ = write!(html, "<li>{}</li>", e(note));
        });
        html += "</ul>\n";
    }
    html += "<nav aria-label=\"Sections\">";
    for (number, section) in document.sections.iter().enumerate() {
        let _ = write!(html, "<a href=\"#section-{}\">{}</a>", number + 1, e(&section.heading));
    }
    html += "</nav>\n</header>\n<main>\n";
    for (number, section) in document.sections.iter().enumerate() {
        let _ = write!(html, "<section id=\"section-{}\">\n<h2>{}</h2>\n", number + 1, e(&section.heading));
        let _ = writeln!(html, "<p class=\"quiet\">{}</p>", e(&section.text));
        for figure in &section.figures {
            let _ =
                writeln!(html, "<div class=\"drawing\" id=\"{}\">{}</div>", figure.id, svg(figure, WIDTH));
        }
        section.tables.iter().for_each(|table| add_table(&mut html, table));
        html += "</section>\n";
    }
    let _ = write!(
        html,
        "</main>\n<footer class=\"quiet\">Made by {}.</footer>\n</body>\n</html>\n",
        e(&document.program)
    );
    html
}

fn add_table(html: &mut String, table: &DocumentTable) {
    let e = |text: &Text| escaped(text.as_str());
    let _ = write!(
        html,
        "<div class=\"wide\"><table class=\"rows-table\"><caption>{}</caption><thead><tr>",
        e(&table.caption)
    );
    for name in &table.header {
        let _ = write!(html, "<th scope=\"col\" dir=\"auto\">{}</th>", e(name));
    }
    *html += "</tr></thead><tbody>\n";
    for row in &table.rows {
        *html += "<tr>";
        for cell in row {
            let _ = write!(html, "<td dir=\"auto\">{}</td>", e(cell));
        }
        *html += "</tr>\n";
    }
    *html += "</tbody></table></div>\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_tables_is_text_on_the_page() {
        let evil = Text::from("<script>alert(1)</script>");
        let table = DocumentTable {
            caption: evil.clone(),
            header: vec![evil.clone()],
            rows: vec![vec![evil.clone()]],
        };
        let section = DocumentSection {
            heading: evil.clone(),
            text: evil.clone(),
            figures: vec![],
            tables: vec![table],
        };
        let page = document(&Document {
            program: "ugmm".into(),
            title: evil.clone(),
            subtitle: evil.clone(),
            facts: vec![(evil.clone(), evil.clone())],
            notes: vec![evil],
            sections: vec![section],
        });
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 12, "{page}");
    }
}
