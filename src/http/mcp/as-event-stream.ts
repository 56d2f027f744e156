/**
 * Wraps a JSON answer in an event stream of one message, for a client that does not accept JSON. HTTP errors stay as
 * they are.
 */
export async function asEventStream(response: Response): Promise<Response> {
  const { status, headers: given } = response;
  if (status !== 200 || !given.get("content-type")?.includes("application/json")) return response;
  const headers = new Headers(given);
  headers.set("Content-Type", "text/event-stream");
  return new Response(`event: message\ndata: ${await response.text()}\n\n`, { status, headers });
}
