//! Limits that are attacked by what no compiler of Rust would write: many memories, answers that point to the same bytes again and again,
//! calls by reference.
//!
//! | advisory | class | test |
//! |---|---|---|
//! | GHSA-m63x-6p34-q65x | computing in functions that are called by reference is not counted | [`computing_in_functions_called_by_reference_is_counted_and_ends`] |
//! | GHSA-jqpg-j7w6-42pr | what an answer takes of the host is not counted | [`an_answer_that_says_the_same_again_and_again_takes_no_memory_of_the_host`] |
//! | GHSA-q554-3cjc-rx7p | handles that nobody counts | `advisories::handles_of_every_kind_are_counted` |
//! | | memory, in many pieces | [`many_memories_have_one_limit`], [`memories_that_grow_have_one_limit`], [`many_tables_have_one_limit`], [`the_number_of_memories_has_a_limit`] |

use runtime::engine::{Engine, EngineSettings, SlotReset, Undescribed};
use test_support::{CALLER, Scene, engine};
use wasm_encoder::{BlockType, Function, HeapType, InstructionSink, MemArg, RefType, TableType};

use super::handmade::{FIRST_FREE, FIRST_FREE_TYPE, Handmade, memory, pages};
use super::{assert_failed, call};

/// Where the resolutions below begin, beyond the empty description at zero.
const AT: i32 = 4_096;
/// The size of a resolution, and where in it the lists of the details are.
const RESOLUTION: usize = 96;
const NOTES: usize = 88;
/// Where its reason's code is, and which.
const CODE: usize = 4;
const MADE: &str = "made";

/// A resolution as it lies in memory: to the linked operation, for a reason whose code stands behind it.
fn resolution() -> Vec<u8> {
    let mut bytes = vec![0; RESOLUTION];
    bytes[0] = 1;
    let code_at = usize::try_from(AT).expect("positive") + RESOLUTION;
    word(&mut bytes, CODE, code_at);
    word(&mut bytes, CODE + 4, MADE.len());
    bytes.extend(MADE.bytes());
    bytes
}

fn only_answer(code: &mut InstructionSink<'_>) {
    code.i32_const(AT);
}

fn word(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 4].copy_from_slice(&u32::try_from(value).expect("32 bits").to_le_bytes());
}

#[tokio::test]
async fn an_operation_made_by_hand_answers() {
    let component = Handmade::new(only_answer).put(AT, &resolution()).component();
    let outcome = call(&component).await;
    assert_eq!((outcome.code(), outcome.class()), (MADE, "caller"));
}

#[tokio::test]
async fn computing_in_functions_called_by_reference_is_counted_and_ends() {
    // Calls the function 3 by reference a thousand times; it turns a thousand times itself.
    let by_reference = |times: i32| {
        let mut handmade = Handmade::new(|code| {
            code.i32_const(times).local_set(1);
            code.loop_(BlockType::Empty).ref_func(FIRST_FREE).call_ref(FIRST_FREE_TYPE);
            code.local_get(1).i32_const(1).i32_sub().local_tee(1).br_if(0).end().i32_const(AT);
        });
        handmade.types.ty().function([], []);
        handmade.functions.function(FIRST_FREE_TYPE);
        handmade.exports.export("referred-to", wasm_encoder::ExportKind::Func, FIRST_FREE);
        let mut turn = Function::new([(1, wasm_encoder::ValType::I32)]);
        let mut code = turn.instructions();
        code.i32_const(1_000).local_set(0).loop_(BlockType::Empty);
        code.local_get(0).i32_const(1).i32_sub().local_tee(0).br_if(0).end().end();
        handmade.code.function(&turn);
        handmade.put(AT, &resolution()).component()
    };
    let counted = call(&by_reference(1_000)).await;
    assert_eq!(counted.code(), MADE);
    let instructions = counted.resolved.run.instructions.expect("it came back");
    assert!(instructions > 1_000 * 1_000, "{instructions} instructions of more than a million");
    // Zero is counted down once around, which takes longer than it may.
    assert_failed(&call(&by_reference(0)).await, "computing time limit of 1000 ms reached");
}

#[tokio::test]
async fn an_answer_that_says_the_same_again_and_again_takes_no_memory_of_the_host() {
    // Ten thousand notes of five texts, each text the same 256 kilobytes: 12 gigabytes, were they taken.
    const NOTE: usize = 24;
    const NOTES_AT: usize = 8_192;
    const TEXT_AT: usize = 512 * 1_024;
    const TEXT: usize = 256 * 1_024;
    const COUNT: usize = 10_000;
    let mut answer = resolution();
    word(&mut answer, NOTES, NOTES_AT);
    word(&mut answer, NOTES + 4, COUNT);
    let mut note = vec![0; NOTE];
    for text in 0..NOTE / 8 {
        word(&mut note, text * 8, TEXT_AT);
        word(&mut note, text * 8 + 4, TEXT);
    }
    let component = Handmade::new(only_answer)
        .put(AT, &answer)
        .put(i32::try_from(NOTES_AT).expect("small"), &note.repeat(COUNT))
        .put(i32::try_from(TEXT_AT).expect("small"), &vec![b'a'; TEXT])
        .component();
    assert_failed(&call(&component).await, "limit of 4 MiB in one call of an import reached");
}

