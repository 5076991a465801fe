// The main job as it looks: what stands on the screen of the workbench, and what clicks and keys do.
import path from "node:path";
import { must, reporter } from "./tap.mjs";

/** What tests ask of the screen. */
function screenOf({ page, shots, patience }) {
  const editor = page.locator(".editor-instance .monaco-editor").first();
  /** VS Code draws blanks as no-break spaces. */
  const textOf = async (locator) => (await locator.allInnerTexts()).map((text) => text.replaceAll("\u00a0", " "));
  return {
    editor,
    textOf,
    shot: (name) => page.screenshot({ path: path.join(shots, `${name}.png`) }),
    async opened() {
      await page.locator(".monaco-workbench .part.editor").waitFor({ timeout: 180_000 });
      await editor.waitFor({ timeout: 180_000 });
    },
    /** Runs a command of the palette by its title. */
    async command(title) {
      await page.keyboard.press("F1");
      const input = page.locator(".quick-input-widget input").first();
      await input.waitFor({ timeout: patience });
      await input.fill(`>${title}`);
      await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first().click({ timeout: patience });
    },
    /** Where a text begins on the screen, in a line of the editor; fails while it does not stand there. */
    async placeOf(text) {
      const place = await editor.locator(".view-line").evaluateAll((rows, wanted) => {
        for (const row of rows) {
          const at = row.textContent.replaceAll("\u00a0", " ").indexOf(wanted);
          if (at < 0) continue;
          const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
          for (let seen = 0; walker.nextNode(); seen += walker.currentNode.length) {
            if (at < seen + walker.currentNode.length) {
              const range = document.createRange();
              range.setStart(walker.currentNode, at - seen);
              range.setEnd(walker.currentNode, at - seen + 1);
              const box = range.getBoundingClientRect();
              return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            }
          }
        }
        return null;
      }, text);
      return must(place, `no line on the screen holds ${text}`);
    },
    /** The titles of the lenses that stand on the screen. */
    lenses: async () => (await textOf(editor.locator(".codelens-decoration a"))).filter((text) => text !== ""),
    /** A lens to click on. */
    lens: (title) => editor.locator(".codelens-decoration a").filter({ hasText: title }).first(),
    /** The hints of runs that stand on the screen. */
    hints: async () => (await textOf(editor.locator("[class*='dyn-rule']"))).filter((text) => /[✓✗→←]/u.test(text)),
  };
}

