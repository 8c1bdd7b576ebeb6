//! Floor 1: mathematics over slices. Knows no table, no customer, no file.
//!
//! [`accumulator`] is the contract of every mergeable statistic; the other files hold one
//! family each, with formula and source in its documentation.
//!
//! * of columns: [`moments`], [`quantile`]
//! * of groups: [`mean`], [`shares`], [`multiplicity`], [`regression`]
//! * of shares: [`diversity`], [`concentration`], [`proportion`], [`drift`]
//! * underneath: [`order`] of rows, [`special`] functions, [`distribution`]s, of counts [`discrete`]
//!   ones, [`random`] numbers, the [`optimum`] and the [`root`] of a function, the `peak` of a concave
//!   one, `quadrature` and [`legendre`]'s rule, `cholesky`'s decomposition, the [`nearest`] point of a
//!   polytope

pub mod accumulator;
pub(crate) mod cholesky;
pub mod concentration;
pub mod confidence;
pub mod discrete;
pub mod distribution;
pub mod diversity;
pub mod drift;
pub mod dunnett;
pub mod legendre;
pub mod mean;
pub mod moments;
pub mod multiplicity;
pub mod nearest;
pub mod optimum;
pub mod order;
pub(crate) mod peak;
pub mod proportion;
pub(crate) mod quadrature;
pub mod quantile;
pub mod random;
pub mod regression;
pub mod root;
pub mod shares;
pub mod special;
