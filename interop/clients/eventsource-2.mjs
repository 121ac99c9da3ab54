import EventSource from 'eventsource-2';
import { watch } from './report.mjs';

watch(new EventSource(process.argv[2]));
