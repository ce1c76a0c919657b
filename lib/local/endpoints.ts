/** What `.local/endpoints.json` holds: all that a tool needs to talk to the running shop. */
export interface Endpoints {
  readonly api: string;
  readonly portal: string;
  readonly local: string;
  readonly keys: { readonly pos: string; readonly staff: string; readonly admin: string };
  /** `secret` is what a sender signs with. */
  readonly webhooks: Readonly<Record<string, { readonly url: string; readonly secret: string }>>;
}
