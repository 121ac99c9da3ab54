// It only parses: the request, the waiting and the last event ID are this program's, as the standard has them.
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { report, wait } from './report.mjs';

let lastEventId = '';
let retry = 1000;

async function listen() {
  const headers = { accept: 'text/event-stream' };
  if (lastEventId) headers['last-event-id'] = lastEventId;
  const response = await fetch(process.argv[2], { headers });
  if (500 <= response.status) throw new Error(`status ${response.status}`);
  if (response.status !== 200) return `status ${response.status}`;
  report({ type: 'open' });
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onRetry: (milliseconds) => (retry = milliseconds) }));
  for await (const { event, data, id } of events) {
    if (id !== undefined) lastEventId = id;
    report({ type: 'event', name: event ?? 'message', data, id: lastEventId });
  }
  throw new Error('the stream ended');
}

for (;;) {
  try {
    report({ type: 'closed', message: await listen() });
    break;
  } catch (error) {
    report({ type: 'error', message: String(error.message) });
    await wait(retry);
  }
}
