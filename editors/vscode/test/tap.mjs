// A report of what a test saw, in TAP: one line for each thing, what was seen below it.

/** @returns a reporter; expect() waits for a condition, and done() prints the plan and gives the number of misses. */
export function reporter(write, patience) {
  let number = 0;
  let failures = 0;
  const report = (ok, name, detail = "") => {
    number += 1;
    failures += ok ? 0 : 1;
    write(`${ok ? "ok" : "not ok"} ${number} - ${name}`);
    for (const line of String(detail).split("\n").filter(Boolean)) write(`  # ${line}`);
    return ok;
  };
  /** Waits until look() returns something other than undefined. look() may throw to say why it is not there yet. */
  const expect = async (name, look) => {
    const started = Date.now();
    for (let why = "nothing"; ; ) {
      try {
        const saw = await look();
        if (saw !== undefined) {
          report(true, name, saw);
          return saw;
        }
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
      if (Date.now() - started > patience) {
        report(false, name, `not within ${(patience / 1000).toFixed(0)} s; at the end: ${why}`);
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  return {
    report,
    expect,
    done() {
      write(`1..${number}`);
      return failures;
    },
  };
}

/** For look(): the value if it is there, else a failure that says what is there instead. */
export function must(value, otherwise) {
  if (value === undefined || value === null || value === false) {
    throw new Error(typeof otherwise === "string" ? otherwise : JSON.stringify(otherwise));
  }
  return value;
}
