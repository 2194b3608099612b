//! The pictures: which there have to be, how large, and of what kind (amoCRM facts §7.6).

use call::{Localized, localized};

use crate::picture::{ALL, Picture};
use crate::{Archive, Finding, Platform, Rule};

/// The most bytes of a picture.
const LARGEST: usize = 300 * 1024;
/// What a widget of the digital pipeline has besides.
const PIPELINE: Picture = Picture { name: "logo_dp", width: 174, height: 109 };

/// A picture's kind and its size in pixels, as its own first bytes tell them.
struct Seen {
    kind: &'static str,
    width: u32,
    height: u32,
}

pub(crate) fn findings(archive: &Archive, platform: Platform) -> Vec<Finding> {
    let of_pipeline = archive.manifest().is_some_and(|manifest| {
        let locations = manifest["locations"].as_array().map(Vec::as_slice).unwrap_or_default();
        locations.iter().any(|location| location.as_str() == Some("digital_pipeline"))
    });
    let needed = ALL.iter().chain(of_pipeline.then_some(&PIPELINE));
    let mut findings: Vec<_> = needed.flat_map(|picture| picture_findings(archive, picture)).collect();
    for name in archive.names().filter(|name| name.starts_with("images/")) {
        findings.extend(file_findings(name, archive.file(name).unwrap_or_default(), platform));
    }
    findings
}

/// What is wrong with a picture that has to be there.
fn picture_findings(archive: &Archive, picture: &Picture) -> Option<Finding> {
    let Picture { name, width, height } = picture;
    let found = archive.names().find(|file| {
        let stem = file.strip_prefix("images/").and_then(|file| file.rsplit_once('.')).map(|(stem, _)| stem);
        stem == Some(name)
    });
    let Some(file) = found else {
        let fix =
            localized!("добавьте изображение {width}x{height} пикселей", "add a picture of {width}x{height} pixels");
        let what = Localized::new("изображения нет", "the picture is missing");
        return Some(Finding::new(Rule::FileMissing, &format!("images/{name}.png"), what, fix));
    };
    let seen = archive.file(file).and_then(seen)?;
    ((seen.width, seen.height) != (*width, *height)).then(|| {
        let Seen { width: wide, height: tall, .. } = seen;
        let what = localized!("в изображении {wide}x{tall} пикселей", "the picture has {wide}x{tall} pixels");
        Finding::new(Rule::ImageSize, file, what, localized!("нужно {width}x{height}", "make it {width}x{height}"))
    })
}

/// What is wrong with a file among the pictures, whatever it is for.
fn file_findings(file: &str, content: &[u8], platform: Platform) -> Vec<Finding> {
    let mut findings = Vec::new();
    if content.len() > LARGEST {
        let size = content.len();
        let what = localized!(
            "в изображении {size} байт, а можно не больше {LARGEST}",
            "the picture has {size} bytes, more than {LARGEST}"
        );
        findings.push(Finding::new(Rule::ImageLarge, file, what, Localized::new("уменьшите его", "make it smaller")));
    }
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let named = if ending == "jpg" { "jpeg" } else { ending.as_str() };
    let taken: &[&str] = match platform {
        Platform::Amocrm => &["png", "jpeg", "gif"],
        Platform::Kommo => &["png"],
    };
    // A drawing that the script shows is none of the pictures that are shown of the widget.
    if named == "svg" {
        return findings;
    }
    let kinds = taken.join(", ");
    let (what, fix) = match seen(content) {
        Some(seen) if seen.kind == named && taken.contains(&named) => return findings,
        Some(Seen { kind, .. }) => (
            localized!("это изображение в формате {kind}", "the picture is a {kind} file"),
            localized!(
                "сохраните его в одном из форматов ({kinds}) и так же назовите",
                "make it one of {kinds} and name it so"
            ),
        ),
        None => (
            Localized::new("это не изображение, или оно не читается", "this is not a picture that can be read"),
            localized!("сохраните его в одном из форматов: {kinds}", "make it one of {kinds}"),
        ),
    };
    findings.push(Finding::new(Rule::ImageFormat, file, what, fix));
    findings
}

fn seen(content: &[u8]) -> Option<Seen> {
    let big = |at: usize, length: usize| {
        let bytes = content.get(at..at + length)?;
        Some(bytes.iter().fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte)))
    };
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(content.get(at..at + 2)?.try_into().ok()?)));
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Seen { kind: "png", width: big(16, 4)?, height: big(20, 4)? });
    }
    if content.starts_with(b"GIF87a") || content.starts_with(b"GIF89a") {
        return Some(Seen { kind: "gif", width: little(6)?, height: little(8)? });
    }
    if !content.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    // From segment to segment to the frame's header (ITU T.81, B.2.2).
    let mut at = 2;
    loop {
        let marker = big(at, 2)?;
        match marker {
            0xffc0..=0xffcf if !matches!(marker, 0xffc4 | 0xffc8 | 0xffcc) => {
                return Some(Seen { kind: "jpeg", width: big(at + 7, 2)?, height: big(at + 5, 2)? });
            }
            0xff01..=0xfffe => at += 2 + usize::try_from(big(at + 2, 2)?).ok()?,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_each_kind_of_picture_is_read() {
        let jpeg = [
            &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc4, 0, 3, 0][..],
            &[0xff, 0xc2, 0, 11, 8, 0, 84, 0, 240, 1, 1, 0x11, 0],
        ]
        .concat();
        for (content, kind, size) in [
            (b"GIF89a\x90\x01\x10\x01".to_vec(), "gif", (400, 272)),
            (jpeg, "jpeg", (240, 84)),
            (PIPELINE.png().unwrap(), "png", (174, 109)),
        ] {
            let found = seen(&content).unwrap();
            assert_eq!((found.kind, (found.width, found.height)), (kind, size));
            // Whatever is cut off is neither a picture nor a fault.
            for end in 0..content.len().min(24) {
                let _ = seen(&content[..end]);
            }
        }
        assert!(seen(b"").is_none() && seen(b"<svg/>").is_none() && seen(&[0xff, 0xd8, 0, 0]).is_none());
    }
}
