/** What `.local/operator.json` holds: the way in for the command line, while the local cloud runs. */
export interface Operator {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
