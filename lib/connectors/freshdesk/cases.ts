import * as z from 'zod';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { OUR_TAG } from '../kit/support-desk.ts';
import { Filed, type FreshdeskContext, nameIn, type STATUS } from './api.ts';

/** The search is minutes late; the list is not. What is older than that, the search knows. */
const LATE_MINUTES = 15;
const PAGE = 100;
const PAGES_MAX = 3;

type Ticket = z.output<typeof Filed>;

/** There is no idempotency key: before a ticket is made it is looked for. */
export async function findCase(name: string, call: Call, context: FreshdeskContext): Promise<Ticket | undefined> {
  const newestOf = (tickets: readonly Ticket[]) =>
    tickets.filter((ticket) => nameIn(ticket, context) === name).toSorted((a, b) => b.id - a.id)[0];
  // `name` holds neither quotes nor backslashes.
  const search = new URLSearchParams({ query: `"${context.settings.caseField}:'${name}'"` });
  const { results } = read(Results, await call('GET', `/search/tickets?${search}`));
  const found = newestOf(results);
  if (found) return found;
  const since = new Date(context.now.getTime() - LATE_MINUTES * 60_000).toISOString();
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const list = new URLSearchParams({
      updated_since: since,
      order_by: 'updated_at',
      order_type: 'desc',
      per_page: String(PAGE),
      page: String(page),
    });
    const tickets = read(Tickets, await call('GET', `/tickets?${list}`));
    const recent = newestOf(tickets);
    if (recent || tickets.length < PAGE) return recent;
  }
  return undefined;
}

const Tickets = z.array(Filed);
const Results = z.object({ results: Tickets });

export interface Case {
  readonly name: string;
  /** Who asks: each ticket must have somebody. */
  readonly requester: object;
  readonly subject: string;
  readonly description: string;
  readonly status: (typeof STATUS)[keyof typeof STATUS];
}

/** Answers the ticket's number. */
export async function openCase(
  { name, requester, subject, description, status }: Case,
  call: Call,
  { settings }: Pick<FreshdeskContext, 'settings'>,
): Promise<number> {
  const ticket = {
    ...requester,
    subject,
    description,
    status,
    priority: LOW,
    source: PORTAL,
    tags: [OUR_TAG],
    custom_fields: { [settings.caseField]: name },
    ...(settings.groupId && { group_id: settings.groupId }),
  };
  return read(Made, await call('POST', '/tickets', ticket)).id;
}

const LOW = 1;
const PORTAL = 2;
const Made = z.object({ id: z.int() });
