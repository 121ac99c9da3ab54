import { EventSource } from 'eventsource-4';
import { watch } from './report.mjs';

watch(new EventSource(process.argv[2]));
