//! Looks a component over before anything is compiled: what it consists of, counted, and what it imports and exports.
//!
//! Compiling takes far more memory and time than reading: a file of 240 kB can be made that a compiler needs gigabytes for. So the binary is
//! read first, once and in order, with nothing kept but counts and names, and refused where a count is beyond its [bound](bounds). Nothing is
//! validated here, since a validator builds what it validates. What passes is still compiled under limits of its own; see
//! [`super::compiler`].

mod bounds;
mod types;

use wasmparser::{
    BinaryReader, ComponentExport, ComponentImport, FromReader, FunctionBody, MemoryType, Operator, Parser, Payload,
    SectionLimited,
};

use super::compiler::build_again;
use super::fit::Fit;
use bounds::Tally;
pub use bounds::{Bound, LARGEST_COMPONENT};
use call::{Localized, localized};

/// A page of linear memory, in bytes.
const PAGE: u64 = 64 * 1024;

/// What a component consists of, as its binary says.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The names of its imports, in their order.
    pub imports: Vec<String>,
    /// The names of its exports, in their order.
    pub exports: Vec<String>,
    /// Linear memory that it has from its beginning, in bytes, all modules together.
    pub memory_at_rest: u64,
    /// Whether a module of it runs a function as it is instantiated.
    pub runs_at_start: bool,
    tally: Tally,
}

impl Inspection {
    /// Each bound, and how much of it the component takes.
    pub fn counts(&self) -> impl Iterator<Item = (Bound, u64)> {
        self.tally.counts()
    }
}

/// Why looking ended.
enum NotInspected {
    /// These bytes are not a component.
    Unreadable(wasmparser::Error),
    /// A bound is passed.
    Fit(Fit),
}

impl From<wasmparser::Error> for NotInspected {
    fn from(error: wasmparser::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<Fit> for NotInspected {
    fn from(fit: Fit) -> Self {
        Self::Fit(fit)
    }
}

/// Looks a component over, in time that grows with its size alone.
pub(super) fn inspect(bytes: &[u8]) -> Result<Inspection, Fit> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => {
            return Err(Fit::rejected(
                Localized::new(
                    "это модуль WebAssembly, а не компонент",
                    "this is a core WebAssembly module, not a component",
                ),
                Localized::new(
                    "упакуйте его командой `wasm-tools component new`",
                    "encode it with `wasm-tools component new`",
                ),
            ));
        }
        Some([0, b'a', b's', b'm', ..]) => {}
        _ => {
            return Err(Fit::rejected(
                Localized::new(
                    "это не компонент WebAssembly (файл не начинается с `\\0asm`)",
                    "this is not a WebAssembly component (it does not begin with `\\0asm`)",
                ),
                Localized::new(
                    "выберите двоичный файл компонента, `.wasm`",
                    "give the binary `.wasm` file of a component",
                ),
            ));
        }
    }
    let mut inspector = Inspector { bytes, depth: 0, inspection: Inspection::default() };
    match inspector.look() {
        Ok(()) => Ok(inspector.inspection),
        Err(NotInspected::Fit(fit)) => Err(fit),
        Err(NotInspected::Unreadable(error)) => Err(Fit::rejected(
            localized!(
                "компонент не читается ({} в байте {})",
                "the component cannot be read ({} at byte {})",
                first_line(error.message()),
                error.offset()
            ),
            build_again(),
        )),
    }
}

/// What a reader says may repeat the file's own text.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn other_tools() -> Localized {
    Localized::new("соберите его средствами для component model 0.2", "build it with tools for component model 0.2")
}

struct Inspector<'a> {
    bytes: &'a [u8],
    /// How many components and modules the reader is inside of, the outermost not counted.
    depth: u64,
    inspection: Inspection,
}

impl<'a> Inspector<'a> {
    fn look(&mut self) -> Result<(), NotInspected> {
        let size = self.bytes.len();
        self.tally().add(Bound::Bytes, size)?;
        for payload in Parser::new(0).parse_all(self.bytes) {
            self.payload(payload?)?;
        }
        Ok(())
    }

    const fn tally(&mut self) -> &mut Tally {
        &mut self.inspection.tally
    }

