//! ssi, the Service Status Indicator.
pub mod line;
pub mod status;
