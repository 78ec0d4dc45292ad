mod claim;
mod keys;
mod properties;
mod register;
mod service;
mod sharing;
mod update;
mod versioned;
