// What a file asks of an editor that indents: where each line begins, and where the text above it could have said so.

const blanks = (line) => line.length - line.trimStart().length;

/** The line without a comment at its end. Quoted texts are left alone as far as one line tells. */
function code(line) {
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (quote) quote = char === quote ? "" : quote;
    else if ((char === '"' || char === "'") && /[\s[{,(]/.test(line[i - 1] ?? " ")) quote = char;
    else if (char === "#" && /\s/.test(line[i - 1] ?? " ")) return line.slice(0, i).trimEnd();
  }
  return line.trimEnd();
}

/** The column of what stands behind the dashes of a line: `- - a` has its content at 4. */
function contentColumn(line) {
  return /^\s*(?:- +)*/.exec(line)[0].length;
}

/**
 * For each line, the column where the text above goes on (see testdata/typing/README.md). A line that begins elsewhere needs a
 * correction in every editor.
 */
export function expectedColumns(lines) {
  const columns = [];
  let next = 0;
  /** The column of the key whose block text is under way, or -1. */
  let block = -1;
  for (const line of lines) {
    columns.push(next);
    if (line.trim() === "") continue;
    if (block >= 0 && blanks(line) > block) {
      next = blanks(line);
      continue;
    }
    block = -1;
    const text = code(line);
    if (text.trim() === "") {
      next = blanks(line); // a comment
      continue;
    }
    const content = contentColumn(text);
    if (/(?:^|[\s:-])[|>][-+]?\d?[-+]?$/.test(text)) {
      // The text of a block stands deeper than the key, or than the dash of an item without a key.
      block = /:\s+[|>]\S*$/.test(text) ? content : blanks(line);
      next = (/:\s+[|>]\S*$/.test(text) ? content : blanks(line)) + 2;
    } else if (/:(?:\s+[&!]\S+)*$/.test(text) || /[[{]$/.test(text)) {
      next = content + 2;
    } else if (/^\s*-(?:\s+[&!]\S+)?$/.test(text)) {
      next = blanks(line) + 2;
    } else {
      next = content;
    }
  }
  return columns;
}

/** How many characters have to be put in, taken out or replaced to make one text the other. */
export function difference(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const x = a.slice(start, a.length - end);
  const y = b.slice(start, b.length - end);
  let row = Array.from({ length: y.length + 1 }, (_, i) => i);
  for (let i = 1; i <= x.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= y.length; j++) {
      row.push(Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x[i - 1] === y[j - 1] ? 0 : 1)));
    }
  }
  return row[y.length];
}