    fn payload(&mut self, payload: Payload<'a>) -> Result<(), NotInspected> {
        match payload {
            Payload::ModuleSection { .. } => self.enter(Bound::Modules)?,
            Payload::ComponentSection { .. } => self.enter(Bound::Components)?,
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            // Of core modules.
            Payload::TypeSection(section) => {
                self.section(Bound::CoreTypes, &section)?;
                self.tally().add(Bound::CoreTypeBytes, section.range().len())?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    import?;
                    self.tally().add(Bound::CoreImports, 1)?;
                }
            }
            Payload::FunctionSection(section) => self.section(Bound::Functions, &section)?,
            Payload::TableSection(section) => self.section(Bound::Tables, &section)?,
            Payload::MemorySection(section) => self.memories(section)?,
            Payload::TagSection(section) => self.section(Bound::Globals, &section)?,
            Payload::GlobalSection(section) => self.section(Bound::Globals, &section)?,
            Payload::ExportSection(section) => self.section(Bound::CoreExports, &section)?,
            Payload::ElementSection(section) => {
                self.section(Bound::ElementSegments, &section)?;
                self.tally().add(Bound::ElementBytes, section.range().len())?;
            }
            Payload::DataSection(section) => self.section(Bound::DataSegments, &section)?,
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            // Of components.
            Payload::InstanceSection(section) => {
                self.section(Bound::Instances, &section)?;
                self.tally().add(Bound::InstanceBytes, section.range().len())?;
            }
            Payload::ComponentInstanceSection(section) => {
                self.section(Bound::Instances, &section)?;
                self.tally().add(Bound::InstanceBytes, section.range().len())?;
            }
            Payload::CoreTypeSection(section) => {
                self.section(Bound::ComponentTypes, &section)?;
                self.tally().add(Bound::ComponentTypeBytes, section.range().len())?;
            }
            Payload::ComponentTypeSection(section) => self.types(&section)?,
            Payload::ComponentAliasSection(section) => self.section(Bound::Aliases, &section)?,
            Payload::ComponentCanonicalSection(section) => self.section(Bound::CanonicalFunctions, &section)?,
            Payload::ComponentImportSection(section) => {
                let names = self.names(section, |import: &ComponentImport<'_>| import.name.name)?;
                self.inspection.imports.extend(names);
            }
            Payload::ComponentExportSection(section) => {
                let names = self.names(section, |export: &ComponentExport<'_>| export.name.name)?;
                self.inspection.exports.extend(names);
            }
            Payload::CustomSection(_) => self.tally().add(Bound::CustomSections, 1)?,
            Payload::StartSection { .. } | Payload::ComponentStartSection { .. } => {
                self.inspection.runs_at_start = true
            }
            // Bounded by the size alone, or read item by item above.
            Payload::Version { .. } | Payload::DataCountSection { .. } | Payload::CodeSectionStart { .. } => {}
            Payload::UnknownSection { id, .. } => {
                return Err(Fit::rejected(
                    localized!(
                        "в компоненте есть раздел неизвестного вида {id}",
                        "the component has a section of the unknown kind {id}"
                    ),
                    other_tools(),
                )
                .into());
            }
            // What later versions of the reader may know, this inspection does not.
            _ => {
                return Err(Fit::rejected(
                    Localized::new(
                        "в компоненте есть раздел, который здесь неизвестен",
                        "the component has a section that this host does not know",
                    ),
                    other_tools(),
                )
                .into());
            }
        }
        Ok(())
    }

    fn enter(&mut self, what: Bound) -> Result<(), NotInspected> {
        self.depth += 1;
        let depth = self.depth;
        self.tally().reach(Bound::Nesting, depth)?;
        Ok(self.tally().add(what, 1)?)
    }

    /// A section's own word for how many it has is enough: what it does not have, the compiler does not find.
    fn section<T>(&mut self, what: Bound, section: &SectionLimited<'a, T>) -> Result<(), NotInspected> {
        Ok(self.tally().add(what, section.count() as usize)?)
    }

    fn memories(&mut self, section: SectionLimited<'a, MemoryType>) -> Result<(), NotInspected> {
        self.section(Bound::Memories, &section)?;
        for memory in section {
            let memory = memory?;
            let page = memory.page_size_log2.map_or(PAGE, |log2| 1_u64.checked_shl(log2).unwrap_or(u64::MAX));
            let bytes = memory.initial.saturating_mul(page);
            self.inspection.memory_at_rest = self.inspection.memory_at_rest.saturating_add(bytes);
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'a>) -> Result<(), NotInspected> {
        self.tally().reach(Bound::BodyBytes, body.range().len() as u64)?;
        let mut locals = 0_u64;
        let mut reader = body.get_locals_reader()?;
        for _ in 0..reader.get_count() {
            let (count, _) = reader.read()?;
            locals = locals.saturating_add(count.into());
            self.tally().reach(Bound::Locals, locals)?;
        }
        let (mut operators, mut depth) = (body.get_operators_reader()?, 0_u64);
        while !operators.eof() {
            match operators.read()? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Try { .. }
                | Operator::TryTable { .. } => {
                    depth += 1;
                    self.tally().reach(Bound::Blocks, depth)?;
                }
                Operator::End => depth = depth.saturating_sub(1),
                Operator::BrTable { targets } => {
                    self.tally().reach(Bound::BranchTargets, targets.len().into())?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn types(&mut self, section: &SectionLimited<'a, wasmparser::ComponentType<'a>>) -> Result<(), NotInspected> {
        self.section(Bound::ComponentTypes, section)?;
        let range = section.range();
        self.tally().add(Bound::ComponentTypeBytes, range.len())?;
        let bytes = self.bytes.get(range.clone()).unwrap_or_default();
        types::walk(BinaryReader::new(bytes, range.start), self.tally())
    }

    /// Counts a section of imports or exports, and gives the names of a component's own.
    fn names<T: FromReader<'a>>(
        &mut self,
        section: SectionLimited<'a, T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<Vec<String>, NotInspected> {
        self.section(Bound::ImportsAndExports, &section)?;
        let mut names = Vec::new();
        for item in section {
            let item = item?;
            if self.depth == 0 {
                names.push(name(&item).to_owned());
            }
        }
        Ok(names)
    }
}
