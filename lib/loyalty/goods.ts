import type { SoldLine } from './detail.ts';
import type { Line, SaleFact } from './facts.ts';
import type { Goods } from './rate.ts';

/** The goods of a sale: as they were told, as they are kept, and how much of them counts. */

/** Without what is empty or the same, so that an entry stays small. */
export function soldLine(line: Line): SoldLine {
  const { id, sku, category, tags, netMinor: net, grossMinor: gross, quantity } = line;
  const [listNet, listGross] = [line.listNetMinor ?? net, line.listGrossMinor ?? gross];
  return {
    id,
    net,
    ...(gross !== net && { gross }),
    ...(listNet !== net && { listNet }),
    ...(listGross !== gross && { listGross }),
    ...(quantity !== 1 && { quantity: String(quantity) }),
    ...(sku !== undefined && { sku }),
    ...(category !== undefined && { category }),
    ...(tags && tags.length > 0 && { tags }),
  };
}

export const goodsOfLine = ({
  net,
  gross = net,
  listNet = net,
  listGross = gross,
  quantity = '1',
}: SoldLine): Goods => ({
  net,
  gross,
  listNet,
  listGross,
  pieces: Math.round(Number(quantity) * 1_000),
});

/** A sale of which only the total is known is one piece of goods. */
export const goodsOfTotal = (sale: Pick<SaleFact, 'netMinor' | 'grossMinor'>): Goods => ({
  net: sale.netMinor,
  gross: sale.grossMinor,
  listNet: sale.netMinor,
  listGross: sale.grossMinor,
  pieces: 1_000,
});

/** All of them, but for those at the places that are left out, in their order. */
export function sumOf(list: readonly Goods[], without: readonly number[] = []): Goods {
  const sum = { net: 0, gross: 0, listNet: 0, listGross: 0, pieces: 0 };
  let left = 0;
  for (let place = 0; place < list.length; place += 1) {
    const one = list[place];
    if (!one) continue;
    if (without[left] === place) {
      left += 1;
      continue;
    }
    sum.net += one.net;
    sum.gross += one.gross;
    sum.listNet += one.listNet;
    sum.listGross += one.listGross;
    sum.pieces += one.pieces;
  }
  return sum;
}

/** So much of a whole, rounded down. */
export const share = (amount: number, part: number, whole: number): number =>
  whole === 0 ? 0 : Number((BigInt(amount) * BigInt(part)) / BigInt(whole));
