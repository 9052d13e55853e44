//! What must stay private, read as a stranger reads it: every public byte is searched for every value that was
//! withheld. And the stories of showing less, erasing, deriving and watching, with the program itself.

#[path = "../support/mod.rs"]
mod support;

mod authority;
mod derived;
mod disclosing;
mod erasing;
mod leaks;
mod needles;
mod picture;
mod watching;
