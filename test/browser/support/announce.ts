import { CHROMIUM, hasChromium } from "./chromium.ts";

/** Says once why the browser tests do not run, where they do not. */
export default function announce(): void {
  if (hasChromium) return;
  console.warn(
    `\nBrowser tests are skipped: there is no ${CHROMIUM}. Install Debian's package chromium, or set CHROMIUM to a Chromium program\n`,
  );
}
