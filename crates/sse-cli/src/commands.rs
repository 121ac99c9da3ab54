use clap::Command;

/// The options and the help of every command that is built in, for what is made of them: manual pages,
/// completions.
///
/// ```
/// let names: Vec<_> = sse_cli::commands().iter().map(|it| it.get_name().to_owned()).collect();
/// # if cfg!(feature = "server") {
/// assert!(names.contains(&"eventsource-server".to_owned()), "{names:?}");
/// # }
/// ```
pub fn commands() -> Vec<Command> {
    vec![
        #[cfg(feature = "bench")]
        crate::bench::command(),
        #[cfg(feature = "client")]
        crate::client::command(),
        #[cfg(feature = "request")]
        crate::request::command(),
        #[cfg(feature = "server")]
        crate::server::command(),
        #[cfg(feature = "token")]
        crate::token::command(),
    ]
}
