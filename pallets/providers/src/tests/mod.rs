mod claim;
mod keys;
mod properties;
mod register;
mod service;
mod update;
mod versioned;
