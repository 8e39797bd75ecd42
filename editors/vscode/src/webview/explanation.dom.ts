/** An explanation's page: draws the Markdown that its element brings. */
import { renderMarkdown } from "./markdown";

const box = document.getElementById("explanation") as HTMLElement;
box.innerHTML = renderMarkdown(box.dataset["markdown"] ?? "");
