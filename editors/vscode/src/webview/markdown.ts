/** A model's Markdown as HTML. What a model writes is not trusted: no HTML of its own, no picture, no link out. */
import highlighter from "highlight.js/lib/common";
import MarkdownIt from "markdown-it";
import { escapeHtml } from "./escape";

/** A block of code of an answer, as the renderer met it. `info` is what stands behind the fence. */
export interface Block {
  readonly index: number;
  readonly code: string;
  readonly info: string;
}

/** Draws what stands around a block's code, such as buttons. */
export type Decorate = (block: Block) => string;

/** A picture's address can carry code away, so none is loaded, and a link is only shown. */
const markdown = new MarkdownIt("default", { html: false, linkify: false }).disable(["image", "link", "autolink", "reference"]);

export function renderMarkdown(text: string, decorate: Decorate = title): string {
  let index = 0;
  markdown.renderer.rules.fence = (tokens, at) => {
    const { content, info } = tokens[at] ?? { content: "", info: "" };
    const block = { index: index++, code: content.replace(/\n$/, ""), info: info.trim() };
    return `<figure class="block">${decorate(block)}<pre tabindex="0"><code>${highlighted(block)}</code></pre></figure>\n`;
  };
  return markdown.render(text);
}

/** The name of a block for people: its path where it has one, else its language. */
export function blockTitle(info: string): string {
  return /(?:^|[\s"'=:])([\w@+~.-]*\/[\w@+~./-]+|[\w@+~-]+\.[a-z]\w{0,9})(?=["'\s]|$)/i.exec(info)?.[1] ?? info.split(/\s/)[0] ?? "";
}

/** Coloured by its language, or by its file's extension; plain where neither is known. */
function highlighted({ code, info }: Block): string {
  const names = [info.split(/\s/)[0] ?? "", blockTitle(info).split(".").at(-1) ?? ""];
  const language = names.find((name) => highlighter.getLanguage(name));
  return language === undefined ? escapeHtml(code) : highlighter.highlight(code, { language, ignoreIllegals: true }).value;
}

function title(block: Block): string {
  const name = blockTitle(block.info);
  return name ? `<figcaption>${escapeHtml(name)}</figcaption>` : "";
}