/** The main job: what opening, hovering, typing and running look like. */
export async function drivePage({ page, story, shots, patience }) {
  const tap = reporter((line) => console.log(line), patience);
  const { editor, textOf, shot, opened, command, placeOf, lenses, lens, hints } = screenOf({ page, shots, patience });

  await opened();

  await tap.expect("the status bar names the language", async () => {
    const status = await textOf(page.locator("footer.statusbar, .part.statusbar"));
    return must(status.join(" ").includes("API Test Spec") && "API Test Spec", status.join(" ").replace(/\s+/g, " "));
  });
  await tap.expect("a template is coloured unlike the text around it", async () => {
    const spans = await editor.locator(".view-line span span").evaluateAll((all) =>
      all.filter((span) => /\{\{|auth/.test(span.textContent)).map((span) => `${span.className}: ${span.textContent.trim()}`),
    );
    const classes = new Set(spans.map((text) => text.split(":")[0]));
    return must(classes.size > 1 && spans.slice(0, 3).join("\n"), spans.join("; "));
  });
  await tap.expect("the misspelt field is underlined", async () => {
    const count = await editor.locator(".squiggly-warning, .squiggly-error").count();
    return must(count > 0 && `${count} squiggles`, `${count} squiggles`);
  });
  await tap.expect("the lenses stand above the tests", async () => {
    const all = await lenses();
    must(all.some((text) => text.includes("▶ Run file")) && all.includes("▶ Run"), all.join("; "));
    return all.join("; ");
  });
  await shot("1-opened");

  const misspelt = await placeOf(story.diagnostic.at);
  await page.mouse.move(misspelt.x, misspelt.y);
  await tap.expect("hovering over the misspelt field tells what is wrong", async () => {
    const text = (await textOf(page.locator(".monaco-hover:visible"))).join("\n");
    must(text.includes(story.diagnostic.says), `the hover says ${text}`);
    return text;
  });
  await shot("2-hover");
  await page.keyboard.press("Escape");
  await page.mouse.move(0, 0);

  // A new line below the misspelt one, and what completion offers there.
  const above = await placeOf(story.completion.after.trim());
  await page.mouse.click(above.x, above.y);
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type(story.completion.offers[0].slice(0, 3));
  await tap.expect("typing opens a list of fields", async () => {
    const rows = await textOf(page.locator(".suggest-widget.visible .monaco-list-row"));
    if (!rows.some((row) => row.includes(story.completion.offers[0]))) await page.keyboard.press("Control+Space");
    return must(rows.some((row) => row.includes(story.completion.offers[0])) && rows.map((row) => row.replace(/\s+/g, " ")).join("; "), rows.join("; "));
  });
  await shot("3-completion");
  await page.keyboard.press("Escape");
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("Control+Z");
  await tap.expect("undo leaves the file as it was", async () => {
    const dirty = await page.locator(".tab.active.dirty").count();
    if (dirty > 0) await page.keyboard.press("Control+Z");
    return must(dirty === 0 && "not dirty", "dirty");
  });

  await lens("▶ Run file").click();
  await tap.expect("a click on the lens of the file shows outcomes and events beside the tests", async () => {
    const all = await hints();
    for (const text of [story.run.outcome, story.failure.outcome, ...story.run.events]) {
      must(all.some((hint) => hint.includes(text)), `no ${text} among ${all.join("; ")}`);
    }
    return all.join("\n");
  });
  await tap.expect("the expectation that failed is underlined in red", async () => {
    const count = await editor.locator(".squiggly-error").count();
    return must(count > 0 && `${count} errors`, "no error");
  });
  await page.keyboard.press("Control+Shift+M");
  await tap.expect("the Problems panel tells expected and actual", async () => {
    const rows = await textOf(page.locator(".markers-panel .monaco-list-row"));
    const row = rows.find((text) => story.failure.says.every((part) => text.includes(part)));
    return must(row, rows.join("; ")).replace(/\s+/g, " ");
  });
  await tap.expect("no lens offers to cancel when the run is over", async () => {
    const all = await lenses();
    return must(!all.some((title) => title.includes("■")) && all.join("; "), all.join("; "));
  });
  await shot("4-ran");

  await command("Speclens: Show Output");
  await tap.expect("the palette's commands work", async () => {
    const panel = await textOf(page.locator(".part.panel"));
    return must(/output/i.test(panel.join(" ")) && "the output panel is open", panel.join(" "));
  });
  return tap.done();
}

/** A folder that the user has not trusted: help while writing, but nothing runs, until the user trusts it. */
export async function driveUntrusted({ page, story, shots, patience }) {
  const tap = reporter((line) => console.log(line), patience);
  const { editor, textOf, shot, opened, lens, lenses, hints } = screenOf({ page, shots, patience });
  await opened();

  await tap.expect("an untrusted folder is in restricted mode", async () => {
    const status = (await textOf(page.locator(".part.statusbar"))).join(" ");
    return must(status.includes("Restricted Mode") && "Restricted Mode", status);
  });
  await tap.expect("the misspelt field is underlined there too", async () => {
    const count = await editor.locator(".squiggly-warning, .squiggly-error").count();
    return must(count > 0 && `${count} squiggles`, "no squiggle");
  });
  await tap.expect("the lenses are there", async () => {
    const all = await lenses();
    return must(all.some((title) => title.includes("▶ Run file")) && all.join("; "), all.join("; "));
  });
  await lens("▶ Run file").click();
  const toast = page.locator(".notification-toast").filter({ hasText: "trusted workspace" }).first();
  await tap.expect("a click on a lens runs nothing and says why", async () => {
    const text = (await textOf(toast)).join(" ").replace(/\s+/g, " ");
    const ran = await hints();
    must(ran.length === 0, `something ran: ${ran.join("; ")}`);
    return must(text.includes("trusted workspace") && text, `notification ${text}`);
  });
  await shot("5-untrusted");

  await toast.getByRole("button", { name: "Manage" }).click({ timeout: patience });
  await page.getByRole("button", { name: "Trust", exact: true }).first().click({ timeout: patience });
  await tap.expect("the user trusts the folder", async () => {
    const status = (await textOf(page.locator(".part.statusbar"))).join(" ");
    return must(!status.includes("Restricted Mode") && "no longer restricted", status);
  });
  await page.locator(".tab").filter({ hasText: path.basename(story.spec) }).first().click({ timeout: patience });
  await lens("▶ Run file").click({ timeout: patience });
  await tap.expect("and the same lens runs the tests", async () => {
    const all = await hints();
    for (const text of [story.run.outcome, story.failure.outcome]) {
      must(all.some((hint) => hint.includes(text)), `no ${text} among ${all.join("; ")}`);
    }
    return all.join("\n");
  });
  await shot("6-trusted");
  return tap.done();
}
