/**
 * Awaits `call` for at most `ms` milliseconds. A timeout does not cancel the call itself.
 * @throws Error on timeout; otherwise whatever `call` throws.
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
