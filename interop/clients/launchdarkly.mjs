import { EventSource } from 'launchdarkly-eventsource';
import { report, watch } from './report.mjs';

const source = new EventSource(process.argv[2]);
watch(source);
source.addEventListener('closed', () => report({ type: 'closed', message: '' }));
