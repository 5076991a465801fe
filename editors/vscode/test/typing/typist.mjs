// A person at the keyboard of VS Code, who types a file that exists already and looks at the cursor and the list only.
import fs from "node:fs";
import path from "node:path";
import { difference, expectedColumns } from "./layout.mjs";

/**
 * How long a list that has something to offer may take to open before the typist goes on, and one that may open behind what was
 * accepted, in milliseconds.
 */
const listPatience = 2000;
const nextListPatience = 250;

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
              file: document.querySelector(".editor-instance")?.closest(".editor-group-container")?.querySelector(".tab.active .label-name")?.textContent,
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
      return state.file === file && state.language === "qube" && state.text === start;
    });
    await this.page.locator(".editor-instance .monaco-editor.focused").first().waitFor({ timeout: this.patience });
    // The extension host may know of the file before the page shows it.
    await this.until(`${file} on the screen`, async () => {
      const seen = await look(this.page);
      return seen.file === path.basename(file) && seen.line === 1 && seen.column === 0;
    });
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
    const whole = text.replaceAll("\r\n", "\n").replace(/\n$/, "");
    const lines = whole.split("\n");
    const starts = lines.reduce((all, line) => [...all, all.at(-1) + line.length + 1], [0]);
    const expected = expectedColumns(lines);
    const result = { lines: lines.length, characters: 0, corrections: 0, spared: [], unavoidable: 0, taken: [], accepted: 0, wrong: 0, keys: 0 };
    for (const [index, line] of lines.entries()) {
      result.characters += [...line.trimStart()].length + (index > 0 ? 1 : 0);
      if (index > 0 && line !== "" && indentOf(line) !== expected[index]) result.unavoidable++;
    }
    await this.open(file, crlf ? "\r\n" : "");

    /** Brings the cursor to the column of a line, and gives the place behind its indent. */
    const begin = async (index) => {
      const line = lines[index];
      if (line !== "" && (await this.correct(indentOf(line)))) {
        result.corrections++;
        if (indentOf(line) === expected[index]) result.spared.push(index + 1);
      }
      return starts[index] + indentOf(line);
    };
    let shift = 0; // how many lines the text on the screen has more than it should
    let index = 0;
    for (let at = await begin(0), word = at, segment = at, refused = ""; at < whole.length; ) {
      if (whole[at] === "\n") {
        index++;
        await this.key("Enter");
        const seen = await look(this.page);
        if (seen.line !== index + 1 + shift) {
          result.taken.push(index);
          if (seen.line === index + shift) await this.key("Enter");
          else shift = seen.line - index - 1;
        }
        at = word = segment = await begin(index);
        continue;
      }
      const char = String.fromCodePoint(whole.codePointAt(at));
      await this.key(char);
      at += char.length;
      if (/[\s"'{[(]/.test(char)) word = segment = at;
      if (char === ".") segment = at;
      let patience = accept && at - segment === 1 && (await this.peek("/offers")) ? listPatience : 0;
      // A list that opens behind what was accepted is answered as well.
      while (accept && at - segment <= 4 && at < whole.length && whole[at] !== "\n") {
        const offered = await this.offered([whole.slice(word), whole.slice(segment)], [at - word, at - segment], patience);
        if (!offered || offered === refused) break;
        const next = await this.accepted(whole, at, starts[index]);
        if (next < 0) {
          refused = offered;
          break;
        }
        result.accepted++;
        refused = "";
        at = word = segment = next;
        const behind = starts.findLastIndex((start) => start <= at);
        // What was written may have begun another line; its indent is part of it.
        if (behind > index && at - starts[behind] <= indentOf(lines[behind])) at = word = segment = await begin(behind);
        index = behind;
        patience = nextListPatience;
      }
    }

    // Saving goes by way of the editor's own buffer, while the extension host may be some keys behind.
    await this.peek("/save");
    const want = crlf ? `${whole}\n`.replaceAll("\n", "\r\n") : whole;
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

  /** The first suggestion, if it reads like what comes next and spares more than the key that accepts it. */
  async offered(rests, typed, patience) {
    const deadline = Date.now() + patience;
    for (;;) {
      const { suggestion } = await look(this.page);
      if (suggestion !== undefined) {
        return rests.some((rest, i) => rest.startsWith(suggestion) && suggestion.length > typed[i] + 1) ? suggestion : undefined;
      }
      if (Date.now() >= deadline) return undefined;
    }
  }

  /**
   * Accepts the first suggestion. The place in the text behind it if it wrote what is there; else it is undone, and -1. Who uses
   * an editor knows what a suggestion writes; this typist has to try, and what was only tried counts as no key.
   */
  async accepted(whole, at, lineStart) {
    const keys = this.keys;
    const plain = (state, from, to) => state.text.slice(from, to).replaceAll("\r\n", "\n");
    const before = await this.settled();
    const start = before.from - (at - lineStart);
    if (plain(before, start, before.from) !== whole.slice(lineStart, at)) return -1; // the extension host lags behind
    await this.key("Tab");
    const after = await this.changed(before);
    const written = plain(after, start, after.from);
    if (after.text.slice(after.to) === before.text.slice(before.to) && whole.startsWith(written, lineStart) && lineStart + written.length > at) {
      return lineStart + written.length;
    }
    for (let state = after, tries = 0; state.text !== before.text && tries < 4; tries++) {
      await this.key("Control+z");
      state = await this.changed(state);
    }
    this.keys = keys;
    return -1;
  }

  /** What the extension host knows after a key that should have changed the text; nothing new if it did not. */
  async changed(before) {
    const deadline = Date.now() + 2000;
    for (;;) {
      const state = await this.settled();
      if (state.version !== before.version || Date.now() > deadline) return state;
    }
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
