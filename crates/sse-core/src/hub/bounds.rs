use super::{
    Hub, HubConfig,
    sync::{AtomicUsize, Ordering},
};

/// How many channels there may be, listeners on each, and events of a publication; how many listeners in all is the
/// bound of a gauge.
#[derive(Debug)]
pub(super) struct Bounds {
    channels: AtomicUsize,
    channel_listeners: AtomicUsize,
    batch: AtomicUsize,
    least_unread: AtomicUsize,
}

impl Bounds {
    pub(super) fn new(config: &HubConfig) -> Self {
        Self {
            channels: AtomicUsize::new(config.max_channels),
            channel_listeners: AtomicUsize::new(config.max_channel_listeners),
            batch: AtomicUsize::new(config.max_batch),
            least_unread: AtomicUsize::new(least_unread(config, config.max_listeners)),
        }
    }

    pub(super) fn channels(&self) -> usize {
        self.channels.load(Ordering::Relaxed)
    }

    pub(super) fn channel_listeners(&self) -> usize {
        self.channel_listeners.load(Ordering::Relaxed)
    }

    pub(super) fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed)
    }

    /// Channels with less to be read are not listed: each has a listener, and all of them together cannot hold
    /// half of what may be held.
    pub(super) fn least_unread(&self) -> usize {
        self.least_unread.load(Ordering::Relaxed)
    }
}

fn least_unread(config: &HubConfig, max_listeners: usize) -> usize {
    config.max_total_bytes / 2 / max_listeners.max(1)
}

/// Bounds that change while the hub is used. Those who are there stay: a lower bound refuses newcomers until there
/// is room again.
impl Hub {
    /// How many channels there may be.
    ///
    /// ```
    /// # use sse_core::{Hub, HubConfig, StringFormat};
    /// let hub = Hub::new(HubConfig::new(StringFormat));
    /// hub.set_max_channels(1);
    /// assert_eq!((hub.max_channels(), hub.max_listeners()), (1, 100_000));
    /// ```
    pub fn max_channels(&self) -> usize {
        self.shared.bounds.channels()
    }

    /// Sets how many channels there may be from now on, instead of what
    /// [`HubConfig::with_max_channels`] said.
    ///
    /// Channels that somebody listens to stay. Of the others, those that were used longest ago give way when the
    /// next channel begins.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{Hub, HubConfig, StringFormat, Token};
    ///
    /// # let now = Instant::now();
    /// let hub = Hub::new(HubConfig::new(StringFormat));
    /// let _listener = hub.subscribe(&Token::new("42")?, now)?;
    ///
    /// hub.set_max_channels(1);
    ///
    /// assert!(hub.subscribe(&Token::new("43")?, now).is_err());
    /// assert_eq!(hub.counts().channels, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_max_channels(&self, max_channels: usize) {
        self.shared.bounds.channels.store(max_channels, Ordering::Relaxed);
    }

    /// How many may listen on all channels together.
    pub fn max_listeners(&self) -> usize {
        self.shared.connected.max()
    }

    /// Sets how many may listen on all channels together from now on, instead of what
    /// [`HubConfig::with_max_listeners`] said.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{Hub, HubConfig, StringFormat, Token};
    ///
    /// # let now = Instant::now();
    /// let hub = Hub::new(HubConfig::new(StringFormat).with_max_listeners(1));
    /// let _listener = hub.subscribe(&Token::new("42")?, now)?;
    /// assert!(hub.subscribe(&Token::new("43")?, now).is_err());
    ///
    /// hub.set_max_listeners(2);
    ///
    /// assert!(hub.subscribe(&Token::new("43")?, now).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_max_listeners(&self, max_listeners: usize) {
        self.shared.connected.set_max(max_listeners);
        // A lower bound changes nothing here: there are still as many as came under the higher one.
        let least_unread = least_unread(&self.shared.config, max_listeners);
        self.shared.bounds.least_unread.fetch_min(least_unread, Ordering::Relaxed);
    }

    /// How many may listen on one channel.
    pub fn max_channel_listeners(&self) -> usize {
        self.shared.bounds.channel_listeners()
    }

    /// Sets how many may listen on one channel from now on, instead of what
    /// [`HubConfig::with_max_channel_listeners`] said.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode};
    ///
    /// # let now = Instant::now();
    /// let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    /// let token = Token::new("42")?;
    /// let _listeners = [hub.subscribe(&token, now)?, hub.subscribe(&token, now)?];
    ///
    /// hub.set_max_channel_listeners(1);
    ///
    /// assert_eq!(hub.listeners(&token), 2);
    /// assert!(hub.subscribe(&token, now).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_max_channel_listeners(&self, max_channel_listeners: usize) {
        self.shared.bounds.channel_listeners.store(max_channel_listeners, Ordering::Relaxed);
    }

    /// Sets how many events may be published at once from now on, instead of what [`HubConfig::with_max_batch`]
    /// said.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{Hub, HubConfig, StringFormat, Token, hub::{Post, PublishError}};
    ///
    /// # let now = Instant::now();
    /// let hub = Hub::new(HubConfig::new(StringFormat));
    /// let token = Token::new("42")?;
    /// let _listener = hub.subscribe(&token, now)?;
    ///
    /// hub.set_max_batch(1);
    ///
    /// let refused = hub.post(&token, &Post::new("ping", b"1\n2").with_batch(), now);
    /// assert_eq!(refused.unwrap_err(), PublishError::TooManyEvents { max: 1 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_max_batch(&self, max_batch: usize) {
        self.shared.bounds.batch.store(max_batch, Ordering::Relaxed);
    }
}
