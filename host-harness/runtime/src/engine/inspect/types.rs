//! The types of a component, which may hold each other: read with a list instead of by recursion, so that no depth takes the host's stack.

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentImport, ComponentType, ComponentTypeRef, CoreType,
};

use super::NotInspected;
use super::bounds::{Bound, Tally};
use crate::engine::compiler::build_again;
use crate::engine::fit::Fit;
use call::localized;

/// A component's type, and an instance's: lists of declarations.
const COMPONENT: u8 = 0x41;
const INSTANCE: u8 = 0x42;

/// Counts the types of a section, and those inside them.
pub(super) fn walk(mut reader: BinaryReader<'_>, tally: &mut Tally) -> Result<(), NotInspected> {
    // How many declarations are still to come in each type that the reader is inside of; the outermost is the section itself.
    let mut open = vec![reader.read_var_u32()?];
    while let Some(left) = open.last_mut() {
        let Some(rest) = left.checked_sub(1) else {
            open.pop();
            continue;
        };
        *left = rest;
        let is_type = open.len() == 1 || declaration(&mut reader)?;
        if !is_type {
            continue;
        }
        match first_byte(&reader)? {
            COMPONENT | INSTANCE => {
                reader.read_u8()?;
                let declarations = reader.read_var_u32()?;
                tally.add(Bound::ComponentTypes, declarations as usize)?;
                open.push(declarations);
                tally.reach(Bound::TypeNesting, open.len() as u64)?;
            }
            // Every other type is as flat as its bytes.
            _ => drop(reader.read::<ComponentType<'_>>()?),
        }
    }
    Ok(())
}

/// Reads a declaration; whether it is a type, which then still has to be read.
fn declaration(reader: &mut BinaryReader<'_>) -> Result<bool, NotInspected> {
    match first_byte(reader)? {
        0x00 => {
            reader.read_u8()?;
            reader.read::<CoreType<'_>>()?;
        }
        0x01 => {
            reader.read_u8()?;
            return Ok(true);
        }
        0x02 => {
            reader.read_u8()?;
            reader.read::<ComponentAlias<'_>>()?;
        }
        0x03 => {
            reader.read_u8()?;
            reader.read::<ComponentImport<'_>>()?;
        }
        0x04 => {
            reader.read_u8()?;
            reader.read::<ComponentExternName<'_>>()?;
            reader.read::<ComponentTypeRef>()?;
        }
        kind => {
            return Err(Fit::rejected(
                localized!(
                    "компонент не читается (в типе есть объявление неизвестного вида {kind})",
                    "the component cannot be read (a declaration of the unknown kind {kind} in a type)"
                ),
                build_again(),
            )
            .into());
        }
    }
    Ok(false)
}

/// The next byte, which stays to be read.
fn first_byte(reader: &BinaryReader<'_>) -> Result<u8, NotInspected> {
    Ok(reader.clone().read_u8()?)
}
