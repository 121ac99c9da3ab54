use std::fmt;

/// What a hub has only so much of.
///
/// ```
/// use sse_core::hub::HubLimit;
///
/// assert_eq!(HubLimit::Listeners.to_string(), "listeners");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HubLimit {
    /// Channels, those that only remember too.
    Channels,
    /// Listeners of all channels.
    Listeners,
    /// Listeners of one channel.
    ChannelListeners,
    /// Bytes of one body.
    BodyBytes,
    /// Bytes of all bodies that are arriving.
    Bodies,
}

impl fmt::Display for HubLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channels => "channels",
            Self::Listeners => "listeners",
            Self::ChannelListeners => "listeners on this channel",
            Self::BodyBytes => "bytes of a body",
            Self::Bodies => "bytes of bodies under way",
        })
    }
}
