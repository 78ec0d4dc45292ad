//! A picture in memory: what `plotters` draws on, written as PNG. No system library and no font file: letters are the
//! bitmaps of `font8x8`.

use font8x8::legacy::BASIC_LEGACY;
use plotters::prelude::DrawingBackend;
use plotters_backend::{
	text_anchor::{HPos, VPos},
	BackendColor, BackendCoord, BackendTextStyle, DrawingErrorKind, FontTransform,
};
use std::{convert::Infallible, io, path::Path};

/// Pixels of a letter to each side; fonts of [`LARGE_FONT`] and above are drawn twice as large.
const LETTER: i32 = 8;
const LARGE_FONT: f64 = 20.0;
/// One more than zlib's levels: takes longest and leaves least.
const COMPRESSION: u8 = 10;

/// Red, green and blue of every pixel, row by row.
#[derive(Clone, Debug)]
pub struct Canvas {
	width: u32,
	height: u32,
	pixels: Vec<[u8; 3]>,
}

impl Canvas {
	/// A white picture.
	pub fn new(width: u32, height: u32) -> Self {
		Self { width, height, pixels: vec![[255; 3]; width as usize * height as usize] }
	}

	fn pixel(&mut self, x: i32, y: i32) -> Option<&mut [u8; 3]> {
		let (x, y) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?);
		let place = y as usize * self.width as usize + x as usize;
		(x < self.width).then(|| self.pixels.get_mut(place)).flatten()
	}

	/// Writes the picture as PNG, with one colour of 8 bits per channel.
	pub fn save(&self, path: &Path) -> io::Result<()> {
		// Each row begins with its filter: none.
		let rows = self.pixels.chunks(self.width as usize);
		let raw: Vec<u8> =
			rows.flat_map(|row| std::iter::once(0).chain(row.iter().flatten().copied())).collect();
		let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
		// Bits per channel, colour type RGB, and the only compression, filter method and order without interlacing.
		header.extend([8, 2, 0, 0, 0]);
		let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
		let packed = miniz_oxide::deflate::compress_to_vec_zlib(&raw, COMPRESSION);
		for (kind, data) in [(b"IHDR", header), (b"IDAT", packed), (b"IEND", Vec::new())] {
			let length = u32::try_from(data.len()).map_err(io::Error::other)?;
			let chunk = [&kind[..], &data].concat();
			file.extend(length.to_be_bytes());
			file.extend(&chunk);
			file.extend(crc32fast::hash(&chunk).to_be_bytes());
		}
		std::fs::write(path, file)
	}
}

fn scale_of(size: f64) -> i32 {
	if size < LARGE_FONT {
		1
	} else {
		2
	}
}

/// Draws on a canvas for as long as it lives.
pub struct Pen<'a>(pub &'a mut Canvas);

impl DrawingBackend for Pen<'_> {
	type ErrorType = Infallible;

	fn get_size(&self) -> (u32, u32) {
		(self.0.width, self.0.height)
	}

	fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
		Ok(())
	}

	fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
		Ok(())
	}

	fn draw_pixel(
		&mut self,
		(x, y): BackendCoord,
		color: BackendColor,
	) -> Result<(), DrawingErrorKind<Infallible>> {
		if let Some(pixel) = self.0.pixel(x, y) {
			let (red, green, blue) = color.rgb;
			for (channel, ink) in pixel.iter_mut().zip([red, green, blue]) {
				let mixed = f64::from(*channel) * (1.0 - color.alpha) + f64::from(ink) * color.alpha;
				*channel = mixed.round() as u8;
			}
		}
		Ok(())
	}

	fn draw_text<TStyle: BackendTextStyle>(
		&mut self,
		text: &str,
		style: &TStyle,
		(x, y): BackendCoord,
	) -> Result<(), DrawingErrorKind<Infallible>> {
		let scale = scale_of(style.size());
		let (width, height) = (LETTER * scale * text.chars().count() as i32, LETTER * scale);
		let left = match style.anchor().h_pos {
			HPos::Left => 0,
			HPos::Center => -width / 2,
			HPos::Right => -width,
		};
		let top = match style.anchor().v_pos {
			VPos::Top => 0,
			VPos::Center => -height / 2,
			VPos::Bottom => -height,
		};
		let transform = style.transform();
		for (number, letter) in text.chars().enumerate() {
			let glyph = BASIC_LEGACY.get(letter as usize).or(BASIC_LEGACY.get(usize::from(b'?')));
			for (row, bits) in glyph.into_iter().flatten().enumerate() {
				for column in (0..LETTER).filter(|column| (bits >> column) & 1 == 1) {
					for (dx, dy) in (0..scale).flat_map(|dx| (0..scale).map(move |dy| (dx, dy))) {
						let across = left + (number as i32 * LETTER + column) * scale + dx;
						let down = top + row as i32 * scale + dy;
						let (across, down) = transform.transform(across, down);
						self.draw_pixel((x + across, y + down), style.color())?;
					}
				}
			}
		}
		Ok(())
	}

	fn estimate_text_size<TStyle: BackendTextStyle>(
		&self,
		text: &str,
		style: &TStyle,
	) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
		let side = (LETTER * scale_of(style.size())) as u32;
		let (along, across) = (side * text.chars().count() as u32, side);
		Ok(match style.transform() {
			FontTransform::Rotate90 | FontTransform::Rotate270 => (across, along),
			FontTransform::None | FontTransform::Rotate180 => (along, across),
		})
	}
}
