// Written for pages: it asks for these two.
globalThis.window = globalThis;
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };

const { EventStreamContentType, fetchEventSource } = (
  await import('@microsoft/fetch-event-source')
).default;
import { report } from './report.mjs';

// As its README says: a clean end and answers that may pass are retried, others are final.
class Final extends Error {}

await fetchEventSource(process.argv[2], {
  openWhenHidden: true,
  async onopen(response) {
    const type = response.headers.get('content-type') ?? '';
    if (response.ok && type.startsWith(EventStreamContentType)) {
      report({ type: 'open' });
    } else if (response.status === 429 || 500 <= response.status) {
      throw new Error(`status ${response.status}`);
    } else {
      throw new Final(`status ${response.status}`);
    }
  },
  onmessage({ event, data, id }) {
    report({ type: 'event', name: event || 'message', data, id });
  },
  onclose() {
    throw new Error('the stream ended');
  },
  onerror(error) {
    if (error instanceof Final) throw error;
    report({ type: 'error', message: String(error.message) });
  },
}).catch((error) => report({ type: 'closed', message: String(error.message) }));
