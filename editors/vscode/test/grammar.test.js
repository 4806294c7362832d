// The grammar as the editor runs it: vscode-textmate over every spec of the repository.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const ROOT = path.join(__dirname, "..", "..", "..");
const GRAMMAR = path.join(__dirname, "..", "syntaxes", "vslm.tmLanguage.json");

async function loadGrammar() {
  const wasm = require.resolve("vscode-oniguruma/release/onig.wasm");
  await oniguruma.loadWASM(fs.readFileSync(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(GRAMMAR, "utf8"), GRAMMAR),
  });
  return registry.loadGrammar("source.vslm");
}

const loading = loadGrammar();

/** Pairs of text and innermost scope, of all words that are not blank. */
async function scopes(text) {
  const grammar = await loading;
  const found = [];
  let state = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    for (const token of result.tokens) {
      const piece = line.slice(token.startIndex, token.endIndex);
      if (piece.trim() !== "") {
        found.push([piece.trim(), token.scopes[token.scopes.length - 1]]);
      }
    }
  }
  return found;
}

async function scopeOf(text, word) {
  const pair = (await scopes(text)).find(([piece]) => piece === word);
  return pair && pair[1];
}

const EXPECTED = [
  ["block base extends other {", "block", "keyword.declaration.vslm"],
  ["block base extends other {", "base", "entity.name.type.vslm"],
  ["block base extends other {", "extends", "keyword.other.vslm"],
  ["block base extends other {", "other", "entity.other.inherited-class.vslm"],
  ["variant slim of diamond { core = 192 }", "diamond", "entity.other.inherited-class.vslm"],
  ["param core = 512", "core", "variable.other.constant.vslm"],
  ['import "lib/recipes.vslm"', "import", "keyword.control.import.vslm"],
  ["    recipe = quick", "recipe", "variable.other.property.vslm"],
  ["recipe quick {", "recipe", "keyword.declaration.vslm"],
  ["    mixer.window = 128", "mixer", "variable.other.object.vslm"],
  ["    mixer.window = 128", "window", "variable.other.property.vslm"],
  ["    context = 1Ki", "1", "constant.numeric.vslm"],
  ["    context = 1Ki", "Ki", "keyword.other.unit.vslm"],
  ["    warmup = 2%", "%", "keyword.other.unit.vslm"],
  ["    x = 7 % 2", "%", "keyword.operator.arithmetic.vslm"],
  ["    ffn = swiglu(hidden = 64)", "swiglu", "support.type.vslm"],
  ["    hidden = round_to(8/3 * width, 64)", "round_to", "support.function.vslm"],
  ["    hidden = round_to(8/3 * width, 64)", "width", "variable.language.vslm"],
  ["    window = full", "full", "constant.language.vslm"],
  ["    kernel = sdpa", "sdpa", "support.constant.vslm"],
  ["    embedding { tie = true }", "embedding", "keyword.section.vslm"],
  ["    loop 3 { 2 * base }", "loop", "keyword.control.vslm"],
  ["    use door", "door", "entity.name.label.vslm"],
  ["    door: 1 * base", "door", "entity.name.label.vslm"],
  ['    path = "a#b"  # end', "# end", "comment.line.number-sign.vslm"],
];

for (const [text, word, scope] of EXPECTED) {
  test(`${word} in: ${text}`, async () => assert.equal(await scopeOf(text, word), scope));
}

test("every word of every spec has a scope of its own", async () => {
  const specs = fs.readdirSync(path.join(ROOT, "specs"), { recursive: true });
  const files = specs.filter((name) => name.endsWith(".vslm"));
  assert.ok(files.length > 0);
  for (const name of files) {
    const text = fs.readFileSync(path.join(ROOT, "specs", name), "utf8");
    const bare = (await scopes(text)).filter(([, scope]) => scope === "source.vslm");
    assert.deepEqual(bare, [], name);
  }
});
