import { defineConnector } from '../contract.ts';
import { alert } from './alert.ts';
import { check } from './check.ts';
import manifest from './manifest.ts';
import { sink } from './sink.ts';
import { source } from './source.ts';
import { ticket } from './ticket.ts';

export default defineConnector(manifest, { source, sink, alert, ticket }, check);
