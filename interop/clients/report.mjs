// What a client sees, told to the harness as one line of JSON each.
export function report(what) {
  process.stdout.write(JSON.stringify(what) + '\n');
}

// A page subscribes to what it knows by name; `message` is what has no name.
export const NAMES = ['message', 'ping', 'sse.open', 'sse.gap', 'sse.end', 'sse.refused'];

// Tells all that an object with the interface of EventSource does.
export function watch(source) {
  source.onopen = () => report({ type: 'open' });
  source.onerror = (error) => {
    const message = String(error?.message ?? '');
    report({ type: source.readyState === 2 ? 'closed' : 'error', message });
  };
  for (const name of NAMES) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      report({ type: 'event', name, data, id: lastEventId });
    });
  }
}

export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