/// Writes into each page of two megabytes, and traps where somebody has been before.
fn canary() -> Vec<u8> {
    const FIRST: i32 = 64 * 1024;
    const LAST: i32 = 2 * 1024 * 1024;
    // Beside what the host puts at the beginning of pages.
    const PLACE: u64 = 2_048;
    let place = MemArg { offset: PLACE, align: 3, memory_index: 0 };
    let handmade = Handmade::new(|code| {
        code.i32_const(FIRST).local_set(1).loop_(BlockType::Empty);
        code.local_get(1).i64_load(place).i64_eqz().if_(BlockType::Empty).else_().unreachable().end();
        code.local_get(1).i64_const(0x0CA7).i64_store(place);
        code.local_get(1).i32_const(4_096).i32_add().local_tee(1).i32_const(LAST).i32_lt_s().br_if(0).end();
        code.i32_const(AT);
    });
    handmade.put(AT, &resolution()).component()
}

/// Whatever a call leaves in its memory, no later call in the same slot sees it, nor one in a sandbox that was made ready while others ran.
#[tokio::test]
async fn d10_a_slot_is_clean_for_the_next_call() {
    let canary = canary();
    for slot_reset in [
        SlotReset::default(),
        SlotReset { keep_resident: 0, ..SlotReset::default() },
        SlotReset { keep_resident: 4 * 1024 * 1024, ..SlotReset::default() },
        SlotReset { keep_resident: 64 * 1024, page_scan: true },
        EngineSettings::for_calls(8).slot_reset,
    ] {
        let ready = EngineSettings::for_calls(8).ready;
        let settings = EngineSettings { pooled_calls: Some(16), slot_reset, ready, ..EngineSettings::default() };
        let mut scene = Scene::new().await;
        scene.operation = Engine::new(settings).expect("an engine").load(&canary).expect("it fits the contract");
        let line = scene.line(&scene.integrate()).await;
        for _ in 0..10 {
            let (one, two, three) = tokio::join!(line.call(CALLER), line.call(CALLER), line.call(CALLER));
            for outcome in [one, two, three] {
                assert_eq!(outcome.code(), MADE, "{slot_reset:?}: {}", outcome.json);
            }
            // The used ones are taken apart, and others are made ready.
            tokio::task::yield_now().await;
        }
    }
}

/// Why a component that cannot even be set up does not describe itself.
async fn undescribed(handmade: Handmade) -> String {
    let operation = engine().load(&handmade.put(AT, &resolution()).component()).expect("it fits the contract");
    match operation.describe().await.expect_err("it cannot be set up") {
        Undescribed::Failed(failure) => failure.to_string(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn many_memories_have_one_limit() {
    let mut handmade = Handmade::new(only_answer);
    for _ in 0..2 {
        handmade.memories.memory(memory(pages(16 << 20)));
    }
    assert_eq!(undescribed(handmade).await, "memory limit of 32 MiB reached");
}

#[tokio::test]
async fn memories_that_grow_have_one_limit() {
    // Each of them is small; together they are not.
    let growing = |bytes: u64| {
        let by = i32::try_from(pages(bytes)).expect("small");
        let mut handmade = Handmade::new(|code| {
            for index in 1..=3 {
                code.i32_const(by).memory_grow(index).drop();
            }
            code.i32_const(AT);
        });
        for _ in 0..3 {
            handmade.memories.memory(memory(0));
        }
        handmade.put(AT, &resolution()).component()
    };
    let fits = call(&growing(9 << 20)).await;
    assert_eq!(
        (fits.code(), fits.resolved.run.memory_bytes),
        (MADE, Some((2 + 3 * 9) << 20)),
        "all of them are counted"
    );
    assert_failed(&call(&growing(12 << 20)).await, "memory limit of 32 MiB reached");
}

#[tokio::test]
async fn a_memory_that_begins_beyond_the_limit_is_never_set_up() {
    let mut handmade = Handmade::new(only_answer);
    handmade.memories.memory(memory(65_535));
    assert_eq!(undescribed(handmade).await, "memory limit of 32 MiB reached");
}

#[tokio::test]
async fn many_tables_have_one_limit() {
    let mut handmade = Handmade::new(only_answer);
    for _ in 0..2 {
        handmade.tables.table(TableType {
            element_type: RefType { nullable: true, heap_type: HeapType::FUNC },
            table64: false,
            minimum: 90_000,
            maximum: None,
            shared: false,
        });
    }
    assert_eq!(undescribed(handmade).await, "table limit of 100000 elements reached");
}

/// Empty memories take address space, of which a process has no end but a host of many calls has.
#[tokio::test]
async fn the_number_of_memories_has_a_limit() {
    let empty = |number: usize| {
        let mut handmade = Handmade::new(only_answer);
        for _ in 0..number {
            handmade.memories.memory(memory(0));
        }
        handmade
    };
    assert_eq!(call(&empty(3).put(AT, &resolution()).component()).await.code(), MADE);
    assert!(undescribed(empty(50)).await.contains("memory count too high"));
    // Where memory is set up beforehand, it is known when the component is loaded.
    let engine = Engine::new(EngineSettings { pooled_calls: Some(8), ..EngineSettings::default() });
    let engine = engine.expect("wasmtime runs on this machine");
    let refused = engine.load(&empty(50).put(AT, &resolution()).component()).err().expect("too many").to_string();
    assert!(refused.contains("memories"), "{refused}");
}
