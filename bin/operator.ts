/** What `.local/operator.json` holds: the way in for the command line, while the local cloud runs. */
export interface Operator {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Whose stacks run there. */
  readonly stage: string;
  /** Stands in for vendors: with a connector's id after it. */
  readonly vendors: string;
}

/** What to do when nobody answers there. */
export const NOT_RUNNING = 'the local cloud is not running: start it with npm start, or say --aws';
