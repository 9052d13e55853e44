//! The everyday commands of the assurance process: each fills in a form of `treering say`.

pub mod assess;
pub mod certificate;
pub mod concern;
pub mod correct;
pub mod decide;
pub mod link;
pub mod recommend;
pub mod review;
pub mod sample;
pub mod site;
