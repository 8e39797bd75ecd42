import assert from "node:assert/strict";
import { it } from "node:test";
import type { TextDocument } from "vscode";
import { editor } from "./editor";
import { whyDisabled } from "../src/languages";

const uri = (scheme: string) => ({ scheme, path: "/shop/notes/prices.ipynb" });
const matched: unknown[] = [];

editor["RelativePattern"] = class {
  constructor(
    readonly folder: unknown,
    readonly pattern: string,
  ) {}
};
editor["workspace"] = {
  getConfiguration: () => ({ inspect: (key: string) => ({ globalValue: key === "disabledFiles" ? ["notes/*.ipynb"] : [] }) }),
  getWorkspaceFolder: ({ scheme }: { scheme: string }) => (scheme === "file" ? "/shop" : undefined),
  notebookDocuments: [{ uri: uri("file") }],
};
editor["languages"] = {
  match: ({ pattern }: { pattern: unknown }) => {
    matched.push(pattern);
    return typeof pattern === "string" ? 0 : 10;
  },
};

for (const scheme of ["file", "vscode-notebook-cell"]) {
  it(`leaves alone what a pattern from the root names, as a ${scheme}`, () => {
    const document = { uri: uri(scheme), languageId: "python" } as unknown as TextDocument;
    assert.equal(whyDisabled(document), "codestral.disabledFiles has notes/*.ipynb.");
    assert.deepEqual({ ...(matched.at(-1) as object) }, { folder: "/shop", pattern: "notes/*.ipynb" });
  });
}
