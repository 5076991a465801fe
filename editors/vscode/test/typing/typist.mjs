// A person at the keyboard of VS Code, who types a file that exists already and looks at the cursor and the list only.
import fs from "node:fs";
import { difference, expectedColumns } from "./layout.mjs";

/** How long a list of suggestions may take to open before the typist goes on, in milliseconds. */
const listPatience = 200;

const indentOf = (line) => line.length - line.trimStart().length;

/** What the typist sees: the line and column of the cursor, and the suggestion that a key would accept. */
function look(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        // What a key did stands on the screen with the next frame.
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            const editor = document.querySelector(".editor-instance .monaco-editor");
            const cursor = editor.querySelector(".cursors-layer .cursor");
            const lines = editor.querySelector(".view-lines");
            const style = getComputedStyle(editor.querySelector(".view-lines .view-line") ?? lines);
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
            const width = pen.measureText("0".repeat(100)).width / 100 + (parseFloat(style.letterSpacing) || 0);
            const list = document.querySelector(".suggest-widget.visible");
            // Tab accepts what is selected, else the first.
            const row = list?.querySelector(".monaco-list-row.focused") ?? list?.querySelector('.monaco-list-row[data-index="0"]');
            resolve({
              snippet: editor.querySelector(".snippet-placeholder") !== null,
              line: Number(editor.querySelector(".line-numbers.active-line-number")?.textContent ?? 0),
              column: Math.round(parseFloat(cursor?.style.left ?? "0") / width),
              suggestion: row?.querySelector(".label-name")?.textContent.replaceAll("\u00a0", " "),
            });
          }),
        );
      }),
  );
}

/** A typist in a page whose workspace a peek (test/typing/peek) looks into. */
export class Typist {
  constructor(page, port, patience) {
    this.page = page;
    this.port = port;
    this.patience = patience;
  }

