/**
 * What `call` resolves to, if it does so within `ms` milliseconds. What was called goes on by itself after that.
 * @throws Error after that time; else what `call` threw.
 */
export async function within<T>(ms: number, call: Promise<T>): Promise<T> {
  let timer: number | null = null;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([call, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
