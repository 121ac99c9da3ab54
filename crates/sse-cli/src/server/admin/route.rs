use http::{HeaderValue, Method};

/// A path of the operator's address, its methods and what they ask for.
#[derive(Debug)]
pub(super) struct Route {
    /// A segment `*` is any one.
    path: &'static str,
    verb: Verb,
    pub(super) target: Target,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verb {
    Get,
    Post,
}

/// What is asked for. `Service` says how each is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    Metrics,
    Alive,
    Ready,
    /// What shows the next two in a browser.
    Page,
    /// The whole server, as it goes on.
    Server,
    /// The channel that the segment `*` names, as it goes on.
    Channel,
    Action(Action),
}

/// What the operator can have done, by a POST with a form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Revoke,
    /// The segment `*` names the channel.
    EndChannel,
    Drain,
    Backup,
}

/// All there are: a new one is a line here.
pub(super) const ROUTES: [Route; 10] = [
    Route::get("/", Target::Page),
    Route::get("/live", Target::Server),
    Route::get("/channels/*/live", Target::Channel),
    Route::get("/metrics", Target::Metrics),
    Route::get("/healthz", Target::Alive),
    Route::get("/readyz", Target::Ready),
    Route::post("/revoke", Action::Revoke),
    Route::post("/channels/*/end", Action::EndChannel),
    Route::post("/drain", Action::Drain),
    Route::post("/backup", Action::Backup),
];

impl Route {
    const fn get(path: &'static str, target: Target) -> Self {
        Self { path, verb: Verb::Get, target }
    }

    const fn post(path: &'static str, action: Action) -> Self {
        Self { path, verb: Verb::Post, target: Target::Action(action) }
    }

    /// The route of `path`, and the segment in the place of `*`, as it came.
    pub(super) fn find(path: &str) -> Option<(&'static Self, &str)> {
        static ALL: [Route; ROUTES.len()] = ROUTES;
        ALL.iter().find_map(|route| Some((route, route.any_segment(path)?)))
    }

    /// Empty if the route has no such segment.
    fn any_segment<'p>(&self, path: &'p str) -> Option<&'p str> {
        let Some((before, behind)) = self.path.split_once('*') else {
            return (path == self.path).then_some("");
        };
        let segment = path.strip_prefix(before)?.strip_suffix(behind)?;
        (!segment.contains('/')).then_some(segment)
    }

    pub(super) fn allows(&self, method: &Method) -> bool {
        match self.verb {
            Verb::Get => matches!(*method, Method::GET | Method::HEAD),
            Verb::Post => *method == Method::POST,
        }
    }

    /// The methods, as the header `Allow` has them.
    pub(super) fn allow(&self) -> HeaderValue {
        HeaderValue::from_static(match self.verb {
            Verb::Get => "GET, HEAD",
            Verb::Post => "POST",
        })
    }

    /// All paths, for whom there is nothing.
    pub(super) fn all() -> String {
        let paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
        format!("nothing is here; there are {}", paths.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_whatever_it_is() {
        let end = Target::Action(Action::EndChannel);
        for (path, expected) in [
            ("/metrics", Some((Target::Metrics, ""))),
            ("/channels/42/end", Some((end, "42"))),
            ("/channels/a%2Fb/end", Some((end, "a%2Fb"))),
            ("/channels/end/end", Some((end, "end"))),
            ("/channels//end", Some((end, ""))),
            ("/channels/a/b/end", None),
            ("/channels/end", None),
            ("/channels/42/end/", None),
            ("/metrics/", None),
            ("/", Some((Target::Page, ""))),
            ("/channels/42/live", Some((Target::Channel, "42"))),
            ("/channels/42", None),
            ("", None),
        ] {
            let found = Route::find(path).map(|(route, segment)| (route.target, segment));
            assert_eq!(found, expected, "{path}");
        }
    }
}
