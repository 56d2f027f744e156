/** The status page: its buttons copy. Without this script they stay hidden, and the text can be selected. */
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
    // No clipboard here, as on a page without TLS: what was to be copied is at least selected.
    getSelection()?.selectAllChildren(source);
    said.textContent = "Selected. Copy it with your keyboard";
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

export {};
