import type { RefundExtent } from './account.ts';
import type { Detail, Part, SoldLine } from './detail.ts';
import { goodsOfLine, goodsOfTotal, share, sumOf } from './goods.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import { type Goods, worth } from './rate.ts';

type Sale = Extract<Detail, { kind: 'sale' }>;
export type Sold = Pick<Sale, 'netMinor' | 'grossMinor' | 'lines' | 'parts' | 'to' | 'carried' | 'spent' | 'window'>;

/** What is left of a sale, once some of its goods went back. */
export interface Kept {
  readonly earned: Points;
  /** By bucket or lot. */
  readonly byPlace: Readonly<Record<string, Points>>;
  /** In thousandths, where the program keeps the remainder. */
  readonly milli: number;
  /** Net of the goods that are kept. */
  readonly netMinor: number;
  /** By what gave them: rules, and campaigns under their part's name. */
  readonly byRule: Readonly<Record<string, number>>;
  /** Of the points that were spent on the order, these stay spent. */
  readonly spent: Points;
  /** What still counts towards a tier. */
  readonly window: number;
  /** Everything went back. */
  readonly nothing: boolean;
}

const NOTHING: Kept = {
  earned: NO_POINTS,
  byPlace: {},
  milli: 0,
  netMinor: 0,
  byRule: {},
  spent: NO_POINTS,
  window: 0,
  nothing: true,
};

/**
 * What the member keeps of the award, and what stays spent, once all these refunds are made. It looks at their sum
 * only, so that any split and any order of refunds ends in the same place; everything returned leaves nothing.
 */
export function keptOf(sale: Sold, extents: readonly RefundExtent[]): Kept {
  const left = keptGoods(sale, extents);
  if (left.nothing) return NOTHING;
  const byPlace: Record<string, Points> = {};
  const byRule: Record<string, number> = {};
  // Remainders run on through the parts, so that their points add up to what all thousandths come to.
  let milli = 0;
  let whole = 0;
  for (const part of sale.parts) {
    // Nothing came back: each part is what it was given.
    const given = extents.length === 0 ? givenOf(part) : keptOfPart(part, left);
    milli += given;
    const upToHere = Math.floor(((sale.carried ?? 0) + milli) / 1_000);
    const place = part.to ?? sale.to;
    if (upToHere !== whole) byPlace[place] = points((byPlace[place] ?? 0) + upToHere - whole);
    byRule[part.rule] = (byRule[part.rule] ?? 0) + upToHere - whole;
    whole = upToHere;
  }
  const spent = sale.spent?.points ?? 0;
  return {
    earned: points(whole),
    byPlace,
    milli,
    netMinor: left.ofTotal,
    byRule,
    // Points spent come back in proportion to the money; the remainder stays spent until the last refund.
    spent: points(sale.grossMinor === 0 ? spent : spent - share(spent, sale.grossMinor - left.gross, sale.grossMinor)),
    window: sale.window.by === 'points' ? whole : sale.window.by === 'spend' ? left.net : 1,
    nothing: false,
  };
}

const givenOf = (part: Part): number => part.milli ?? part.points * 1_000;

function keptOfPart(part: Part, left: ReturnType<typeof keptGoods>): number {
  if (!part.rate) return givenOf(part);
  const value = worth(left.counted(part.without ?? []), part.rate);
  return part.room === undefined ? value : Math.min(value, part.room * 1_000);
}

function keptGoods(sale: Pick<Sale, 'netMinor' | 'grossMinor' | 'lines'>, extents: readonly RefundExtent[]) {
  const back = new Map<string, { net: number; gross: number; pieces: number }>();
  let loose = { net: 0, gross: 0 };
  let everything = false;
  for (const extent of extents) {
    if (extent.kind === 'everything') everything = true;
    else if (extent.kind === 'amount')
      loose = { net: loose.net + netOf(extent, sale), gross: loose.gross + extent.grossMinor };
    else {
      for (const line of extent.lines) {
        if (sale.lines.some(({ id }) => id === line.id)) {
          const at = back.get(line.id) ?? { net: 0, gross: 0, pieces: 0 };
          back.set(line.id, {
            net: at.net + line.netMinor,
            gross: at.gross + line.grossMinor,
            pieces: at.pieces + Math.round((line.quantity ?? 0) * 1_000),
          });
        }
        // A line the sale did not name: its money still went back.
        else loose = { net: loose.net + line.netMinor, gross: loose.gross + line.grossMinor };
      }
    }
  }
  const lines = sale.lines.map((line) => keptLine(line, back.get(line.id)));
  const whole = lines.length === 0 ? goodsOfTotal(sale) : sumOf(lines);
  const net = Math.max(0, whole.net - loose.net);
  const gross = Math.max(0, whole.gross - loose.gross);
  // Gone once all its money is. A sale for nothing is kept until it is cancelled, or all its pieces are back.
  const allBack = sale.grossMinor > 0 ? gross === 0 : lines.length > 0 && lines.every(({ pieces }) => pieces === 0);
  const nothing = everything || (extents.length > 0 && allBack);
  return {
    nothing,
    net,
    gross,
    /** The net as the order's total says it, which may hold more than its lines do. */
    ofTotal: Math.max(0, sale.netMinor - whole.net + net),
    /** What a rule counts on, of the goods that are kept. A loose amount is spread over all goods by their value. */
    counted(without: readonly number[]): Goods {
      const counted = lines.length === 0 ? whole : sumOf(lines, without);
      return {
        net: whole.net === 0 ? net : share(counted.net, net, whole.net),
        gross: whole.gross === 0 ? gross : share(counted.gross, gross, whole.gross),
        // Given away for nothing, goods have a list price all the same.
        listNet: whole.net === 0 ? counted.listNet : share(counted.listNet, net, whole.net),
        listGross: whole.gross === 0 ? counted.listGross : share(counted.listGross, gross, whole.gross),
        pieces: whole.gross === 0 ? counted.pieces : share(counted.pieces, gross, whole.gross),
      };
    },
  };
}

/** Pieces and list prices go with the money, unless the refund says how many pieces came back; without money, with the pieces. */
function keptLine(line: SoldLine, back: { net: number; gross: number; pieces: number } | undefined): Goods {
  const sold = goodsOfLine(line);
  if (!back) return sold;
  const net = Math.max(0, sold.net - back.net);
  const gross = Math.max(0, sold.gross - back.gross);
  const pieces = back.pieces > 0 ? Math.max(0, sold.pieces - back.pieces) : share(sold.pieces, gross, sold.gross);
  const list = (before: number, left: number, whole: number) =>
    whole === 0 ? share(before, pieces, sold.pieces) : share(before, left, whole);
  return {
    net,
    gross,
    listNet: list(sold.listNet, net, sold.net),
    listGross: list(sold.listGross, gross, sold.gross),
    pieces,
  };
}

/** A source that knows only what was paid back leaves the net to us: the sale's own share of it. */
const netOf = (
  refund: { readonly netMinor?: number | undefined; readonly grossMinor: number },
  sale: Pick<Sale, 'netMinor' | 'grossMinor'>,
): number => refund.netMinor ?? share(refund.grossMinor, sale.netMinor, sale.grossMinor);
