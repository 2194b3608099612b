//! The widget's pictures: a handset on one colour, drawn in each size that amoCRM asks for (amoCRM facts §7.6).

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A picture, by its name and its size in pixels.
pub(crate) struct Picture {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// All that a widget has.
pub(crate) const ALL: [Picture; 5] = [
    Picture { name: "logo", width: 130, height: 100 },
    Picture { name: "logo_main", width: 400, height: 272 },
    Picture { name: "logo_medium", width: 240, height: 84 },
    Picture { name: "logo_min", width: 84, height: 84 },
    Picture { name: "logo_small", width: 108, height: 108 },
];

const BACKGROUND: [u8; 3] = [0x1f, 0x5f, 0x8b];
const HANDSET: [u8; 3] = [0xff, 0xff, 0xff];
/// Each pixel is looked at in this many places in a row and in a column, so that edges are smooth.
const PLACES: u32 = 4;

impl Picture {
    /// As a PNG file (W3C PNG, 8 bits of each of three colours).
    pub(crate) fn png(&self) -> io::Result<Vec<u8>> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        // 8 bits, colours without transparency, the only compression, filter and order.
        header.extend([8, 2, 0, 0, 0]);
        chunk(&mut png, *b"IHDR", &header);
        let mut pixels = ZlibEncoder::new(Vec::new(), Compression::best());
        for y in 0..self.height {
            let mut row = vec![0];
            row.extend((0..self.width).flat_map(|x| self.pixel(x, y)));
            pixels.write_all(&row)?;
        }
        chunk(&mut png, *b"IDAT", &pixels.finish()?);
        chunk(&mut png, *b"IEND", &[]);
        Ok(png)
    }

    fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let inside = (0..PLACES * PLACES).filter(|place| {
            let at = |pixel: u32, place: u32| (f64::from(pixel) + (f64::from(place) + 0.5) / f64::from(PLACES)) * 2.0;
            let (x, y) = (at(x, place % PLACES), at(y, place / PLACES));
            let side = f64::from(self.width.min(self.height));
            is_handset((x - f64::from(self.width)) / side, (y - f64::from(self.height)) / side)
        });
        let inside = u32::try_from(inside.count()).unwrap_or_default();
        let mixed = |from: u8, to: u8| {
            let (from, to, all) = (u32::from(from), u32::from(to), PLACES * PLACES);
            u8::try_from((from * (all - inside) + to * inside) / all).unwrap_or(u8::MAX)
        };
        [0, 1, 2].map(|colour: usize| mixed(BACKGROUND[colour], HANDSET[colour]))
    }
}

/// Whether a handset covers this place: an arc with a knob at each end, lying across a square from -1 to 1.
fn is_handset(x: f64, y: f64) -> bool {
    // Turned by 45 degrees, and the centre of the arc moved to the upper right.
    let (along, across) = ((x + y) / 2f64.sqrt(), (x - y) / 2f64.sqrt() - 0.45);
    let is_arc = across < 0.0 && (0.62..0.88).contains(&along.hypot(across));
    let is_knob = along.abs() > 0.5 && along.abs() < 0.94 && (-0.28..0.12).contains(&across);
    is_arc || is_knob
}

/// A chunk of a PNG file: its length, its type, its content and their checksum.
fn chunk(png: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    png.extend(u32::try_from(content.len()).unwrap_or_default().to_be_bytes());
    png.extend(kind);
    png.extend(content);
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&kind);
    checksum.update(content);
    png.extend(checksum.finalize().to_be_bytes());
}
