//! Component files.

use std::fs;
use std::path::Path;

use call::{Localized, localized, system_error_ru};

use super::LARGEST_COMPONENT;

/// Reads a component's file.
pub fn read_component(file: &Path) -> Result<Vec<u8>, Localized> {
    let name = file.display();
    let metadata = fs::metadata(file).map_err(|error| {
        let said = localized!(
            "компонент {name} не читается; проверьте путь",
            "cannot read the component {name}; check the path"
        );
        said.then(": ", &Localized::new(system_error_ru(&error), error.to_string()))
    })?;
    let size = metadata.len();
    if size > LARGEST_COMPONENT as u64 {
        return Err(localized!(
            "в {name} байтов: {size}; в компоненте допустимо не больше {LARGEST_COMPONENT}",
            "{name} has {size} bytes; a component has at most {LARGEST_COMPONENT}"
        ));
    }
    fs::read(file).map_err(|error| {
        let said = localized!(
            "компонент {name} не читается; проверьте, что этот пользователь может его читать",
            "cannot read the component {name}; check that this user may read it"
        );
        said.then(": ", &Localized::new(system_error_ru(&error), error.to_string()))
    })
}
