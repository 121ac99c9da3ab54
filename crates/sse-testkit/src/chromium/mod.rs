//! A headless Chromium, driven through WebDriver.

mod browser;
mod devtools;
mod driver;
mod session;
mod site;
mod source;

pub use browser::Browser;
pub(crate) use site::Site;
pub(crate) use source::{Seen, Source};
