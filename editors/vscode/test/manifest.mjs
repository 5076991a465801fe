// What the package promises and where its links lead. Prints TAP.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { reporter } from "./tap.mjs";

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const read = (name) => fs.readFileSync(path.join(here, name), "utf8");
const manifest = JSON.parse(read("package.json"));
const tap = reporter((line) => console.log(line), 0);

const link = /installHelp = ".*#(.*)"/.exec(read("src/client.ts"))?.[1];
const anchors = [...read("../../README.md").matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replaceAll(" ", "-"));
tap.report(anchors.includes(link), "the link of How to Install leads to a heading of the README", `#${link} of ${anchors.join(", ")}`);
for (const name of ["../../README.md", "README.md"]) {
  tap.report(/code --install-extension \S+\.vsix/.test(read(name)), `${path.basename(path.dirname(path.join(here, name)))}/README.md says how to install the package`);
}

const commands = new Set(manifest.contributes.commands.map(({ command }) => command));
const steps = manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
const files = [manifest.icon, ...steps.map((step) => step.media.markdown)];
const missing = files.filter((name) => !fs.existsSync(path.join(here, name)));
tap.report(missing.length === 0 && steps.length === 3, "the icon and the walkthrough's three steps are there", missing.join(", "));
const named = [
  ...steps.flatMap((step) => [...step.description.matchAll(/command:(speclens\.\w+)/g)].map(([, command]) => command)),
  ...manifest.contributes.keybindings.map(({ command }) => command).filter((command) => command.startsWith("speclens.")),
  ...Object.values(manifest.contributes.menus).flat().map(({ command }) => command),
];
const unknown = named.filter((command) => !commands.has(command));
tap.report(unknown.length === 0, "steps, keys and menus name commands that there are", unknown.join(", "));

process.exitCode = tap.done() === 0 ? 0 : 1;
