import * as z from 'zod';
import { route } from './route.ts';

export const getProgram = route('GET /v1/program', 'staff', () => z.strictObject({}));
