/// What is asked of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scenario {
    Crowd,
    DeepCrowd,
    Paced,
    Channels,
}

impl Scenario {
    pub const ALL: [Self; 4] = [Self::Crowd, Self::DeepCrowd, Self::Paced, Self::Channels];

    pub fn name(self) -> &'static str {
        match self {
            Self::Crowd => "1,000 listeners on one channel, 32 publishes in flight",
            Self::DeepCrowd => "1,000 listeners on one channel, 256 publishes in flight",
            Self::Paced => "1,000 listeners on one channel, 100 events/s",
            Self::Channels => "1,000 channels with one listener each, 32 publishes in flight",
        }
    }

    /// The arguments of the load.
    pub fn args(self) -> &'static [&'static str] {
        match self {
            Self::Crowd => &["--in-flight", "32"],
            Self::DeepCrowd => &["--in-flight", "256"],
            Self::Paced => &["--rate", "100", "--in-flight", "8"],
            Self::Channels => &["--channels", "1000", "--in-flight", "32"],
        }
    }
}
