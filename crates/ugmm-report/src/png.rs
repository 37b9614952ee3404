//! Figures as PNG files.

use crate::Figure;
use crate::svg::svg;
use resvg::tiny_skia::{IntSize, Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{FontResolver, Options, Tree};
use std::fmt::Display;
use std::sync::{Arc, OnceLock};

/// The reasons why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The drawing is invalid.
    #[error("the figure cannot be drawn: {0}")]
    Drawing(String),
    /// The picture has no pixels, or too many for memory.
    #[error("a picture of {width} × {height} pixels cannot be made")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
}

/// The fonts of this crate: Ubuntu Light, and Hack for characters that it lacks.
fn own_fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
        fonts.set_serif_family("Ubuntu");
        fonts.set_sans_serif_family("Ubuntu");
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}

/// The fonts of this crate, and those of the system for characters that they lack.
fn all_fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = (*own_fonts()).clone();
        fonts.load_system_fonts();
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}

/// Searches for a character in the crate's own fonts first, so that pictures are equal everywhere if these
/// suffice.
fn font_resolver() -> FontResolver<'static> {
    let among = FontResolver::default_fallback_selector();
    let select_fallback = move |sign, used: &[_], fonts: &mut Arc<Database>| {
        among(sign, used, fonts).or_else(|| {
            let all = all_fonts();
            if all.len() > fonts.len() {
                // The larger collection begins with the faces of the smaller one, so that their identifiers
                // stay valid.
                *fonts = all;
            }
            among(sign, used, fonts)
        })
    };
    FontResolver { select_fallback: Box::new(select_fallback), ..FontResolver::default() }
}

/// The figure as a PNG file, `width` px wide; each px has `scale` pixels.
///
/// # Errors
///
/// [`PngError`] when the picture would be too large.
pub fn png(figure: &Figure, width: f64, scale: f32) -> Result<Vec<u8>, PngError> {
    let options = Options { fontdb: own_fonts(), font_resolver: font_resolver(), ..Options::default() };
    let drawing = |error: &dyn Display| PngError::Drawing(error.to_string());
    let tree = Tree::from_str(&svg(figure, width), &options).map_err(|error| drawing(&error))?;
    let size = |length: f32| (length * scale).ceil() as u32;
    let (width, height) = (size(tree.size().width()), size(tree.size().height()));
    let mut pixels = Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| drawing(&error))
}

/// Grey pixels, row by row, as a PNG file.
///
/// # Errors
///
/// [`PngError::Size`] when they do not form rows of `width` pixels, or the picture would be too large.
pub fn grey_png(pixels: &[u8], width: usize) -> Result<Vec<u8>, PngError> {
    let height = pixels.len() / width.max(1);
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let no_picture = || PngError::Size { width: side(width), height: side(height) };
    let size = IntSize::from_wh(side(width), side(height)).ok_or_else(no_picture)?;
    let colours = pixels.iter().flat_map(|&grey| [grey, grey, grey, u8::MAX]).collect();
    let picture = Pixmap::from_vec(colours, size).ok_or_else(no_picture)?;
    picture.encode_png().map_err(|error| PngError::Drawing(error.to_string()))
}
