//! What the fuzz targets share: an outside world in which one endpoint of amoCRM answers with the fuzzer's bytes and all else is well.

pub mod call;
pub mod oauth;
