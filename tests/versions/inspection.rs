//! What is refused before anything is compiled.

use std::sync::Arc;

use call::Bilingual;
use host_harness::OPERATION;
use hostile_components::shapes::{COMPILED, REFUSED, beside};
use hostile_components::{ALL, FOREIGN_IMPORT, MISSING_EXPORT, TRAP};
use runtime::engine::{Bound, Compilation, CompileError, CompileTarget, Compiler, Engine, EngineSettings};
use test_support::{engine, russian};

/// A compiler that must not be asked.
struct Never;

#[expect(unsafe_code, reason = "see SAFETY")]
// SAFETY: it gives no code.
unsafe impl Compiler for Never {
    fn compile(&self, _: &[u8], _: CompileTarget) -> Result<Vec<u8>, CompileError> {
        Err(CompileError::Failed("it was asked to compile".to_owned()))
    }
}

/// An engine that says so when it compiles.
fn looking() -> Engine {
    let compilation = Compilation { shelf: None, compiler: Some(Arc::new(Never)) };
    Engine::with_compilation(EngineSettings::default(), compilation).unwrap()
}

#[test]
fn hostile_shapes_are_refused_before_they_are_compiled() {
    let engine = looking();
    for (name, make, too_much) in REFUSED {
        let bytes = make();
        for refused in [engine.validate(&bytes), engine.load(&beside(TRAP, &bytes)).map(drop)] {
            let refused = refused.expect_err(name);
            refused.rejections().for_each(|finding| russian::assert_russian(&finding.ru()));
            let said = refused.to_string();
            assert!(said.contains("more than") && said.contains(too_much), "{name}: {said}");
            assert!(said.contains(": an operation needs far fewer"), "{name} has no fix: {said}");
        }
    }
}

#[test]
fn shapes_within_the_bounds_are_compiled() {
    let engine = looking();
    for (name, make) in COMPILED {
        let said = engine.validate(&make()).expect_err(name).to_string();
        assert!(said.contains("asked to compile"), "{name}: {said}");
    }
}

#[test]
fn what_does_not_fit_the_contract_is_refused_before_it_is_compiled() {
    let engine = looking();
    for (component, said) in [
        (FOREIGN_IMPORT, "foreign import `hostile:guests/door`"),
        (MISSING_EXPORT, "missing export `telephony:operation/operation@0.2.0`"),
    ] {
        let refused = engine.load(component).err().unwrap().to_string();
        assert!(refused.contains(said), "{refused}");
    }
    assert!(engine.load(TRAP).err().unwrap().to_string().contains("asked to compile"), "what fits is compiled");
}

#[test]
fn no_bound_is_near_what_an_operation_has() {
    for (name, component) in ALL.iter().chain([&("the built-in operation", OPERATION)]) {
        let Ok(operation) = engine().load(component) else { continue };
        for (bound, has) in operation.inspection().counts() {
            assert!(has * 2 <= bound.most(), "{name} has {has} of at most {} {}", bound.most(), bound.what());
        }
        assert!(operation.inspection().memory_at_rest > 0, "{name}");
    }
    assert_eq!(Bound::Bytes.most(), 32 * 1024 * 1024);
}

#[test]
fn a_component_that_is_cut_short_anywhere_is_refused_with_its_fix() {
    let engine = looking();
    for length in (0..TRAP.len()).step_by(97) {
        let refused = engine.validate(&TRAP[..length]).expect_err("it is not whole");
        refused.rejections().for_each(|finding| russian::assert_russian(&finding.ru()));
    }
}
