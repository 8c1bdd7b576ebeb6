//! Floor 2: what may be looked at, and what may leave.
//!
//! * [`gate`] – stands between a table and every fold: which columns and which customers an
//!   analysis may see, and for which purpose
//! * [`release`] – stands between results and the outside: files that Siyu itself writes

pub mod gate;
pub mod release;
