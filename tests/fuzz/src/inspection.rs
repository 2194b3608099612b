//! Looks components over without compiling any.

use std::sync::{Arc, OnceLock};

use runtime::engine::{Compilation, CompileError, CompileTarget, Compiler, Engine, EngineSettings};

use super::host::altered;

/// A compiler that compiles nothing.
struct Never;

// SAFETY: it gives no code.
unsafe impl Compiler for Never {
    fn compile(&self, _: &[u8], _: CompileTarget) -> Result<Vec<u8>, CompileError> {
        Err(CompileError::Failed("it was looked over".to_owned()))
    }
}

/// Looks over what begins as WebAssembly as it is; of other bytes the first says which component, the others which of its bytes are others.
pub fn look_over(bytes: &[u8]) {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let compilation = Compilation { shelf: None, compiler: Some(Arc::new(Never)) };
        Engine::with_compilation(EngineSettings::default(), compilation).expect("an engine")
    });
    let component = match bytes {
        [0, b'a', b's', b'm', ..] => bytes.to_vec(),
        [which, alterations @ ..] => {
            let all = hostile_components::ALL;
            altered(all[usize::from(*which) % all.len()].1, alterations)
        }
        [] => return,
    };
    let fit = engine.validate(&component).expect_err("nothing is compiled");
    assert!(!fit.findings.is_empty(), "a refusal says why");
    for finding in &fit.findings {
        for text in [&finding.what, &finding.fix] {
            assert!(!text.en.is_empty() && !text.ru.is_empty(), "{finding}");
        }
        assert!(finding.to_string().len() < 1_000 && !finding.to_string().contains('\n'), "{finding}");
    }
}
