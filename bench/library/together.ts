/** Runs something `count` times, `concurrency` at a time. */
export async function together(count: number, concurrency: number, run: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
