// Keeps what each EventSource saw, in order, until the test asks for it.
const sources = [];

window.testkit = {
  open(url, names, withCredentials) {
    const source = new EventSource(url, { withCredentials });
    const seen = [];
    const waiting = [];
    const see = (what) => (waiting.length ? waiting.shift()(what) : seen.push(what));
    const seeEvent = ({ type, data, lastEventId }) =>
      see({ kind: "event", name: type, data, id: lastEventId });

    source.onopen = () => see({ kind: "open" });
    source.onerror = () =>
      see({ kind: source.readyState === EventSource.CLOSED ? "closed" : "lost" });
    for (const name of ["message", ...names]) source.addEventListener(name, seeEvent);

    const next = () =>
      seen.length ? Promise.resolve(seen.shift()) : new Promise((resolve) => waiting.push(resolve));
    return sources.push({ source, next }) - 1;
  },

  next: (place) => sources[place].next(),
  close: (place) => sources[place].source.close(),
  closeWhenLeft: (place) => addEventListener("pagehide", () => sources[place].source.close()),
  readyState: (place) => sources[place].source.readyState,
  post: async (path, body) => (await fetch(path, { method: "POST", body })).status,
};