  async peek(path = "/state") {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`);
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }

  async until(what, condition) {
    const deadline = Date.now() + this.patience;
    for (;;) {
      const value = await condition();
      if (value) return value;
      if (Date.now() > deadline) throw new Error(`${what}: not within ${this.patience / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async open(file, start) {
    fs.writeFileSync(file, start);
    await this.peek(`/open?file=${encodeURIComponent(file)}`);
    await this.until(`${file} in an editor`, async () => {
      const state = await this.peek();
      return state.file === file && state.language === "qube";
    });
    await this.page.locator(".editor-instance .monaco-editor.focused").first().waitFor({ timeout: this.patience });
  }

  async pause() {
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
  }

  /** A key of the keyboard; what stands on none, as the input method of its language would write it. */
  async key(key) {
    this.keys++;
    if (/^[A-Z][a-z]/.test(key)) await this.page.keyboard.press(key);
    else await this.page.keyboard.type(key);
    await this.pause();
  }

  /** Moves the cursor to the column that a line needs; whether that took a key. */
  async correct(column) {
    let seen = await look(this.page);
    if (seen.column === column) return false;
    for (let tries = 0; seen.column !== column && tries < 60; tries++) {
      await this.key(seen.column > column ? "Backspace" : " ");
      seen = await look(this.page);
    }
    return true;
  }

  /** Types a file as testdata/typing/README.md says and tells how it went. */
  async type(file, text, { delay, accept = false }) {
    this.delay = delay;
    this.keys = 0;
    const crlf = text.includes("\r\n");
    const lines = text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n");
    const expected = expectedColumns(lines);
    const result = { lines: lines.length, characters: 0, corrections: 0, spared: [], unavoidable: 0, taken: [], accepted: 0, wrong: 0, keys: 0 };
    await this.open(file, crlf ? "\r\n" : "");

    for (const [index, line] of lines.entries()) {
      if (index > 0) {
        await this.key("Enter");
        const seen = await look(this.page);
        if (seen.line !== index + 1 + (result.shift ?? 0)) {
          result.taken.push(index);
          if (seen.line === index + (result.shift ?? 0)) await this.key("Enter");
          else result.shift = seen.line - index - 1;
        }
        result.characters++;
      }
      if (line === "") continue;
      if (index > 0 && indentOf(line) !== expected[index]) result.unavoidable++;
      if (await this.correct(indentOf(line))) {
        result.corrections++;
        if (indentOf(line) === expected[index]) result.spared.push(index + 1);
      }
      result.characters += [...line.trimStart()].length;
      await this.typeLine(line, indentOf(line), accept, result);
    }

    // Saving goes by way of the editor's own buffer, while the extension host may be some keys behind.
    await this.peek("/save");
    const want = lines.join(crlf ? "\r\n" : "\n") + (crlf ? "\r\n" : "");
    result.text = fs.readFileSync(file, "utf8");
    result.wrong = difference(result.text, want);
    result.keys = this.keys;
    return result;
  }

  /** The file after some keys into an empty one. */
  async typed(file, keys) {
    this.delay = 0;
    this.keys = 0;
    await this.open(file, "");
    for (const key of keys) await this.key(key);
    await this.peek("/save");
    return fs.readFileSync(file, "utf8");
  }

  /** The file after a word and Tab, once a list is open. */
  async tabbed(file, word) {
    await this.typed(file, word);
    const first = await this.until("a list", async () => (await look(this.page)).suggestion);
    const selected = await this.page.locator(".suggest-widget.visible .monaco-list-row.focused").count();
    await this.key("Tab");
    await this.until("the first suggestion in the text", async () => (await this.settled()).text.startsWith(first));
    return selected;
  }

  /** Types the rest of a line, accepting what is offered for it; the column behind what an accepted suggestion wrote is skipped. */
  async typeLine(line, from, accept, result) {
    let word = from; // where the word under way begins
    let refused = "";
    for (let i = from; i < line.length; ) {
      const char = String.fromCodePoint(line.codePointAt(i));
      await this.key(char);
      i += char.length;
      if (/[\s"'{[(]/.test(char)) word = i;
      if (!accept || i - word > 3 || i === line.length) continue;
      const offered = await this.offered(line.slice(word), i - word, i - word === 1);
      if (!offered || offered.suggestion === refused) continue;
      const next = await this.accepted(line, i, offered.snippet);
      if (next < 0) {
        refused = offered.suggestion;
        continue;
      }
      result.accepted++;
      i = word = next;
    }
  }

  /** The first suggestion, if it reads like what comes next and spares more than the keys that accept it. */
  async offered(rest, typed, wait) {
    const deadline = Date.now() + (wait ? listPatience : 0);
    for (;;) {
      const { suggestion, snippet } = await look(this.page);
      if (suggestion !== undefined) {
        const worth = rest.startsWith(suggestion) && suggestion.length > typed + (snippet ? 2 : 1);
        return worth ? { suggestion, snippet } : undefined;
      }
      if (Date.now() >= deadline) return undefined;
    }
  }

  /** Accepts the first suggestion. The column of the cursor if that wrote what the line has; else it is undone, and -1. */
  async accepted(line, column, snippet) {
    const before = await this.settled();
    const tail = before.text.slice(before.to);
    const start = before.from - column;
    if (before.text.slice(start, before.from) !== line.slice(0, column)) return -1; // the extension host lags behind
    // Within a snippet Tab alone goes to the next place.
    if (snippet) await this.key("ArrowDown");
    await this.key("Tab");
    const deadline = Date.now() + 2000;
    let after = await this.settled();
    while (after.version === before.version && Date.now() < deadline) after = await this.settled();
    const written = after.text.slice(start, after.from);
    if (line.startsWith(written) && after.text.slice(after.to) === tail && written.length > column) return written.length;
    for (let tries = 0; tries < 5 && (await this.settled()).text !== before.text; tries++) await this.key("Control+z");
    return -1;
  }

  /** What the extension host knows, once it no longer changes. */
  async settled() {
    for (let last = await this.peek(); ; ) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      const next = await this.peek();
      if (next.version === last.version && next.from === last.from && next.to === last.to) return next;
      last = next;
    }
  }
}
