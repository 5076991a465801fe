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
    /** Where a text of the editor stands on the screen, the first one or the first after another; fails while it does not. */
    async placeOf(text, after = "") {
      const place = await editor.locator(".view-line").evaluateAll((rows, wanted) => {
        const textOfRow = (row) => row.textContent.replaceAll("\u00a0", " ");
        rows.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
        const all = rows.map(textOfRow).join("\n");
        const from = all.indexOf(wanted.after);
        let at = from < 0 ? -1 : all.indexOf(wanted.text, from);
        if (at < 0) return null;
        const row = rows[all.slice(0, at).split("\n").length - 1];
        at -= all.lastIndexOf("\n", at - 1) + 1;
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
        return null;
      }, { text, after });
      return must(place, `no line on the screen holds ${text}`);
    },
    /** The titles of the lenses that stand on the screen. */
    lenses: async () => (await textOf(editor.locator(".codelens-decoration a"))).filter((text) => text !== ""),
    /** A lens to click on. */
    lens: (title) => editor.locator(".codelens-decoration a").filter({ hasText: title }).first(),
    /** The error messages that VS Code shows. */
    errors: async () =>
      (await textOf(page.locator(".notification-toast").filter({ has: page.locator(".codicon-error") }))).map((text) => text.replace(/\s+/g, " ")),
    /** The hints of runs that stand on the screen. */
    hints: async () => (await textOf(editor.locator("[class*='dyn-rule']"))).filter((text) => /[✓✗→←]/u.test(text)),
  };
}

/** The main job: what opening, hovering, typing and running look like. */
export async function drivePage({ page, story, shots, patience }) {
  const tap = reporter((line) => console.log(line), patience);
  const { editor, textOf, shot, opened, command, placeOf, lenses, lens, hints, errors } = screenOf({ page, shots, patience });

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
  // VS Code asks for lenses again after a rest that grows with how long the first answers took, and only in an editor that has the
  // focus: the Problems panel has taken it.
  await page.keyboard.press("Control+1");
  await tap.expect("when the run is over no lens cancels, and each leads to its result", async () => {
    const all = await lenses();
    return must(!all.some((title) => title.includes("■")) && all.some((title) => title.startsWith("result of")) && all.join("; "), all.join("; "));
  });
  await shot("4-ran");

  const environment = story.environments[1];
  await command("Speclens: Select Environment");
  await page.locator(".notification-toast").getByRole("button", { name: environment, exact: true }).first().click({ timeout: patience });
  await tap.expect("the environment that was chosen when the server asked stands in a lens", async () => {
    const all = await lenses();
    return must(all.find((title) => title === `env: ${environment}`), all.join("; "));
  });

  await command("Speclens: Show Output");
  await tap.expect("the palette's commands work", async () => {
    const chosen = await page.locator(".part.panel select").evaluateAll((all) => all.map((box) => box.selectedOptions[0]?.textContent ?? ""));
    return must(chosen.includes("speclens") && "the output of speclens is chosen", `chosen: ${chosen.join("; ") || "nothing"}`);
  });

  await page.keyboard.press("Control+Shift+M");
  await page.locator(".markers-panel .monaco-list-row").filter({ hasText: story.failure.says[0] }).first().dblclick({ timeout: patience });
  await tap.expect("a double click on the problem selects the expectation", async () => {
    const status = (await textOf(page.locator(".part.statusbar"))).join(" ").replace(/\s+/g, " ");
    return must(/Ln \d+, Col \d+ \(\d+ selected\)/.exec(status)?.[0], status);
  });

  // The picture of the README: the test that failed, all of it, large enough to read.
  await page.keyboard.press("Control+J");
  await page.keyboard.press("Control+B");
  await page.setViewportSize({ width: 1120, height: 620 });
  await page.keyboard.press("ArrowLeft");
  await page.mouse.move(560, 300);
  await tap.expect("the test that failed is on the screen, with its lenses, its outcome and its events", async () => {
    const { y } = await placeOf(story.failure.at, story.failure.after).catch(async (error) => {
      // The smaller window may have been laid out after the cursor moved, and its line be below the edge.
      await page.mouse.wheel(0, 60);
      throw error;
    });
    if (y < 300 || y > 420) {
      await page.mouse.wheel(0, y - 360);
      must(false, `the expectation stands at ${y} px`);
    }
    const beside = (await hints()).join("\n");
    for (const text of [story.failure.outcome, ...story.failure.events]) must(beside.includes(text), `no ${text} beside it: ${beside}`);
    must((await lenses()).includes("▶ Run with dependencies"), "no lens");
    return beside;
  });
  await shot("readme");
  await tap.expect("hovering over the expectation tells expected and actual", async () => {
    const place = await placeOf(story.failure.at, story.failure.after);
    await page.mouse.move(place.x + 4, place.y);
    const text = (await textOf(page.locator(".monaco-hover:visible"))).join("\n");
    for (const part of story.failure.says) must(text.includes(part), `the hover says ${text}`);
    return text;
  });

  const failed = await errors();
  tap.report(failed.length === 0, "VS Code shows no error message", failed.join("\n"));
  return tap.done();
}

/** A folder that the user has not trusted: help while writing, but nothing runs, until the user trusts it. */
export async function driveUntrusted({ page, story, shots, patience }) {
  const tap = reporter((line) => console.log(line), patience);
  const { editor, textOf, shot, opened, lens, lenses, hints, errors } = screenOf({ page, shots, patience });
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
  const failed = await errors();
  tap.report(failed.length === 0, "VS Code shows no error message", failed.join("\n"));
  return tap.done();
}
