import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

/** Writes docs/images/NAME.png if SCREENSHOTS is set; otherwise the tests leave the folder as it is. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  const path = fileURLToPath(new URL(`../../../docs/images/${name}.png`, import.meta.url));
  await page.screenshot({ path });
}
