//! How much of everything a component may have.
//!
//! Each bound is some times what the largest known operations need: one in Python with its interpreter (componentize-py, 18.8 MB) and the engine
//! that ComponentizeJS makes operations in JavaScript with (StarlingMonkey 0.23, up to 13 MB). Both were counted by this inspection, and what
//! each has is written beside the bound. What is within all bounds still takes memory to compile, which the limits of the compiling process
//! hold; these here keep out what no operation needs and a compiler suffers from.

use crate::engine::fit::Fit;
use call::Localized;

/// The largest component that is taken, in bytes.
pub const LARGEST_COMPONENT: usize = 32 * 1024 * 1024;

macro_rules! bounds {
    ($($(#[doc = $why:literal])* $name:ident, $most:expr, $python:literal, $javascript:literal, $what:literal, $ru:literal;)*) => {
        /// Something of which a component may have so much and no more.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bound {
            $(
                #[doc = concat!("At most ", stringify!($most), " ", $what, "; Python ", stringify!($python), ", JavaScript ",
                    stringify!($javascript), ".")]
                $(#[doc = $why])*
                $name,
            )*
        }

        impl Bound {
            /// Every bound.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// How much is allowed.
            pub const fn most(self) -> u64 {
                match self { $(Self::$name => $most as u64,)* }
            }

            /// What is counted, as it follows a number.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// The same in Russian.
            const fn what_ru(self) -> &'static str {
                match self { $(Self::$name => $ru,)* }
            }
        }
    };
}

bounds! {
    /// Everything else is less than this.
    Bytes, LARGEST_COMPONENT, 18_846_363, 13_013_603, "bytes", "байтов";
    /// A compiler's memory grows with the square of it.
    Nesting, 5, 1, 1, "levels of components within components", "уровней вложенности компонентов";
    Modules, 100, 47, 1, "core modules", "модулей ядра";
    /// Encoders make one for each exported interface.
    Components, 50, 2, 1, "components inside it", "вложенных компонентов";
    CoreTypes, 10_000, 1_553, 174, "types in its core modules", "типов в модулях ядра";
    CoreTypeBytes, 200_000, 9_314, 1_548, "bytes of types in its core modules", "байтов типов в модулях ядра";
    CoreImports, 20_000, 2_692, 97, "imports of its core modules", "импортов в модулях ядра";
    CoreExports, 20_000, 4_747, 23, "exports of its core modules", "экспортов в модулях ядра";
    /// Each takes a compiler some kilobytes, however small it is.
    Functions, 80_000, 13_769, 19_852, "functions", "функций";
    /// Some steps of compiling a function take more than linear time.
    BodyBytes, 1_000_000, 426_843, 171_628, "bytes in one function", "байтов в одной функции";
    /// A compiler may keep each of them for each block.
    Locals, 2_000, 271, 483, "locals in one function", "локальных переменных в одной функции";
    Blocks, 3_000, 781, 497, "blocks inside each other in one function", "уровней вложенности блоков в одной функции";
    BranchTargets, 10_000, 3_202, 453, "targets of one branch table", "переходов в одной таблице br_table";
    Globals, 5_000, 871, 7, "globals and tags", "глобальных переменных и тегов";
    Tables, 100, 2, 1, "tables", "таблиц";
    Memories, 100, 1, 1, "memories", "областей памяти";
    ElementSegments, 1_000, 8, 1, "element segments", "сегментов элементов";
    ElementBytes, 200_000, 11_758, 16_531, "bytes of element segments", "байтов в сегментах элементов";
    DataSegments, 30_000, 2_177, 6_714, "data segments", "сегментов данных";
    Instances, 1_000, 137, 10, "instances", "экземпляров";
    InstanceBytes, 300_000, 42_813, 1_000, "bytes that say how instances are made", "байтов в описании экземпляров";
    ComponentTypes, 5_000, 227, 200, "types in components", "типов в компонентах";
    ComponentTypeBytes, 200_000, 4_304, 4_000, "bytes of types in components", "байтов типов в компонентах";
    /// Reading them again takes a compiler's stack.
    TypeNesting, 10, 2, 2, "levels of types inside each other", "уровней вложенности типов";
    Aliases, 10_000, 1_767, 200, "aliases", "псевдонимов";
    CanonicalFunctions, 5_000, 4, 100, "canonical functions", "канонических функций";
    ImportsAndExports, 1_000, 93, 50, "imports and exports of components", "импортов и экспортов компонентов";
    CustomSections, 500, 22, 4, "custom sections", "пользовательских разделов";
}

/// How much of each a component was seen to have.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally([u64; Bound::ALL.len()]);

impl Tally {
    /// So many more of them.
    pub(super) fn add(&mut self, what: Bound, more: usize) -> Result<(), Fit> {
        let seen = self.0[what as usize].saturating_add(more as u64);
        self.see(what, seen)
    }

    /// One thing of this size: the largest counts.
    pub(super) fn reach(&mut self, what: Bound, size: u64) -> Result<(), Fit> {
        let seen = self.0[what as usize].max(size);
        self.see(what, seen)
    }

    fn see(&mut self, what: Bound, seen: u64) -> Result<(), Fit> {
        self.0[what as usize] = seen;
        if seen <= what.most() {
            return Ok(());
        }
        Err(Fit::rejected(
            Localized::new(
                format!("в компоненте больше {} {}", what.most(), what.what_ru()),
                format!("the component has more than {} {}", what.most(), what.what()),
            ),
            Localized::new(
                "операции нужно намного меньше: уберите библиотеки, которыми она не пользуется, или соберите её другими средствами",
                "an operation needs far fewer: leave out libraries that it does not use, or build it with other tools",
            ),
        ))
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (Bound, u64)> {
        Bound::ALL.iter().zip(self.0).map(|(bound, seen)| (*bound, seen))
    }
}
