import { readJson, writeJson } from './aws/json-file.ts';

/** A small value that outlives the process. */
export interface Kept<T> {
  readonly value: T;
  keep(value: T): void;
}

/** In a JSON file of its own. */
export function keepIn<T>(file: string, initially: T): Kept<T> {
  let value = readJson<T>(file) ?? initially;
  return {
    get value() {
      return value;
    },
    keep(next) {
      value = next;
      writeJson(file, next);
    },
  };
}
