// Parses an AsyncAPI document with the official parser, and prints every finding of severity error or warning.
// node check.cjs asyncapi.json; exit 0 when there is none.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const SEVERITIES = ["error", "warning"];

async function main(file) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
  const found = diagnostics.filter((each) => each.severity < SEVERITIES.length);
  for (const { severity, code, path, message } of found) {
    console.log(`${SEVERITIES[severity]} ${code} at ${path.join(".")}: ${message}`);
  }
  if (document) {
    const messages = document.allMessages().all().length;
    console.log(`${document.allChannels().all().length} channels, ${messages} messages`);
  }
  return document && found.length === 0 ? 0 : 1;
}

main(process.argv[2]).then((code) => process.exit(code));
