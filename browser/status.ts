/** The copy buttons of the status page. Without this script they stay hidden, and the text can still be selected. */
const said = document.querySelector("#said");

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => void copy(button));
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.getElementById(button.dataset.copy ?? "");
  if (source === null || said === null) return;
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    said.textContent = "Copied";
    button.textContent = "Copied";
  } catch {
    // The clipboard is unavailable, for example on a page without TLS: select the text instead.
    getSelection()?.selectAllChildren(source);
    said.textContent = "Selected. Copy it with your keyboard";
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

export {};
