/** How many members are read at once: enough to hide the network, too few to throttle a table on demand. */
const IN_FLIGHT = 16;

/** Does something for each of them, several at once, and says how far it is to whoever watches. `work` may say that it is enough. */
export async function forEachInFlight<Thing>(
  things: AsyncIterable<Thing> | Iterable<Thing>,
  work: (thing: Thing) => Promise<'enough' | undefined>,
): Promise<number> {
  const queue = Symbol.asyncIterator in things ? things[Symbol.asyncIterator]() : things[Symbol.iterator]();
  const watched = process.stderr.isTTY;
  let done = 0;
  let enough = false;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let next = await queue.next(); !next.done && !enough; next = await queue.next()) {
        if ((await work(next.value)) === 'enough') enough = true;
        done += 1;
        if (watched && done % 100 === 0) process.stderr.write(`\r${done} members`);
      }
    }),
  );
  if (watched) process.stderr.write('\r');
  return done;
}
