//! The contract's bindings for the host, generated from `wit/`.
//!
//! The world here has the same export as `custom-operation` and the imports that this crate implements itself; the clocks and HTTP come from
//! the wasmtime crates with their own linker functions (see `engine`), whose bindings are of a later 0.2 version that matches ours.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated from wit/, where everything is documented")]

wasmtime::component::bindgen!({
    inline: "
        package host-harness:bindings;
        world operation-host {
            import telephony:operation/directory@0.2.0;
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:config/store@0.2.0-rc.1;
            export telephony:operation/operation@0.2.0;
        }
    ",
    path: "../../wit",
    world: "host-harness:bindings/operation-host",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:keyvalue/store.bucket": crate::capabilities::key_value::Bucket,
    },
});

/// The optional export of the contract: notices from outside.
pub mod attentive {
    wasmtime::component::bindgen!({
        inline: "
            package host-harness:attentive;
            world attentive-host {
                export telephony:operation/notices@0.2.0;
            }
        ",
        path: "../../wit",
        world: "host-harness:attentive/attentive-host",
        exports: { default: async },
        with: { "telephony:operation/types": super::telephony::operation::types },
    });
}
