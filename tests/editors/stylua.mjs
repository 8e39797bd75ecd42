// Formats Lua files, or with --check names those that are not formatted: node stylua.mjs CONFIG [--check] FILE…
import fs from "node:fs";
import * as stylua from "@johnnymorganz/stylua";

const [settings, ...rest] = process.argv.slice(2);
const chosen = [...fs.readFileSync(settings, "utf8").matchAll(/^(\w+) = (.+)$/gm)];
const enumerations = { indent_type: stylua.IndentType, quote_style: stylua.QuoteStyle };

// Formatting a file uses its configuration up.
function configuration() {
  const config = stylua.Config.new();
  for (const [, key, value] of chosen) {
    config[key] = key in enumerations ? enumerations[key][JSON.parse(value)] : JSON.parse(value);
  }
  return config;
}

const check = rest[0] === "--check";
for (const file of check ? rest.slice(1) : rest) {
  const text = fs.readFileSync(file, "utf8");
  const formatted = stylua.formatCode(text, configuration(), undefined, stylua.OutputVerification.Full);
  if (formatted !== text) {
    console.log(file);
    if (!check) fs.writeFileSync(file, formatted);
  }
}
