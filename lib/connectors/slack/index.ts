import { defineConnector } from '../contract.ts';
import { alert } from './alert.ts';
import manifest from './manifest.ts';

export default defineConnector(manifest, { alert });
