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
  const html = renderMarkdown("a\n```python path=shop/cart.py\nx < 1\n```\nb\n~~~\ny\n~~~\n", (block) => {
    seen.push(block);
    return `<b>${block.index}</b>`;
  });
  assert.deepEqual(seen, [
    { index: 0, code: "x < 1", info: "python path=shop/cart.py" },
    { index: 1, code: "y", info: "" },
  ]);
  assert.match(html, /<b>0<\/b><pre tabindex="0"><code>x &lt; 1<\/code><\/pre>/);
});

it("draws a block that is not finished", () => assert.match(renderMarkdown("```js\nlet a"), /<code>let a<\/code>/));

it("names a block by its path or its language", () => {
  assert.equal(blockTitle("python path=shop/cart.py"), "shop/cart.py");
  assert.equal(blockTitle("python"), "python");
  assert.equal(blockTitle(""), "");
});
