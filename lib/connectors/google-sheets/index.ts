import { defineConnector } from '../contract.ts';
import { check } from './check.ts';
import manifest from './manifest.ts';
import { sink } from './sink.ts';
import { source } from './source.ts';

export default defineConnector(manifest, { source, sink }, check);
