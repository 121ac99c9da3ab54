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
  postForm: (url) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.name = `form-${sources.length}-${document.forms.length}`;
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: url, target: frame.name, enctype: "text/plain" });
    const field = Object.assign(document.createElement("input"), { name: "a", value: "b" });
    form.append(field);
    document.body.append(frame, form);
    frame.onload = () => resolve("loaded");
    form.submit();
  }),
  sendBlindly: (url, method) =>
    fetch(url, { method, mode: "no-cors", body: method === "POST" ? "forged" : undefined }).then(
      ({ type }) => type,
      (error) => `${error}`,
    ),
  ask: (url, init) =>
    fetch(url, init).then(
      async (answer) => [answer.status, await answer.text()],
      (error) => `${error}`,
    ),
  frame: (url) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = () => resolve("loaded");
    frame.src = url;
    document.body.replaceChildren(frame);
  }),
  status: (url) => fetch(url).then(({ status }) => status, (error) => `${error}`),
  fetchStream: async (url, headers) => {
    const { body } = await fetch(url, { headers });
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    return (await reader.read()).value;
  },
  post: async (path, body) => (await fetch(path, { method: "POST", body })).status,
};
