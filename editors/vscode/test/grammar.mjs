// Tokenizes a spec with VS Code's own TextMate engine and YAML grammar, both from the installed workbench.
//
//   SERVER_MAIN=…/lib/vscode/out/server-main.js node test/grammar.mjs
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const vscode = path.dirname(path.dirname(process.env.SERVER_MAIN));
const require = createRequire(path.join(vscode, "package.json"));
const textmate = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");
const here = path.dirname(fileURLToPath(import.meta.url));

await oniguruma.loadWASM(fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);

/** Every grammar that VS Code ships, by scope name, besides our own. */
const files = new Map([["source.qube", path.join(here, "../syntaxes/qube.tmLanguage.json")]]);
for (const extension of fs.readdirSync(path.join(vscode, "extensions"))) {
  const manifest = path.join(vscode, "extensions", extension, "package.json");
  if (!fs.existsSync(manifest)) continue;
  for (const grammar of JSON.parse(fs.readFileSync(manifest, "utf8")).contributes?.grammars ?? []) {
    files.set(grammar.scopeName, path.join(path.dirname(manifest), grammar.path));
  }
}

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) => {
    const file = files.get(scope);
    return file ? textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file) : null;
  },
});
const grammar = await registry.loadGrammar("source.qube");

/** The scopes of the first place where a text stands in a spec. */
function scopesOf(spec, text) {
  let stack = textmate.INITIAL;
  for (const line of spec.split("\n")) {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    const at = line.indexOf(text);
    if (at >= 0) {
      return result.tokens.find((token) => token.startIndex <= at && at < token.endIndex).scopes;
    }
  }
  throw new Error(`the spec does not hold ${JSON.stringify(text)}`);
}

const spec = `tests:
  - GET /health -> 200
  - POST /login:
      body: { user: ada, password: "{{ env.TOKEN }}" }
      note: '{{ regex("[a-z]{3}").ToUpper() }}'
      expect:
        status: 2xx
        duration: "< 500ms"
        body: { token: is string, id: exists, name: contains Ada }
  - name: GET well soon
    # a comment with {{ braces }}
    resource: /users/{{ auth.response.body.id }}
    body: |
      a block with {{ prev.token }} in it
    retries: 3
`;

const table = [
  ["a method of a one-line test is a keyword", "GET /health", "keyword.other.method.qube"],
  ["the arrow of a one-line test is an operator", "->", "keyword.operator.arrow.qube"],
  ["a method of a compact test is a keyword", "POST", "keyword.other.method.qube"],
  ["a template in a quoted text is a template", "{{ env", "meta.template.qube"],
  ["a template's braces are punctuation", "{{ env", "punctuation.section.embedded.begin.qube"],
  ["a template's source is a keyword", "env.TOKEN", "keyword.other.source.qube"],
  ["what a template takes from the environment is a variable", "TOKEN }}", "variable.other.qube"],
  ["a template's method is a function", "ToUpper", "support.function.method.qube"],
  ["a template in a plain text is a template", "{{ auth", "meta.template.qube"],
  ["a template in a block text is a template", "{{ prev", "meta.template.qube"],
  ["a comparison is an operator", "< 500ms", "keyword.operator.comparison.qube"],
  ["a type test is an operator", "is string", "keyword.operator.word.qube"],
  ["the type of a type test is a type", "string,", "support.type.qube"],
  ["exists is an operator", "exists", "keyword.operator.word.qube"],
  ["contains is an operator", "contains", "keyword.operator.word.qube"],
  // The manifest calls these two scopes code and a language of its own.
  ["a plain text has the scope in which quotes close", "ada,", "string.unquoted.plain.in.yaml"],
  ["a block text has the scope in which Enter keeps the column", "a block with", "string.unquoted.block.yaml"],
  ["a key stays YAML's", "retries", "entity.name.tag.yaml"],
  ["YAML after a template is YAML again", "retries", "!meta.template.qube"],
  ["a comment holds no template", "{{ braces", "!meta.template.qube"],
  ["a name that begins with capitals is no request", "GET well", "!keyword.other.method.qube"],
];

let failures = 0;
table.forEach(([name, text, scope], index) => {
  const scopes = scopesOf(spec, text);
  const ok = scope.startsWith("!") ? !scopes.includes(scope.slice(1)) : scopes.includes(scope);
  failures += ok ? 0 : 1;
  console.log(`${ok ? "ok" : "not ok"} ${index + 1} - ${name}`);
  if (!ok) console.log(`  # ${JSON.stringify(text)} wants ${scope}, has ${scopes.join(" ")}`);
});
console.log(`1..${table.length}`);
assert.equal(failures, 0, `${failures} of ${table.length} scopes are wrong`);
