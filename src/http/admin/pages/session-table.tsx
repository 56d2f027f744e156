/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { shortSessionId } from "../../../base/log.ts";
import type { SessionJson, SessionPageJson } from "../api/schemas.ts";
import { ago, timeLeft } from "./words.ts";

/** A page of the sessions. All text in it comes from clients and is escaped by JSX. */
export const SessionTable = ({ page, now, isFirst }: { page: SessionPageJson; now: number; isFirst: boolean }) => (
  <>
    {page.sessions.length === 0 ? (
      <p class="empty">{isFirst ? "No session is active." : "No more sessions."}</p>
    ) : (
      <table class="sessions">
        <thead>
          <tr>
            {["Session", "Principal", "Client", "Project", "Opened", "Last used", "Time left"].map((name) => (
              <th scope="col">{name}</th>
            ))}
            <th scope="col">
              <span class="visually-hidden">End it</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {page.sessions.map((session) => (
            <SessionTableRow session={session} now={now} />
          ))}
        </tbody>
      </table>
    )}
    <div class="pager">
      <button type="button" class="quiet" data-key="newest" data-newest disabled={isFirst}>
        Newest
      </button>
      <button
        type="button"
        class="quiet"
        data-key="older"
        data-older={page.next_cursor ?? ""}
        disabled={page.next_cursor === null}
      >
        Older
      </button>
    </div>
  </>
);

const SessionTableRow = ({ session, now }: { session: SessionJson; now: number }) => {
  const short = shortSessionId(session.session_id);
  return (
    <tr>
      <th scope="row" data-label="Session">
        <code>{short}</code>
      </th>
      <td data-label="Principal">{session.principal}</td>
      <td data-label="Client">{session.client ?? "–"}</td>
      <td data-label="Project">{session.project?.name ?? "–"}</td>
      <td data-label="Opened">
        <Ago time={session.opened_at} now={now} />
      </td>
      <td data-label="Last used">
        {session.last_used === null ? "unknown" : <Ago time={session.last_used} now={now} />}
      </td>
      <td data-label="Time left">
        <TimeLeft session={session} now={now} />
      </td>
      <td class="action">
        <button
          type="button"
          class="quiet"
          data-key={session.session_id}
          data-end={session.session_id}
          data-principal={session.principal}
          aria-label={`End session ${short}`}
        >
          End
        </button>
      </td>
    </tr>
  );
};

const Ago = ({ time, now }: { time: string; now: number }) => (
  <time datetime={time} title={time}>
    {ago(now - Date.parse(time))}
  </time>
);

/** The full bar is the idle timeout, from the last use to the expiry; the filled part is the time left. */
const TimeLeft = ({ session, now }: { session: SessionJson; now: number }) => {
  if (session.expires_at === null || session.last_used === null) return <>unknown</>;
  const [from, to] = [Date.parse(session.last_used), Date.parse(session.expires_at)];
  const share = Math.min(1, Math.max(0, (to - now) / Math.max(1, to - from)));
  return (
    <span class="left" title={`Until ${session.expires_at}`}>
      {timeLeft(to - now)}
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width={100} height={4} />
        <rect class="opened" width={Math.round(100 * share)} height={4} />
      </svg>
    </span>
  );
};
