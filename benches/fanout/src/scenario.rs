use crate::contestant::{Contestant, Setup};

/// What is asked of a server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, clap::ValueEnum)]
pub enum Scenario {
    /// 1,000 listeners, 32 publishes in flight
    Crowd,
    /// The same with 256 in flight
    DeepCrowd,
    /// The same with one in flight
    OneByOne,
    /// 1,000 listeners, 100 events/s
    Paced,
    /// 1,000 channels with one listener each, 32 publishes in flight
    Channels,
    /// 10,000 listeners, 2 events/s
    Many,
    /// 10,000 listeners, a keepalive each 15 s and nothing else
    Silent,
}

impl Scenario {
    pub const ALL: [Self; 7] = [
        Self::Crowd,
        Self::DeepCrowd,
        Self::OneByOne,
        Self::Paced,
        Self::Channels,
        Self::Many,
        Self::Silent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Crowd => "1,000 listeners on one channel, 32 publishes in flight",
            Self::DeepCrowd => "1,000 listeners on one channel, 256 publishes in flight",
            Self::OneByOne => "1,000 listeners on one channel, one publish in flight",
            Self::Paced => "1,000 listeners on one channel, 100 events/s",
            Self::Channels => "1,000 channels with one listener each, 32 publishes in flight",
            Self::Many => "10,000 listeners on one channel, 2 events/s",
            Self::Silent => "10,000 listeners, a keepalive each 15 s",
        }
    }

    /// Those of whom it is asked: the others of the last scenario have no keepalive that fits.
    pub fn contestants(self) -> &'static [Contestant] {
        match self {
            Self::Silent => &[Contestant::Bare, Contestant::Ours],
            _ => &Contestant::ALL,
        }
    }

    pub fn setup(self) -> Setup {
        match self {
            Self::Silent => Setup { keepalive: Some(15), ..Setup::default() },
            _ => Setup::default(),
        }
    }

    /// The arguments of the load, which publishes for so many milliseconds.
    pub fn args(self, duration: u64) -> Vec<String> {
        let (args, duration) = match self {
            Self::Crowd => ("--pipeline --in-flight 32", duration),
            Self::DeepCrowd => ("--pipeline --in-flight 256", duration),
            Self::OneByOne => ("--pipeline --in-flight 1", duration),
            Self::Paced => ("--rate 100 --in-flight 8", duration),
            Self::Channels => ("--channels 1000 --pipeline --in-flight 32", duration),
            Self::Many => ("--listeners 10000 --rate 2 --in-flight 1", duration * 3 / 2),
            // Each listener has its first after a part of 15 s.
            Self::Silent => ("--listeners 10000 --silent", 16_000),
        };
        let mut args: Vec<_> = args.split(' ').map(str::to_owned).collect();
        args.extend(["--duration".to_owned(), duration.to_string()]);
        args
    }
}
