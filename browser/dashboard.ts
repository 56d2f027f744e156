/**
 * The dashboard: fetches its parts every few seconds and replaces those that have changed. The server renders the parts and
 * this script only inserts them, so that all escaping is in one place.
 */
/** Key in `sessionStorage` of the token or operator key. */
const TOKEN_KEY = "mcp-session-context-admin-token";

function find<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element ${id}`);
  return element as T;
}

const signIn = document.querySelector<HTMLElement>("main")?.dataset.signIn;
const live = find("live");
const said = find("said");
const signInForm = find<HTMLFormElement>("sign-in");
const signOut = find<HTMLButtonElement>("sign-out");
const tokenField = find<HTMLInputElement>("token");
const principalField = find<HTMLInputElement>("principal");
const dialog = find<HTMLDialogElement>("confirm");

let cursor = "";
let principal = "";
let timer = 0;
/** Number of the latest request. Answers to earlier requests are ignored: they may show another page. */
let asked = 0;
const shown = new Map<string, string>();

function say(text: string, bad = false): void {
  if (said.textContent !== text) said.textContent = text;
  said.classList.toggle("bad", bad);
}

/** Sends the token in a header that only this script can set, so no other page can make the browser send it. */
function call(path: string, method = "GET"): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers: HeadersInit = token === null ? {} : { Authorization: `Bearer ${token}` };
  return fetch(path, { method, headers });
}

async function refresh(): Promise<void> {
  clearTimeout(timer);
  const question = ++asked;
  let seconds = 5;
  try {
    const answer = await call(`/dashboard/live?${new URLSearchParams({ principal, cursor })}`);
    const text = await answer.text();
    if (question !== asked) return;
    if (answer.ok) {
      seconds = show(text);
      if (said.classList.contains("bad")) say("");
    } else if (answer.status === 401 || answer.status === 403) {
      askToSignIn(answer.status);
      return;
    } else {
      say(`Out of date: the server answered with status ${answer.status}. Retrying`, true);
    }
  } catch {
    if (question !== asked) return;
    say("Out of date: the server cannot be reached. Retrying", true);
  }
  // A hidden page does not poll.
  if (document.visibilityState === "visible") timer = setTimeout(() => void refresh(), seconds * 1000);
}

function askToSignIn(status: number): void {
  const hadToken = sessionStorage.getItem(TOKEN_KEY) !== null;
  sessionStorage.removeItem(TOKEN_KEY);
  live.hidden = true;
  signOut.hidden = true;
  const asks = signIn !== "proxy";
  signInForm.hidden = !asks;
  if (status === 403) say("This token lacks the admin scope", true);
  else if (!asks) say("You are not signed in at the proxy in front of this server", true);
  else if (hadToken) say(`This ${signIn === "key" ? "operator key" : "token"} is not accepted`, true);
  else say("");
  if (asks) tokenField.focus();
}

/** Inserts the new parts. Returns the time until the next refresh, in seconds. */
function show(html: string): number {
  const template = document.createElement("template");
  template.innerHTML = html;
  const root = template.content.firstElementChild as HTMLElement | null;
  const focused = (document.activeElement as HTMLElement | null)?.dataset.key;
  for (const part of template.content.querySelectorAll<HTMLElement>("[data-part]")) {
    const name = part.dataset.part ?? "";
    const before = live.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (before === null || shown.get(name) === part.outerHTML) continue;
    shown.set(name, part.outerHTML);
    for (const details of before.querySelectorAll<HTMLDetailsElement>("details[open][data-key]")) {
      part.querySelector(`details[data-key="${details.dataset.key}"]`)?.setAttribute("open", "");
    }
    const hadFocus = before.contains(document.activeElement);
    before.replaceWith(part);
    if (hadFocus) {
      const again =
        focused === undefined
          ? null
          : part.querySelector<HTMLElement>(`[data-key="${focused}"]:enabled, summary[data-key="${focused}"]`);
      (again ?? find("sessions-title")).focus({ preventScroll: true });
    }
  }
  signInForm.hidden = true;
  signOut.hidden = sessionStorage.getItem(TOKEN_KEY) === null;
  live.hidden = false;
  return Number(root?.dataset.refreshSeconds ?? 5);
}

let ending = "";

function confirmEnd(button: HTMLButtonElement): void {
  ending = button.dataset.end ?? "";
  find("confirm-session").textContent = `${ending.slice(0, 11)}…`;
  find("confirm-principal").textContent = button.dataset.principal ?? "";
  dialog.showModal();
}

async function end(sessionId: string): Promise<void> {
  dialog.close();
  const short = `${sessionId.slice(0, 11)}…`;
  try {
    const answer = await call(`/api/sessions/${sessionId}`, "DELETE");
    if (!answer.ok) say(`Session ${short} was not ended: the server answered ${answer.status}`, true);
    else say(`Session ${short} ended`);
  } catch {
    say(`Session ${short} was not ended: the server cannot be reached`, true);
  }
  await refresh();
}

live.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>("button");
  if (button === null) return;
  if (button.dataset.end !== undefined) confirmEnd(button);
  if (button.dataset.newest !== undefined) turnTo("");
  if (button.dataset.older !== undefined) turnTo(button.dataset.older);
});

function turnTo(page: string): void {
  cursor = page;
  void refresh();
}

find("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  principal = principalField.value.trim();
  turnTo("");
});
signInForm.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN_KEY, tokenField.value.trim());
  tokenField.value = "";
  say("");
  void refresh();
});
signOut.addEventListener("click", () => {
  sessionStorage.removeItem(TOKEN_KEY);
  for (const part of live.querySelectorAll("[data-part]")) part.replaceChildren();
  shown.clear();
  void refresh();
});
// `npm start` prints a link with the key in its fragment, which browsers never send to a server. Remove it from the history.
const keyInLink = new URLSearchParams(location.hash.slice(1)).get("key");
if (keyInLink !== null) {
  sessionStorage.setItem(TOKEN_KEY, keyInLink);
  history.replaceState(null, "", location.pathname);
}
find("confirm-no").addEventListener("click", () => dialog.close());
find("confirm-yes").addEventListener("click", () => void end(ending));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void refresh();
});
void refresh();

export {};
