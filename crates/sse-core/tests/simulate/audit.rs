use sse_core::hub::Counts;

use crate::world::World;

impl World {
    /// What is asked after every step.
    pub(crate) fn audit(&mut self) {
        assert!(self.watching.listen().is_empty(), "somebody was cut and nobody had come");
        let counts = self.hub.counts();
        if !self.is_over {
            self.check_bounds(&counts);
        }
        let model = &self.model;
        let expected = [
            ("channels", model.open_channels(), counts.channels),
            ("listeners", model.listeners(), counts.listeners),
            ("leaving", model.places.len() - model.listeners(), counts.leaving),
            ("granted", model.granted(), counts.granted),
            ("unread bytes", model.unread_bytes(), counts.unread_bytes),
            ("joined bytes", model.joined_bytes(), counts.joined_bytes),
            ("history bytes", model.history_bytes(), counts.history_bytes),
            ("tombstones", model.tombstones(), counts.tombstones),
            ("published", model.published as usize, counts.published as usize),
        ];
        for (what, expected, counted) in expected {
            assert_eq!(counted, expected, "{what} counted, and what there has to be");
        }
        let held = self.hub.recount();
        assert_eq!(gauges(&held), gauges(&counts), "what is held, and what is counted");
        if self.steps.is_multiple_of(8) {
            self.watching.check(&self.hub);
            for info in self.hub.channels() {
                let token = self.settings.find(&info.token);
                let expected = (self.settings.mode(token), self.model.here(token));
                assert_eq!((info.mode, info.listeners), expected, "{info:?}");
                assert_eq!(Some(info.events), self.model.held_events(token), "{info:?}");
                assert_eq!(self.hub.listeners(&info.token), info.listeners);
            }
        }
    }

    fn check_bounds(&self, counts: &Counts) {
        let settings = &self.settings;
        assert!(counts.history_bytes <= settings.max_history, "{counts:?}");
        assert!(counts.unread_bytes <= settings.max_total, "{counts:?}");
        assert!(counts.listeners + counts.leaving <= settings.max_listeners, "{counts:?}");
        assert!(counts.channels <= settings.max_channels, "{counts:?}");
    }
}

fn gauges(counts: &Counts) -> [usize; 8] {
    [
        counts.channels,
        counts.listeners,
        counts.leaving,
        counts.granted,
        counts.unread_bytes,
        counts.joined_bytes,
        counts.history_bytes,
        counts.tombstones,
    ]
}
