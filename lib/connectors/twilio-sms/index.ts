import { defineConnector } from '../contract.ts';
import { channel } from './channel.ts';
import { check } from './check.ts';
import manifest from './manifest.ts';
import { source } from './source.ts';

export default defineConnector(manifest, { source, channel }, check);
