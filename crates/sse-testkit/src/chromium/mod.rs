//! A headless Chromium, driven through WebDriver.

mod browser;
mod driver;
mod session;
mod source;

pub(crate) use browser::Browser;
pub(crate) use source::Seen;
