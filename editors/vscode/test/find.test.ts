import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { candidates, find, type Places } from "../src/server/find";
import { isCompatible, parseVersion } from "../src/server/version";

const PLACES: Places = {
  setting: "",
  folders: ["/shop"],
  home: "/home/ada",
  env: { PATH: "/usr/bin:relative/bin:/opt/bin" },
  platform: "linux",
  privateEnvironment: "/store/server",
};

const ORDER = [
  "/shop/.venv/bin/codestral-ls",
  "/shop/venv/bin/codestral-ls",
  "/shop/env/bin/codestral-ls",
  "/home/ada/.local/bin/codestral-ls",
  "/usr/bin/codestral-ls",
  "/opt/bin/codestral-ls",
  "/store/server/bin/codestral-ls",
];

function paths(places: Partial<Places>): string[] {
  return candidates({ ...PLACES, ...places }).map((each) => each.path);
}

describe("where the server is looked for", () => {
  it("goes from the workspace to the tools, PATH and our own environment", () => assert.deepEqual(paths({}), ORDER));

  it("looks nowhere else where a setting names it", () => {
    assert.deepEqual(paths({ setting: "~/bin/codestral-ls" }), ["/home/ada/bin/codestral-ls"]);
    assert.deepEqual(paths({ setting: "/opt/x" }), ["/opt/x"]);
    assert.deepEqual(paths({ setting: "~other/x" }), ["~other/x"]);
  });

  it("runs nothing of a workspace that is not trusted", () => {
    assert.ok(paths({ folders: [] }).every((each) => !each.startsWith("/shop")));
  });

  it("goes where the tools say that they put programs", () => {
    const env = { UV_TOOL_BIN_DIR: "/uv", PIPX_BIN_DIR: "/pipx", XDG_BIN_HOME: "not/absolute" };
    assert.deepEqual(paths({ env, folders: [] }).slice(0, 3), [
      "/uv/codestral-ls",
      "/pipx/codestral-ls",
      "/home/ada/.local/bin/codestral-ls",
    ]);
  });

  it("looks once where two places are the same", () => {
    assert.equal(paths({ env: { PATH: "/home/ada/.local/bin" } }).filter((each) => each.includes(".local")).length, 1);
  });

  it("knows Windows", () => {
    const windows = { platform: "win32", folders: ["C:\\shop"], home: "C:\\ada", env: { PATH: "C:\\bin;bin" }, privateEnvironment: "C:\\store" } as const;
    assert.deepEqual(paths(windows), [
      "C:\\shop\\.venv\\Scripts\\codestral-ls.exe",
      "C:\\shop\\venv\\Scripts\\codestral-ls.exe",
      "C:\\shop\\env\\Scripts\\codestral-ls.exe",
      "C:\\ada\\.local\\bin\\codestral-ls.exe",
      "C:\\bin\\codestral-ls.exe",
      "C:\\store\\Scripts\\codestral-ls.exe",
    ]);
  });
});

describe("which server is taken", () => {
  const versions = (found: Readonly<Record<string, string>>) => (path: string) => Promise.resolve(found[path]);

  it("is the first that answers", async () => {
    const found = await find(PLACES, versions({ "/opt/bin/codestral-ls": "0.1.0", "/store/server/bin/codestral-ls": "0.1.0" }));
    assert.deepEqual(found, { path: "/opt/bin/codestral-ls", origin: "path", version: "0.1.0" });
  });

  it("is not one that does not fit", async () => {
    const found = await find(PLACES, versions({ "/usr/bin/codestral-ls": "0.0.9", "/opt/bin/codestral-ls": "0.2.0" }));
    assert.equal("version" in found && found.version, "0.2.0");
  });

  it("is said to be missing, with the reason", async () => {
    const said = async (places: Partial<Places>, found: Record<string, string>) => {
      const missing = await find({ ...PLACES, ...places }, versions(found));
      return "message" in missing ? missing.message : "";
    };
    assert.match(await said({}, {}), /was not found on this machine/);
    assert.match(await said({ setting: "/nowhere" }, { "/usr/bin/codestral-ls": "0.1.0" }), /no codestral-ls at \/nowhere/);
    assert.match(await said({}, { "/usr/bin/codestral-ls": "0.0.9" }), /0\.0\.9 at \/usr\/bin\/codestral-ls does not fit/);
  });
});

describe("versions", () => {
  it("are read from what the server says, and from nothing else", () => {
    assert.equal(parseVersion("codestral-ls 0.1.0\n"), "0.1.0");
    assert.equal(parseVersion("codestral-ls 0.2.0.dev1\r\n"), "0.2.0.dev1");
    assert.equal(parseVersion("other 0.1.0\n"), undefined);
    assert.equal(parseVersion("usage: codestral-ls 0.1.0"), undefined);
  });

  for (const [version, fits] of Object.entries({ "0.1.0": true, "0.1.7": true, "0.2": true, "0.10.1": true, "0.0.9": false, "1.0.0": false })) {
    it(`${version} ${fits ? "fits" : "does not fit"}`, () => assert.equal(isCompatible(version), fits));
  }
});
