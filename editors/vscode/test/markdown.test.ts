import assert from "node:assert/strict";
import { it } from "node:test";
import { blockTitle, renderMarkdown, type Block } from "../src/webview/markdown";

const HOSTILE = {
  "HTML": "<img src=https://evil.example/?code>",
  "a script": "<script>alert(1)</script>",
  "a picture": "![code](https://evil.example/?code)",
  "a link": "[here](https://evil.example/?code)",
  "a command": "[here](command:workbench.action.terminal.new)",
  "an automatic link": "<https://evil.example>",
  "a picture by reference": "![code][1]\n\n[1]: https://evil.example/",
  "the name of a block": "```<img/src=x>\ncode\n```",
};

for (const [name, text] of Object.entries(HOSTILE)) {
  it(`makes plain text of ${name}`, () => assert.doesNotMatch(renderMarkdown(text), /<(img|a|script)\b/));
}

it("hands each block of code to the decoration, in order", () => {
  const seen: Block[] = [];
  const html = renderMarkdown("a\n```text path=shop/cart.txt\nx < 1\n```\nb\n~~~\ny\n~~~\n", (block) => {
    seen.push(block);
    return `<b>${block.index}</b>`;
  });
  assert.deepEqual(seen, [
    { index: 0, code: "x < 1", info: "text path=shop/cart.txt" },
    { index: 1, code: "y", info: "" },
  ]);
  assert.match(html, /<b>0<\/b><pre tabindex="0"><code>x &lt; 1<\/code><\/pre>/);
});

it("draws a block that is not finished", () => assert.match(renderMarkdown("```\nlet a"), /<code>let a<\/code>/));

const COLOURED = {
  "by its language": "```js\nlet a\n```",
  "by its file": "```shop/cart.js\nlet a\n```",
  "by its file where the language is unknown": "```nonsense path=cart.js\nlet a\n```",
  "with an end still to come": "```js\nlet a",
};

for (const [name, text] of Object.entries(COLOURED)) {
  it(`colours a block ${name}`, () => assert.match(renderMarkdown(text), /<code><span class="hljs-keyword">let<\/span> a<\/code>/));
}

it("escapes what it colours", () => {
  assert.doesNotMatch(renderMarkdown("```html\n<script>alert(1)</script>\n```"), /<script/);
  assert.match(renderMarkdown("```nonsense\na < b\n```"), /<code>a &lt; b<\/code>/);
});

const TITLES = {
  "python path=shop/cart.py": "shop/cart.py",
  "python shop/cart.py": "shop/cart.py",
  'python title="cart.py"': "cart.py",
  "python file: cart.py": "cart.py",
  "cart.test.ts": "cart.test.ts",
  "python": "python",
  "python 3.11": "python",
  "c++": "c++",
  "": "",
};

for (const [info, title] of Object.entries(TITLES)) {
  it(`names the block "${info}"`, () => assert.equal(blockTitle(info), title));
}
