// ---------------------------------------------------------------------------------------------------------------------
// What follows is the same in every script: it gives k6 the meaning that speclens gives to tests. Functions come first
// everywhere, so that the tables above may use them.

// ---- Words of the tables ----

// t is text with templates in it, x one template as it is written, its root and what follows.
function t(...parts) { return new Template(parts); }
function x(source, root, ...steps) { return new Expression(source, root, steps); }
function Template(parts) { this.parts = parts; }
function Expression(source, root, steps) { this.source = source; this.root = root; this.steps = steps; }

// Roots of templates. `named` is what another test received, or saved; `row` a value of the matrix.
function env(name) { return { kind: "env", name }; }
function fake(name, ...args) { return { kind: "fake", name, args }; }
function regex(tree, pattern) { return { kind: "regex", tree, pattern }; }
function named(name, path) { return { kind: "named", name, path: parsePath(path) }; }
function row(key, path) { return { kind: "row", name: key, path: parsePath(path) }; }
function prev(path) { return { kind: "prev", path: parsePath(path) }; }
function broken(message) { return { kind: "broken", message }; }
function wrong(message) { return { kind: "wrong", message }; }
// Steps of templates.
function at(path) { return { path: parsePath(path) }; }
function call(name, ...args) { return { name, args }; }

// num is a number that a number of JavaScript would not keep as it is written.
function num(text) { return new Num(text); }
function Num(text) { this.number = text; }
// A literal came out of a response, so that its text is never read as an operator.
function Literal(value) { this.literal = value; }

// Expectations.
function status(want) { return expectation("status", "", want); }
function header(name, want) { return expectation("headers", name, want); }
function body(path, want) { return expectation("body", path, want); }
function duration(want) { return expectation("duration", "", want); }

function expectation(area, name, want) {
  let label = area;
  if (area === "headers") label = "headers." + name;
  else if (name !== "" && name !== ".") label += (/^[.[]/.test(name) ? "" : ".") + name;
  const templated = holdsTemplate(want);
  return {
    area, name, want, templated, label: checkName(label + " = " + textOf(asWritten(want))),
    path: area === "body" ? parsePath(name) : null,
    ready: null, // made when it is needed first, and each time where the expectation holds templates
  };
}

// checkName makes what k6 takes for a name: it keeps two colons for itself.
function checkName(text) { return text.replaceAll("::", ": :").slice(0, 1000); }

// ---- Tests ----

// test makes a function of a table. It runs the test, or one row of its matrix.
function test(def) {
  return (run, index = -1) => {
    const result = runTest(run, def, index);
    if (result.status !== "skipped") {
      const failed = result.status !== "passed";
      counts.errors.add(failed, { test: def.id });
      if (failed) counts.errorCount.add(1, { test: def.id });
      if (failed && settings.failFast) run.stopped = "an earlier test failed and the run stops at the first failure";
    }
    run.outcomes[def.id] = result;
    if (def.slot) {
      if (result.status !== "skipped" || !run.prev[def.slot]) run.prev[def.slot] = result;
    }
  };
}

// start begins an iteration; given is what setup handed over.
function start(given) {
  return { outcomes: Object.create(given ? unpack(given) : null), prev: {}, requests: 0, stopped: "" };
}

// rest keeps a user that sends nothing from keeping a core busy.
function rest(run) { if (run.requests === 0) sleep(0.1); }

function runTest(run, def, index) {
  const name = index < 0 ? def.name : def.names[index];
  const skipped = (why) => {
    if (settings.testMode) console.info(`${def.at}: skipped: ${name}: ${mask(why)}`);
    return { status: "skipped" };
  };
  const erred = (why) => {
    complain(def.at + why, `${def.at}: errored: ${name}: ${mask(why)}`);
    return { status: "errored" };
  };
  if (run.stopped) return skipped("not begun: " + run.stopped);
  if (def.skip) return skipped(def.skip === true ? "the test says `skip: true`" : def.skip);
  const missing = missingValue(run, def);
  if (missing) return skipped(missing);
  const warn = (w) => complain(def.at + w, `${def.at}: warning: ${name}: ${mask(w)}`);
  const scope = { run, def, row: null, unresolved: 0, literal: false, warn };
  try {
    if (index >= 0) scope.row = evaluate(def.matrix[index], scope);
    if (def.when) {
      const before = scope.unresolved;
      const value = evaluate(def.when[0], scope);
      const found = scope.unresolved === before;
      if (!found && isUnread(def.when[0], scope)) throw new Error("when: the body that it reads is text and not JSON");
      if (!condition(textOf(evaluate(def.when[1] ?? "", scope)))(found ? value : null, found)) return skipped("`when` does not hold");
    }
    if (def.broken) throw new Error(def.broken);
    const tags = { name, test: def.id };
    if (run.flow) tags.flow = run.flow;
    let result;
    group(checkName(name), () => { result = attempts(run, def, scope, prepare(def, scope), tags, name, erred); });
    return result;
  } catch (e) {
    if (!(e instanceof Error) || e.name !== "Error") throw e; // a fault of this script, or k6 ends the iteration
    return erred(e.message);
  }
}

// isUnread is true where a template reads from a body that is text: what would be inside it is then not missing.
function isUnread(v, scope) {
  if (v instanceof Template) return v.parts.some((part) => isUnread(part, scope));
  if (!(v instanceof Expression) || v.steps.some((s) => s.name === "Default")) return false;
  const { root } = v;
  const feed = root.kind === "named" ? scope.def.feeds?.[root.name] : undefined;
  if (feed?.saved) return scope.run.outcomes[feed.test]?.unread?.includes(root.name) ?? false;
  const outcome = root.kind === "prev" ? scope.run.prev[scope.def.slot] : feed && scope.run.outcomes[feed.test];
  return usable(outcome) && outcome.unread?.includes("") && insideBody(root.path);
}
function insideBody(path) { return path.length > 2 && path[0].text === "response" && path[1].text === "body"; }

function missingValue(run, def) {
  for (const name of def.needs ?? []) {
    const from = run.outcomes[def.feeds[name].test];
    if (!usable(from)) return `needs the value of \`${name}\`, but that test ${from ? fate(from) : "did not run"}`;
  }
  const before = def.needsPrev ? run.prev[def.slot] : null;
  return before && !usable(before) ? `needs the value of \`prev\`, but that test ${fate(before)}` : "";
}
function usable(outcome) { return outcome?.status === "passed" || outcome?.status === "failed"; }
function fate(outcome) { return outcome.status === "skipped" ? "was skipped" : "errored"; }

function attempts(run, def, scope, request, tags, name, erred) {
  const retry = def.retry ?? { most: 1, interval: 0 };
  scope.literal = true;
  const want = matchersOf(def.expect ?? [], scope);
  const until = def.retry && def.retry.until && retry.most > 1 ? matchersOf(def.retry.until, scope) : null;
  scope.literal = false;
  for (let n = 1; ; n++) {
    run.requests++;
    const response = exchange(request, tags);
    const last = n >= retry.most;
    if (response.error) {
      if (last) return erred(response.error);
    } else if (want.length === 0 && until === null) {
      return keep(def, name, response, "passed", scope);
    } else {
      const verdicts = want.map((w) => [w, w.holds(response)]);
      const missed = until === null ? [] : until.filter((w) => !w.holds(response));
      const passed = verdicts.every(([, held]) => held) && missed.length === 0;
      if (last || (until === null ? passed : missed.length === 0)) {
        report(def, name, tags, [...verdicts, ...missed.map((w) => [{ ...w, label: "retry.until " + w.label }, false])], response);
        return keep(def, name, response, passed ? "passed" : "failed", scope);
      }
    }
    const wait = n >= 100 && retry.interval < 10 ? 100 : retry.interval; // attempts without a wait do not go on for ever
    if (wait > 0) sleep(wait / 1000);
  }
}

function report(def, name, tags, verdicts, response) {
  let checks = {};
  for (const [w, held] of verdicts) {
    if (Object.hasOwn(checks, w.label)) { // two of the same words are two checks
      check(null, checks, tags);
      checks = {};
    }
    checks[w.label] = held;
    if (!held) complain(def.at + w.label, `${def.at}: failed: ${name}: ${mask(w.label)}, got ${brief(w.actual(response))}`);
  }
  if (verdicts.length > 0) check(null, checks, tags);
  if (counts.checkCount) counts.checkCount.add(verdicts.length, { test: def.id });
}

// keep is what other tests may use.
function keep(def, name, response, status, scope) {
  const record = {
    name, events: [],
    response: { status: response.status, headers: response.headers, body: response.body, metadata: response.metadata },
  };
  const saves = {};
  const unread = response.unread ? [""] : []; // with the names that would have come out of it
  for (const [key, path] of Object.entries(def.save ?? {})) {
    const found = walk(parsePath(path), record, ["response", "headers"]);
    if (found === undefined && response.unread && insideBody(parsePath(path))) unread.push(key);
    if (found === undefined) scope.warn(`save ${key}: \`${path}\` leads nowhere, so nothing is saved`);
    else saves[key] = found;
  }
  return { status, record, saves, unread };
}

const said = new Set();
// complain says a thing once for each of the first users, since a load would say it thousands of times.
function complain(key, message) {
  if (said.has(key) || said.size > 1000 || exec.vu.idInInstance > 10) return;
  said.add(key);
  console.warn(message);
}

// Outcomes travel from setup to the virtual users as JSON text, which keeps numbers exact.
function pack(run) { return jsonOf({ ...run.outcomes }); }
let unpacked = { text: "", outcomes: null };
function unpack(text) {
  if (unpacked.text !== text) unpacked = { text, outcomes: Object.assign(Object.create(null), parseJSON(text)) };
  return unpacked.outcomes;
}

// ---- Requests ----

function prepare(def, scope) {
  const request = { method: upper(textOf(evaluate(def.method ?? "", scope))) || "GET", headers: {} };
  const resource = textOf(evaluate(def.resource ?? "", scope));
  for (const [name, value] of Object.entries(def.headers ?? {})) request.headers[name] = textOf(evaluate(value, scope));
  const target = typeof def.target === "string" && !def.targets ? def.target : destination(def, scope);
  const field = (name) => (def[name] === undefined ? null : evaluate(def[name], scope));
  const [payload, query, whole, follow, most] = ["body", "query", "url", "followRedirects", "maxRedirects"].map(field);
  request.timeout = def.timeout ? timeoutOf(def.timeout, scope) : 30000;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(request.method)) throw new Error(`method: ${request.method} is no method`);
  if (whole !== null && typeof whole !== "string") throw new Error("url: want text");
  let url = whole || (target && resource ? target.replace(/\/+$/, "") + "/" + resource.replace(/^\/+/, "") : target || resource);
  url = withQuery(url, query);
  if (/[\x00-\x1f\x7f]/.test(url)) throw new Error("the address holds a line break or another control character");
  if (!/^https?:\/\/[^/?#]/i.test(url)) throw new Error(`${url} is no address of http or https`);
  request.url = /[^\x21-\x7e]/.test(url) ? url.replace(/[^\x21-\x7e]+/g, encodeURIComponent) : url;
  request.body = payload === null ? null : typeof payload === "string" ? payload : jsonOf(payload);
  const type = headerNamed(request.headers, "content-type");
  if (payload !== null && (type === undefined || trim(request.headers[type]) === "")) {
    if (type !== undefined) delete request.headers[type];
    request.headers["Content-Type"] = typeof payload === "string" ? "text/plain; charset=utf-8" : "application/json";
  }
  if (follow !== null && typeof follow !== "boolean") throw new Error("followRedirects: want true or false");
  if (most !== null && !(isNumber(most) && isWhole(decimalOf(most)) && Number(textOf(most)) >= 0)) {
    throw new Error("maxRedirects: want a whole number from 0");
  }
  request.redirects = follow === false ? -1 : most === null ? 10 : Number(textOf(most));
  return request;
}

function headerNamed(headers, folded) {
  for (const name in headers) if (name.length === folded.length && name.toLowerCase() === folded) return name;
  return undefined;
}

// destination follows the target: a name of `targets`, or a URL.
function destination(def, scope) {
  const text = trim(textOf(evaluate(def.target ?? "", scope)));
  if (def.targets && Object.hasOwn(def.targets, text)) return trim(textOf(evaluate(def.targets[text], scope)));
  return text;
}

function timeoutOf(candidates, scope) {
  for (const candidate of candidates) {
    const text = textOf(evaluate(candidate, scope));
    if (text === "") continue;
    const ms = specDuration(text) / 1e6;
    if (ms > 0) return ms;
  }
  return 30000;
}

// specDuration reads a duration as the language writes it, in nanoseconds.
function specDuration(text) {
  text = trim(text);
  const d = decimal(text);
  const ns = goDuration(d === null ? text : decimalText(d) + "ms");
  if (ns === null || ns < 0) throw new Error(`not a duration: ${text}`);
  return ns;
}

function withQuery(url, query) {
  if (query === null) return url;
  if (kindOf(query) !== "object") throw new Error("query: want a map of names to values");
  const pairs = [];
  for (const name of keysOf(query)) {
    for (const value of Array.isArray(query[name]) ? query[name] : [query[name]]) {
      if (value === null) continue;
      if (!isScalar(value)) throw new Error(`query.${name}: want text, a number, a bool, null or a list of these`);
      pairs.push(percentEncode(name) + "=" + percentEncode(isNumber(value) ? rawNumber(value) : textOf(value)));
    }
  }
  if (pairs.length === 0) return url;
  const hash = url.indexOf("#");
  const [base, fragment] = hash < 0 ? [url, ""] : [url.slice(0, hash), url.slice(hash)];
  const joint = !base.includes("?") ? "?" : /[?&]$/.test(base) ? "" : "&";
  return base + joint + pairs.join("&") + fragment;
}

function percentEncode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
}

// exchange sends a request and follows its redirects, as k6 would, but leaves credentials behind where a redirect leaves
// the origin. No cookies are kept: a test says what it sends.
let jar; // k6's own until a response sets a cookie, then an empty one each time
function exchange(request, tags) {
  let hop = request;
  const redirects = [];
  let took = 0;
  for (;;) {
    let res;
    try {
      res = http.request(hop.method, hop.url, hop.body, {
        headers: hop.headers, redirects: 0, timeout: Math.max(1, request.timeout - took), responseType: "text", jar, tags,
        throw: true, // else k6 would log the address, with the secrets that may be in it
      });
    } catch (e) {
      const why = String(e.message ?? e);
      return { error: /request timeout/.test(why) ? `timeout: no answer within ${request.timeout} ms` : why };
    }
    const { headers, timings, status: code, error_code: fault } = res;
    took += timings.blocked + timings.connecting + timings.tls_handshaking + timings.duration;
    if (code === 0 || (fault > 0 && (fault < 1400 || fault > 1599))) return { error: res.error || `no answer (k6 says ${fault})` };
    if (headerNamed(headers, "set-cookie") !== undefined) jar = new http.CookieJar();
    const location = request.redirects >= 0 && redirecting.includes(code) ? headerNamed(headers, "location") : undefined;
    if (location === undefined) return received(res, code, { ...headers }, took, redirects);
    const next = redirected(hop, code, headers[location]);
    if (typeof next === "string") return { error: next };
    if (redirects.length >= request.redirects) return { error: `redirect ${code}: more than ${request.redirects} redirects` };
    redirects.push({ status: code, location: next.url });
    hop = next;
  }
}
const redirecting = [301, 302, 303, 307, 308];

function received(res, code, headers, took, redirects) {
  const type = headerNamed(headers, "content-type");
  const text = res.body ?? "";
  let decoded = text === "" ? null : text;
  let unread = decoded !== null; // nothing is known of what is inside a text that was not read as JSON
  if (decoded !== null && type !== undefined && /json/i.test(headers[type])) {
    try {
      decoded = parseJSON(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
      unread = false;
    } catch (e) {
      if (!(e instanceof SyntaxError)) throw e; // text that only calls itself JSON stays text
    }
  }
  if (type !== undefined && /charset=(?!"?utf-?8)/i.test(headers[type]) && text.includes("\ufffd")) {
    complain("charset", `warning: a response is ${headers[type]}, which k6 reads as UTF-8: what is none became U+FFFD`);
  }
  const metadata = {
    get bytes() { return utf8Length(text); }, get proto() { return res.proto; }, get url() { return res.url; },
    get remote() { return `${res.remote_ip}:${res.remote_port}`; },
  };
  if (redirects.length > 0) metadata.redirects = redirects;
  return { error: "", status: code, headers, body: decoded, unread, metadata, took: Math.round(took * 1e6) };
}

function utf8Length(text) {
  return text.length + (text.match(/[\u0080-\u07ff]/g) ?? []).length + 2 * (text.match(/[\u0800-\ud7ff\ue000-\uffff]/g) ?? []).length +
    (text.match(/[\ud800-\udfff]/g) ?? []).length;
}

// redirected is the request that a redirect asks for, or why it is not made.
function redirected(hop, code, location) {
  const url = resolveURL(hop.url, location);
  if (!/^https?:\/\/[^/?#]/i.test(url)) return `redirect ${code}: ${url} is no address of http or https`;
  if (/^https:/i.test(hop.url) && /^http:/i.test(url)) return `redirect ${code}: it leads from https to http: it is not followed`;
  const next = { ...hop, url, headers: { ...hop.headers } };
  if (code === 303 || ((code === 301 || code === 302) && hop.method === "POST")) { // RFC 9110 section 15.4
    if (hop.method !== "HEAD") next.method = "GET";
    next.body = null;
    for (const name of Object.keys(next.headers)) if (/^content-/i.test(name)) delete next.headers[name];
  }
  if (originOf(url) !== originOf(hop.url)) {
    if (next.body) return `redirect ${code}: it leads to another origin, which would get the request's body`;
    for (const [name, value] of Object.entries(next.headers)) {
      if (/^host$/i.test(name) || looksLikeCredential(name.toLowerCase(), value)) delete next.headers[name];
    }
  }
  return next;
}

function looksLikeCredential(name, value) {
  if (name === "idempotency-key") return false;
  return /authoriz|authent|token|secret|passw|credential|apikey|accesskey|privatekey|session|cookie|signature|jwt|csrf|xsrf/.test(name) ||
    /(^|[-_.])(auth|authn|authz|key|pat|otp|sid|sig|hmac|pin|pass|pwd|bearer)([-_.]|$)/.test(name) ||
    /^(bearer|basic|digest|token|negotiate|ntlm|apikey|dpop|hoba|mutual|aws4-hmac-sha256) |^scram-/i.test(value) ||
    /^eyJ[^.]*\.[^.]*\.[^.]*$/.test(value) || [...secrets].some((s) => value.includes(s));
}

function splitURL(url) {
  const m = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?/.exec(url);
  return { scheme: m[1], authority: m[2], path: m[3], query: m[4] ?? "" };
}
function originOf(url) {
  const u = splitURL(url.toLowerCase());
  const host = u.authority.replace(/^.*@/, "").replace(/:$/, "");
  return u.scheme + "://" + (/:\d+$/.test(host) ? host : host + (u.scheme === "https" ? ":443" : ":80"));
}
// resolveURL follows RFC 3986 section 5.2; a server does not choose the credentials that are sent.
function resolveURL(base, reference) {
  const b = splitURL(base);
  const r = splitURL(reference);
  if (r.scheme !== undefined) return reference.replace(/^([^:/?#]+:\/\/)[^/?#]*@/, "$1").replace(/#.*$/s, "");
  const authority = (r.authority ?? b.authority).replace(/^.*@/, "");
  let path = r.path;
  let query = r.query;
  if (r.authority === undefined && path === "") {
    path = b.path;
    query = r.query || b.query;
  } else if (r.authority === undefined && !path.startsWith("/")) {
    path = (b.path || "/").replace(/[^/]*$/, "") + path;
  }
  const out = [];
  const parts = path.split("/");
  parts.forEach((part, i) => {
    if (part === "..") { if (out.length > 1) out.pop(); if (i === parts.length - 1) out.push(""); }
    else if (part === ".") { if (i === parts.length - 1) out.push(""); }
    else out.push(part);
  });
  return `${b.scheme}://${authority}${out.join("/") || "/"}${query}`;
}

// ---- Expectations ----

function matchersOf(list, scope) {
  return list.map((e) => {
    if (e.ready !== null) return e.ready;
    const matcher = parsed(e.area, evaluate(e.want, scope));
    const ready = {
      label: e.label,
      holds: (response) => holds(e, matcher, response),
      actual: (response) => subjectOf(e, response).value,
    };
    if (!e.templated) e.ready = ready;
    return ready;
  });
}

function parsed(area, want) {
  switch (area) {
    case "status": return statusMatcher(want);
    case "duration": return durationMatcher(want);
    case "headers": return headerMatcher(want);
  }
  return matcherOf(want, 0);
}

function subjectOf(e, response) {
  switch (e.area) {
    case "status": return { found: true, value: response.status };
    case "duration": return { found: true, value: response.took };
    case "headers": {
      const values = headerValues(response.headers, e.name);
      return values.length === 0 ? { found: false, value: null } : { found: true, value: values };
    }
  }
  const value = walk(e.path, response.body, null);
  return value === undefined ? { found: false, value: null } : { found: true, value };
}

// headerValues are all values of a header. k6 joins the values of a repeated header, and only those of Set-Cookie can be
// told apart again. A test of this script may give lists.
function headerValues(headers, name) {
  const values = [];
  for (const key of Object.keys(headers).sort()) {
    if (key.toLowerCase() !== name.toLowerCase()) continue;
    const value = headers[key];
    if (Array.isArray(value)) values.push(...value);
    else if (key.toLowerCase() === "set-cookie") values.push(...value.split(/, (?=[!#$%&'*+.^_`|~0-9A-Za-z-]+=)/));
    else values.push(value);
  }
  return values;
}

function holds(e, matcher, response) {
  const subject = subjectOf(e, response);
  if (e.area === "body" && !subject.found && response.unread) return false;
  if (e.area !== "headers" || !subject.found) return matcher.match(subject);
  const values = subject.value;
  if (matcher.kind === "list") {
    return matcher.match(subject) || (values.length === 1 && matcher.match({ found: true, value: values[0].split(", ") }));
  }
  const candidates = values.length === 1 ? values : [...values, values.join(", ")];
  if (refused(matcher, candidates)) return false;
  return candidates.some((value) => matcher.match({ found: true, value }));
}

// refused applies what forbids a value to each of them.
function refused(matcher, candidates) {
  if (matcher.kind === "not") return candidates.some((value) => !matcher.match({ found: true, value }));
  return matcher.kind === "all" && matcher.of.some((one) => refused(one, candidates));
}

const invalid = { kind: "invalid", match: () => false };
function matching(kind, match) { return { kind, match }; }
function equalTo(want, loose) {
  return matching("equal", (s) => equal(want, s.value, 0) || (loose && equalLoosely(want, s.value)));
}
function not(matcher) { return matching("not", (s) => !matcher.match(s)); }
function all(of) { return { kind: "all", of, match: (s) => of.every((m) => m.match(s)) }; }
function any(of) { return matching("any", (s) => of.some((m) => m.match(s))); }
function classOf(hundred) {
  return matching("class", (s) => {
    const d = numeric(s.value);
    return d !== null && compare(d, decimal(String(hundred * 100))) >= 0 && compare(d, decimal(String(hundred * 100 + 100))) < 0;
  });
}
function ordered(op, want) {
  return matching("order", (s) => {
    const d = s.found ? numeric(s.value) : null;
    return d !== null && inOrder(op, compare(d, want));
  });
}
function inOrder(op, order) {
  switch (op) {
    case "gt": return order > 0;
    case "gte": return order >= 0;
    case "lt": return order < 0;
    case "lte": return order <= 0;
    case "ne": return order !== 0;
  }
  return order === 0;
}
function existing(want) { return matching("exists", (s) => (s.found && kindOf(s.value) !== "null") === want); }

const operators = ["eq", "ne", "gt", "gte", "lt", "lte", "contains", "matches", "is", "exists", "notExists", "oneOf"];
const symbols = { ">=": "gte", "<=": "lte", "==": "eq", "!=": "ne", ">": "gt", "<": "lt" };

// takeApart finds the operator of a text form.
function takeApart(text) {
  const trimmed = trim(text);
  for (const symbol of Object.keys(symbols)) {
    if (trimmed.startsWith(symbol)) return { op: symbols[symbol], operand: trimmed.slice(symbol.length).replace(/^[ \t\r\n]+/, "") };
  }
  const m = /^([^ \t\r\n]*)([^]*)$/.exec(trimmed);
  const word = m[1];
  const known = ["contains", "matches", "is", "exists", "notExists", "oneOf"].includes(word);
  if (!known || (word === "exists" || word === "notExists") !== (word === trimmed)) return { op: "", operand: trimmed };
  return { op: word, operand: m[2].replace(/^[ \t\r\n]+/, "") };
}

const maxNesting = 200;

// matcherOf reads any expectation: a text form, a map form, a value.
function matcherOf(want, depth) {
  if (want instanceof Literal) return equalTo(unwrap(want), false);
  if (depth >= maxNesting) return invalid;
  switch (kindOf(want)) {
    case "text": return textMatcher(want);
    case "list": return listMatcher(want.map((item) => matcherOf(item, depth + 1)));
    case "object": {
      const keys = keysOf(want);
      if (keys.length === 0 || !keys.every((key) => operators.includes(key))) return objectMatcher(want, false, depth);
      const of = keys.map((key) => operatorMatcher(key, want[key], depth));
      return of.length === 1 ? of[0] : all(of);
    }
  }
  return equalTo(want, false);
}

function textMatcher(text) {
  const { op, operand } = takeApart(text);
  switch (op) {
    case "": return equalTo(operand, false);
    case "eq": return equalTo(operand, true);
    case "ne": return not(equalTo(operand, true));
    case "contains": return containing(operand, null, true);
    case "exists": return existing(true);
    case "notExists": return existing(false);
    case "oneOf": return any(operand.split(",").map((part) => equalTo(trim(part), true)));
  }
  return operandMatcher(op, operand, operand);
}

function operatorMatcher(op, raw, depth) {
  const operand = unwrap(raw);
  switch (op) {
    case "eq": return equalTo(operand, false);
    case "ne": return not(equalTo(operand, false));
    case "contains": {
      const part = kindOf(operand) === "object" && !(raw instanceof Literal) ? objectMatcher(operand, true, depth) : null;
      return containing(operand, part, false);
    }
    case "exists":
    case "notExists":
      if (operand !== null && typeof operand !== "boolean") return invalid;
      return existing((operand ?? true) === (op === "exists"));
    case "oneOf":
      if (Array.isArray(operand)) return operand.length === 0 ? invalid : any(operand.map((item) => equalTo(item, false)));
      return typeof operand === "string" ? any(operand.split(",").map((part) => equalTo(trim(part), true))) : invalid;
    case "is":
      if (operand === null) return typeMatcher("null");
  }
  return isScalar(operand) ? operandMatcher(op, trim(textOf(operand)), operand) : invalid;
}

function operandMatcher(op, text, raw) {
  switch (op) {
    case "matches": {
      const pattern = patternOf(text);
      return pattern === null ? invalid : matching("matches", (s) => isScalar(s.value) && pattern.test(textOf(s.value)));
    }
    case "is": return typeMatcher(text);
  }
  const d = numeric(text);
  return d === null || typeof raw === "boolean" ? invalid : ordered(op, d);
}

// patternOf is a pattern of the specs, translated, or one that a template made up.
function patternOf(text) {
  if (Object.hasOwn(patterns, text)) return patterns[text];
  const flags = /^\(\?([ims]+)\)/.exec(text);
  try {
    return flags ? new RegExp(text.slice(flags[0].length), "u" + flags[1]) : new RegExp(text, "u");
  } catch (e) {
    return null;
  }
}

function objectMatcher(want, partial, depth) {
  const keys = keysOf(want);
  const inside = keys.map((key) => matcherOf(want[key], depth + 1));
  return matching("object", (s) => {
    const got = unwrap(s.value);
    if (kindOf(got) !== "object") return false;
    if (!partial && Object.keys(got).some((key) => !Object.hasOwn(want, key))) return false;
    return keys.every((key, i) => {
      const found = Object.hasOwn(got, key);
      return inside[i].match({ found, value: found ? got[key] : null });
    });
  });
}

function listMatcher(inside) {
  return matching("list", (s) => {
    const got = unwrap(s.value);
    return Array.isArray(got) && got.length === inside.length && inside.every((m, i) => m.match({ found: true, value: got[i] }));
  });
}

function containing(want, part, loose) {
  const inList = (items, wanted, p) => items.some((item) => (p !== null && kindOf(item) === "object"
    ? p.match({ found: true, value: item }) : equal(wanted, item, 0) || (loose && equalLoosely(wanted, item))));
  return matching("contains", (s) => {
    switch (kindOf(s.value)) {
      case "list": return inList(s.value, want, part) || (Array.isArray(want) && want.every((w) => inList(s.value, w, null)));
      case "object": return part !== null && part.match(s);
      case "null": return false;
    }
    return isScalar(want) && textOf(s.value).includes(textOf(want));
  });
}

function statusMatcher(want) {
  if (want instanceof Literal) return equalTo(unwrap(want), false);
  switch (kindOf(want)) {
    case "number": return equalTo(want, false);
    case "text": return statusText(want);
    case "list":
      if (want.length === 0 || !want.every((item) => isScalar(item) && typeof unwrap(item) !== "boolean")) return invalid;
      return anyStatus(want.map((item) => (isNumber(unwrap(item)) ? equalTo(item, false) : statusText(textOf(unwrap(item))))));
    case "object": {
      const keys = keysOf(want);
      if (keys.length === 0 || !keys.every((key) => operators.includes(key))) return invalid;
      return all(keys.map((key) => statusOperator(key, want[key])));
    }
  }
  return invalid;
}
function equalOrClass(text) { return /^[1-9]xx$/i.test(text) ? classOf(Number(text[0])) : equalTo(text, true); }
function anyStatus(of) { return of.includes(invalid) ? invalid : any(of); }
// isMisspelt is true for a word that was meant to be a number or a class and is neither.
function isMisspelt(word) {
  return !/^[1-9]xx$/i.test(word) && (/^[0-9xX]*[xX][0-9xX]*$/.test(word) || /^[0-9][0-9A-Za-z]{0,2}[A-Za-z][0-9A-Za-z]?$/.test(word));
}
function statusText(text) {
  const { op, operand } = takeApart(text);
  switch (op) {
    case "":
      if (/^[1-9]xx$/i.test(operand)) return classOf(Number(operand[0]));
      return operand === "" || isMisspelt(operand) ? invalid : equalTo(operand, false);
    case "eq": return equalOrClass(operand);
    case "ne": return not(equalOrClass(operand));
    case "oneOf": return anyStatus(operand.split(",").map((part) => (isMisspelt(trim(part)) ? invalid : equalOrClass(trim(part)))));
  }
  return textMatcher(text);
}
function statusOperator(op, raw) {
  if (typeof raw === "string") {
    if (op === "eq") return equalOrClass(trim(raw));
    if (op === "ne") return not(equalOrClass(trim(raw)));
    if (op === "oneOf") return any(raw.split(",").map((part) => equalOrClass(trim(part))));
  }
  return op === "oneOf" && Array.isArray(raw) ? statusMatcher(raw) : operatorMatcher(op, raw, 0);
}

function headerMatcher(want) {
  const plain = unwrap(want);
  if (typeof plain === "boolean" || isNumber(plain)) return equalTo(textOf(plain), false);
  const matcher = matcherOf(want, 0);
  return matcher.kind === "object" ? invalid : matcher;
}

function durationMatcher(raw) {
  const want = unwrap(raw);
  switch (kindOf(want)) {
    case "number": return durationLimit("lte", textOf(want));
    case "text": {
      const { op, operand } = takeApart(want);
      return durationLimit(op || "lte", operand);
    }
    case "object": {
      const keys = keysOf(want);
      return keys.length === 0 || !keys.every((key) => isScalar(unwrap(want[key])))
        ? invalid : all(keys.map((key) => durationLimit(key, textOf(unwrap(want[key])))));
    }
  }
  return invalid;
}
function durationLimit(op, text) {
  text = text.replace(/\s+/g, "");
  const limit = goDuration(decimal(text) === null ? text : text + "ms");
  if (limit === null || limit < 0 || !["eq", "ne", "gt", "gte", "lt", "lte"].includes(op)) return invalid;
  return matching("duration", (s) => inOrder(op, Math.sign(s.value - limit)));
}

// goDuration reads a duration as Go writes it, such as 1m30s, in nanoseconds; null where it is none.
function goDuration(text) {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!/^[+-]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return null;
  const units = { ns: 1, us: 1e3, "µs": 1e3, "μs": 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };
  let ns = 0;
  for (const m of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) ns += Math.trunc(Number(m[1]) * units[m[2]]);
  return text.startsWith("-") ? -ns : ns;
}

// condition reads the operator and operand of a `when`; nothing asks for a truthy value.
function condition(text) {
  text = trim(text);
  if (text === "") return (value) => truthy(value);
  if (takeApart(text).op === "" && !text.includes("{{")) throw new Error(`when: \`${text.split(" ")[0]}\` is no operator`);
  const matcher = textMatcher(text);
  if (matcher === invalid) throw new Error(`when: \`${text}\` cannot be compared with`);
  return (value, found) => matcher.match({ found, value });
}

// ---- Types ----

const types = {
  null: (v) => kindOf(v) === "null", bool: (v) => kindOf(v) === "bool", int: (v) => isNumber(v) && isWhole(decimalOf(v)),
  number: isNumber, string: (v) => typeof v === "string", array: (v) => Array.isArray(v), object: (v) => kindOf(v) === "object",
  email: (v) => typeof v === "string" && isEmail(v), url: (v) => typeof v === "string" && isURL(v),
  uuid: (v) => typeof v === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(v),
  date: (v) => typeof v === "string" && isDate(v), datetime: (v) => typeof v === "string" && isDateTime(v),
  ip: (v) => typeof v === "string" && (isIPv4(v) || isIPv6(v)),
};
const synonyms = { nil: "null", boolean: "bool", integer: "int", float: "number", list: "array", slice: "array", map: "object" };
function typeMatcher(word) {
  word = word.toLowerCase();
  const name = Object.hasOwn(synonyms, word) ? synonyms[word] : word;
  return Object.hasOwn(types, name) ? matching("is", (s) => types[name](unwrap(s.value))) : invalid;
}
function isEmail(s) {
  return /^[A-Za-z0-9!#$%&'*+\/=?^_`{|}~\u0080-\u{10ffff}-]+(\.[A-Za-z0-9!#$%&'*+\/=?^_`{|}~\u0080-\u{10ffff}-]+)*@/u.test(s) &&
    (/@[A-Za-z0-9!#$%&'*+\/=?^_`{|}~\u0080-\u{10ffff}-]+(\.[A-Za-z0-9!#$%&'*+\/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u.test(s) ||
      (/@\[[^\]]+\]$/.test(s) && (isIPv4(s.replace(/^.*@\[|\]$/g, "")) || isIPv6(s.replace(/^.*@\[|\]$/g, "")))));
}
function isURL(s) {
  const m = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/([^/?#]*)([^?#]*)|([^/?#][^?#]*))/.exec(s);
  if (m === null || /[\x00-\x20\x7f]/.test(s) || /%(?![0-9A-Fa-f]{2})/.test((m[1] ?? "") + (m[2] ?? ""))) return false;
  if (m[1] === undefined) return true;
  const host = m[1].replace(/^.*@/, "");
  return m[1] !== "" && host !== "" && /^[A-Za-z0-9._~!$&'()*+,;=:[\]<>"%\u0080-\uffff-]*$/.test(host) &&
    /^(\[[^\]]*\]|[^:[\]]*)(:[0-9]*)?$/.test(host);
}
function isDate(s) {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(s);
  if (m === null) return false;
  const [year, month, day] = [Number(m[1]), Number(m[2]), Number(m[3])];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month >= 1 && month <= 12 && day >= 1 && day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}
function isDateTime(s) {
  const m = /^(\d{4}-\d\d-\d\d)([T ])(\d\d?):(\d\d):(\d\d)(?:[.,]\d+)?(Z|[+-](\d\d):(\d\d))?$/.exec(s);
  return m !== null && isDate(m[1]) && Number(m[3]) < 24 && Number(m[4]) < 60 && Number(m[5]) < 60 &&
    (m[7] === undefined || (Number(m[7]) <= 24 && Number(m[8]) <= 60));
}
function isIPv4(s) { return /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(s) && s.split(".").every((n) => Number(n) < 256); }
function isIPv6(s) {
  const v4 = /^(.*:)(\d[\d.]*\.[\d.]*)$/.exec(s);
  if (v4 !== null) {
    if (!isIPv4(v4[2])) return false;
    s = v4[1] + "0:0";
  }
  const halves = s.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!s.includes(":") || !groups.every((g) => /^[0-9A-Fa-f]{1,4}$/.test(g))) return false;
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
}

// ---- Values: null, bools, texts, lists, objects, and numbers, which are Num where JavaScript's would not be exact ----

function unwrap(v) {
  while (v instanceof Literal) v = v.literal;
  return v === undefined ? null : v;
}
function kindOf(v) {
  switch (typeof v) {
    case "string": return "text";
    case "number": return "number";
    case "boolean": return "bool";
    case "undefined": return "null";
  }
  if (v === null) return "null";
  if (Array.isArray(v)) return "list";
  if (v instanceof Num) return "number";
  return v instanceof Literal ? kindOf(v.literal) : "object";
}
function isNumber(v) { return typeof v === "number" || v instanceof Num; }
function isScalar(v) {
  const kind = kindOf(v);
  return kind === "text" || kind === "number" || kind === "bool";
}
function keysOf(object) { return Object.keys(unwrap(object)).sort(); }

// decimal reads a number in JSON's grammar exactly: 0.digits × 10^exp. It is null for any other text.
function decimal(text) {
  const m = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (m === null) return null;
  const digits = m[2] + (m[3] ?? "");
  const trimmed = digits.replace(/^0+/, "");
  const exp = m[2].length - (digits.length - trimmed.length) + Math.max(-(2 ** 40), Math.min(2 ** 40, Number(m[4] ?? 0)));
  const significant = trimmed.replace(/0+$/, "");
  return significant === "" ? { neg: false, digits: "", exp: 0 } : { neg: m[1] === "-", digits: significant, exp };
}
function rawNumber(v) { return v instanceof Num ? v.number : Object.is(v, -0) ? "-0" : String(v); }
function decimalOf(v) { return decimal(rawNumber(v)); }
function numeric(v) {
  v = unwrap(v);
  return typeof v === "string" ? decimal(plainNumber(v)) : isNumber(v) ? decimalOf(v) : null;
}
// plainNumber takes off the sign + and the zeros that may begin a number in text.
function plainNumber(text) {
  const m = /^([+-]?)0*([0-9].*)$/s.exec(text);
  return m === null ? text : (m[1] === "-" ? "-" : "") + m[2];
}
function compare(a, b) {
  const sign = (d) => (d.digits === "" ? 0 : d.neg ? -1 : 1);
  if (sign(a) !== sign(b)) return sign(a) - sign(b);
  if (a.digits === "") return 0;
  const order = a.exp !== b.exp ? a.exp - b.exp : a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
  return a.neg ? -order : order;
}
function isWhole(d) { return d.digits === "" || d.digits.length <= d.exp; }
function decimalText(d) {
  const sign = d.neg ? "-" : "";
  if (d.digits === "") return "0";
  if (Math.abs(d.exp) > 4096) return `${sign}0.${d.digits}e${d.exp}`;
  if (d.exp <= 0) return sign + "0." + "0".repeat(-d.exp) + d.digits;
  if (d.digits.length <= d.exp) return sign + d.digits + "0".repeat(d.exp - d.digits.length);
  return sign + d.digits.slice(0, d.exp) + "." + d.digits.slice(d.exp);
}
function numberText(v) {
  const text = rawNumber(v);
  if (!/e/i.test(text)) return text;
  const d = decimal(text);
  return d !== null && isWhole(d) && d.exp <= 400 ? decimalText(d) : text;
}

// textOf prints a value as it stands inside text: text without quotes, everything else as JSON.
function textOf(v) {
  v = unwrap(v);
  return typeof v === "string" ? v : jsonOf(v, numberText);
}
function jsonOf(v, number = rawNumber) {
  v = unwrap(v);
  switch (kindOf(v)) {
    case "null": return "null";
    case "bool": return String(v);
    case "number": return number(v);
    case "text": return quote(v);
    case "list": return "[" + v.map((item) => jsonOf(item, number)).join(",") + "]";
  }
  return "{" + keysOf(v).map((key) => quote(key) + ":" + jsonOf(v[key], number)).join(",") + "}";
}
function quote(text) { return JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16)); }
function brief(v) {
  const text = mask(jsonOf(v ?? null, numberText));
  return text.length > 160 ? text.slice(0, 160) + "…" : text;
}

// parseJSON keeps the numbers that JavaScript would round, or write otherwise: they travel through JSON.parse as marked
// texts. A text of the response that begins like a mark gets a mark of its own, which is taken off again.
function parseJSON(text) {
  if (!/[0-9]{16}|[0-9][.eE]|-0|\\u0000|\\u[dD]/.test(text)) return JSON.parse(text);
  const isKey = (end) => /^\s*:/.test(text.slice(end));
  const marked = text.replace(/"(?:[^"\\]|\\[^])*"(?=\s*:)|"(?:[^"\\]|\\[^])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g,
    (token, offset) => {
      if (token[0] === '"') return token.startsWith('"\\u0000') && !isKey(offset + token.length) ? '"\\u0000s' + token.slice(1) : token;
      return String(Number(token)) === token || isKey(offset + token.length) ? token : `"\\u0000n${token}"`;
    });
  return JSON.parse(marked, (key, v) => {
    if (typeof v !== "string") return v;
    if (v[0] === "\u0000") return v[1] === "n" ? new Num(v.slice(2)) : v.slice(2);
    return [...v].map((c) => (c >= "\ud800" && c <= "\udfff" && c.length === 1 ? "\ufffd" : c)).join(""); // no half characters
  });
}

const maxDepth = 1000;
function equal(want, got, depth) {
  want = unwrap(want);
  got = unwrap(got);
  if (want === got && typeof want !== "object") return true;
  if (depth > maxDepth) return false;
  const kind = kindOf(want);
  switch (kind) {
    case "null": return kindOf(got) === "null";
    case "bool": return got === want;
    case "list":
      return Array.isArray(got) && got.length === want.length && want.every((item, i) => equal(item, got[i], depth + 1));
    case "object":
      return kindOf(got) === "object" && Object.keys(got).every((key) => Object.hasOwn(want, key)) &&
        Object.keys(want).every((key) => equal(want[key], Object.hasOwn(got, key) ? got[key] : null, depth + 1));
  }
  const number = numeric(want);
  if (number !== null) {
    const other = numeric(got);
    return other !== null && compare(number, other) === 0;
  }
  return typeof want === "string" && want === got;
}
// equalLoosely compares the operand of a text form with what JSON would read from it.
function equalLoosely(want, got) {
  got = unwrap(got);
  return (want === "true" && got === true) || (want === "false" && got === false) || (want === "null" && got === null);
}
function truthy(v) {
  v = unwrap(v);
  switch (kindOf(v)) {
    case "null": return false;
    case "bool": return v;
    case "number": return decimalOf(v).digits !== "";
    case "text": return !["", "false", "no", "off", "0", "null"].includes(trim(v).toLowerCase());
    case "list": return v.length > 0;
  }
  return Object.keys(v).length > 0;
}
// trim takes off what Unicode calls white space, as Go does.
function trim(text) {
  return text.replace(/^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, "")
    .replace(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/, "");
}

// ---- Paths ----

function parsePath(text = ".") {
  parsePath.known ??= new Map(); // a constant would not be there yet when the tables are made
  let path = parsePath.known.get(text);
  if (path === undefined) {
    path = readPath(text);
    if (parsePath.known.size < 10000) parsePath.known.set(text, path);
  }
  return path;
}
function readPath(s) {
  const path = [];
  if (s === ".") return path;
  let i = s[0] === "." ? 1 : 0;
  do {
    const segment = s[i] === "[" ? bracket(s, i) : plainSegment(s, i);
    path.push(segment);
    i = segment.next;
    if (s[i] === ".") {
      i++;
      if (i === s.length) path.push(plainSegment(s, i));
    }
  } while (i < s.length && path.length < 200);
  path.source = s;
  return path;
}
function blank(c) { return c === " " || c === "\t" || c === "\n" || c === "\r"; }
function indexOf(text) { return /^(0|-?[1-9][0-9]{0,15})$/.test(text) ? Number(text) : null; }
function plainSegment(s, i) {
  let start = i;
  let escaped = false;
  while (i < s.length && s[i] !== "." && s[i] !== "[") {
    if (s[i] === "\\" && i + 1 < s.length) { escaped = true; i++; }
    i++;
  }
  let end = i;
  while (start < end && blank(s[start])) start++;
  while (end > start && blank(s[end - 1])) end--;
  const text = s.slice(start, end);
  if (escaped) return { kind: "key", text: text.replace(/\\([^])/g, "$1"), index: null, start, end, next: i };
  return { kind: text === "#" ? "each" : "name", text, index: indexOf(text), start, end, next: i };
}
function bracket(s, start) {
  let i = start + 1;
  while (i < s.length && blank(s[i])) i++;
  if (s[i] === '"' || s[i] === "'") return quotedKey(s, start, i);
  const stop = s.indexOf("]", i);
  const next = stop < 0 ? s.length : stop + 1;
  const text = s.slice(i, stop < 0 ? s.length : stop).replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, "");
  const index = indexOf(text);
  return { kind: index === null ? "key" : "index", text, index, start, end: next, next };
}
function quotedKey(s, start, open) {
  let text = "";
  let i = open + 1;
  while (i < s.length && s[i] !== s[open]) {
    if (s[i] === "\\" && i + 1 < s.length) i++;
    text += s[i++];
  }
  if (i < s.length) {
    const stop = s.indexOf("]", i + 1);
    i = stop < 0 ? i + 1 : stop + 1;
  }
  return { kind: "key", text, index: null, start, end: i, next: i };
}

// walk follows a path into a value; undefined where it leads nowhere. The keys of the object at fold are compared without
// regard to case. Keys with dots make the walk branch, which the budget bounds.
function walk(path, v, fold) { return step(path, unwrap(v), 0, fold, { left: 100000 }); }

function step(path, v, i, fold, budget) {
  if (i === path.length) return v === undefined ? null : v;
  if (--budget.left <= 0) return undefined;
  const segment = path[i];
  const isLength = segment.kind === "name" && segment.text === "length";
  switch (kindOf(v)) {
    case "object": return stepObject(path, v, i, fold, budget, isLength);
    case "list": {
      if (segment.kind === "each") return stepEach(path, v, i, fold, budget);
      if (segment.index !== null && segment.kind !== "key") {
        const n = segment.index < 0 ? segment.index + v.length : segment.index;
        return n < 0 || n >= v.length ? undefined : step(path, v[n], i + 1, fold, budget);
      }
      return isLength ? step(path, v.length, i + 1, fold, budget) : undefined;
    }
    case "text": return isLength ? step(path, [...v].length, i + 1, fold, budget) : undefined;
  }
  return undefined;
}
function stepObject(path, v, i, fold, budget, isLength) {
  const folds = fold !== null && i === fold.length && fold.every((key, n) => path[n].text === key);
  const keyLike = (key) => (Object.hasOwn(v, key) ? key
    : folds ? keysOf(v).find((k) => k.toLowerCase() === key.toLowerCase()) : undefined);
  let key = keyLike(path[i].text);
  if (key !== undefined) {
    const found = step(path, v[key], i + 1, fold, budget);
    if (found !== undefined) return found;
  }
  if (path[i].kind === "name") {
    for (let j = i + 1; j < path.length && path[j].kind === "name"; j++) {
      key = keyLike(path.source.slice(path[i].start, path[j].end));
      if (key === undefined) continue;
      const found = step(path, v[key], j + 1, fold, budget);
      if (found !== undefined) return found;
    }
  }
  return isLength ? step(path, Object.keys(v).length, i + 1, fold, budget) : undefined;
}
function stepEach(path, v, i, fold, budget) {
  if (i + 1 === path.length) return v;
  const results = v.map((item) => step(path, unwrap(item), i + 1, fold, budget));
  return v.length > 0 && results.every((r) => r === undefined) ? undefined : results.map((r) => (r === undefined ? null : r));
}

// ---- Templates ----

function holdsTemplate(v) {
  if (v instanceof Template || v instanceof Expression) return true;
  if (v instanceof Num || v === null || typeof v !== "object") return false;
  return Object.values(v).some(holdsTemplate);
}

// asWritten puts templates back as they stand in the spec.
function asWritten(v) {
  if (v instanceof Expression) return v.source;
  if (v instanceof Template) return v.parts.map((part) => (part instanceof Expression ? part.source : part)).join("");
  if (Array.isArray(v)) return v.map(asWritten);
  if (v instanceof Num || v === null || typeof v !== "object") return v;
  return Object.fromEntries(Object.entries(v).map(([key, inner]) => [key, asWritten(inner)]));
}

// evaluate replaces every template inside a value. One that cannot be resolved stays as it is written.
function evaluate(v, scope) {
  if (typeof v !== "object" || v === null) return v;
  if (v instanceof Expression) {
    try {
      const value = resolve(v, scope);
      return scope.literal && isForeign(v) ? new Literal(value) : value;
    } catch (e) {
      unresolved(v, e, scope);
      return v.source;
    }
  }
  if (v instanceof Template) return evaluateText(v, scope);
  if (Array.isArray(v)) return v.map((item) => evaluate(item, scope));
  if (v instanceof Num) return v;
  return Object.fromEntries(Object.entries(v).map(([key, inner]) => [key, evaluate(inner, scope)]));
}
function evaluateText(template, scope) {
  let text = "";
  let literal = false;
  template.parts.forEach((part, i) => {
    if (!(part instanceof Expression)) {
      text += part;
      return;
    }
    try {
      const value = textOf(resolve(part, scope));
      literal = literal || (i <= 1 && /^[ \t\n\r]*$/.test(text) && isForeign(part));
      text += value;
    } catch (e) {
      unresolved(part, e, scope);
      text += part.source;
    }
  });
  return scope.literal && literal ? new Literal(text) : text;
}
function isForeign(expression) { return expression.root.kind !== "env" && expression.root.kind !== "row"; }

// A Lack is a value that is not there. Any other error is a fault of this script.
function Lack(message, fatal) { this.message = message; this.fatal = fatal; }
function lack(message) { throw new Lack(message, false); }
function unresolved(expression, e, scope) {
  if (!(e instanceof Lack)) throw e;
  if (e.fatal) throw new Error(`template ${expression.source}: ${e.message}`);
  scope.unresolved++;
  scope.warn(`${expression.source} stays as written: ${e.message}`);
}

function resolve(expression, scope) {
  let value = null;
  let failure = null;
  const { root, steps } = expression;
  for (let i = -1; i < steps.length; i++) {
    const s = steps[i];
    if (i >= 0 && s.name === "Default") {
      if (failure !== null || kindOf(value) === "null") value = s.args[0];
      failure = null;
    } else if (failure === null) {
      try {
        value = i < 0 ? rootValue(root, scope) : stepValue(s, value);
      } catch (e) {
        if (!(e instanceof Lack) || e.fatal) throw e;
        failure = e;
      }
    }
    if (failure === null && root.kind === "env") remember(textOf(value));
  }
  if (failure !== null) throw failure;
  return unwrap(value);
}
function stepValue(s, value) {
  if (s.name !== undefined) return methods[s.name](unwrap(value), ...s.args);
  const found = walk(s.path, value, null);
  return found === undefined ? lack("the value has no such key") : found;
}

function rootValue(root, scope) {
  switch (root.kind) {
    case "env": {
      const value = Object.hasOwn(__ENV, root.name) ? __ENV[root.name] : undefined;
      if (value === undefined) lack(`the environment variable \`${root.name}\` is not set`);
      remember(value);
      return value;
    }
    case "fake": return generators[root.name](...root.args);
    case "regex": return madeUp(root);
    case "row":
      if (scope.row === null || !Object.hasOwn(scope.row, root.name)) lack(`the row of \`matrix\` has no key \`${root.name}\``);
      return follow(root.path, scope.row[root.name], null, root.name);
    case "named": return namedValue(root, scope);
    case "prev": {
      const outcome = scope.run.prev[scope.def.slot];
      if (!outcome) lack("there is no test before this one");
      if (!usable(outcome)) lack("the test before " + fate(outcome));
      return follow(root.path, outcome.record, ["response", "headers"], "prev");
    }
    case "wrong": throw new Lack(root.message, true);
  }
  return lack(root.message);
}
function namedValue(root, scope) {
  const feeds = scope.def.feeds ?? {};
  const feed = Object.hasOwn(feeds, root.name) ? feeds[root.name] : null;
  if (feed === null) lack(`\`${root.name}\` is neither an alias nor a saved value`);
  const outcome = scope.run.outcomes[feed.test];
  if (!usable(outcome)) lack(`needs the value of \`${root.name}\`, but that test ${outcome ? fate(outcome) : "did not run"}`);
  if (!feed.saved) return follow(root.path, outcome.record, ["response", "headers"], root.name);
  if (!Object.hasOwn(outcome.saves, root.name)) lack(`nothing was put aside as \`${root.name}\``);
  return follow(root.path, outcome.saves[root.name], null, root.name);
}
function follow(path, v, fold, name) {
  const found = walk(path, v, fold);
  return found === undefined ? lack(`\`${name}\` has no \`${path.source}\``) : found;
}

// Values of the environment are kept out of the log, and so is what methods make of them.
const secrets = new Set();
function remember(value) {
  if (value.length < 4 || /^(true|false|null|none|localhost|127\.0\.0\.1)$/i.test(value)) return;
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#@]+(\/[^/?#]{0,12})*$/i.test(value)) return; // a plain base URL
  if (secrets.size < 1000) secrets.add(value);
}
function mask(text) {
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) text = text.replaceAll(secret, "***");
  return text;
}

function upper(text) { return text.replace(/[a-z]/g, (c) => c.toUpperCase()); }

// ---- Methods ----

function scalarText(v) { return isScalar(v) ? textOf(v) : lack(`wants text, not ${kindOf(v)}`); }
function spelledNumber(v) {
  const d = numeric(typeof v === "string" ? trim(v) : v);
  return d === null ? lack("wants a number") : d;
}
function eachLetter(text, change) {
  return [...text].map((c) => { const changed = change(c); return [...changed].length === 1 ? changed : c; }).join("");
}
function toUpper(text) { return eachLetter(text, (c) => c.toUpperCase()); }
function toLower(text) { return eachLetter(text, (c) => c.toLowerCase()); }
function capitalize(text) { const [first = "", ...others] = text; return toUpper(first) + others.join(""); }
function wordsOf(text) {
  const letters = [...text];
  const list = [];
  let word = "";
  const isUpper = (c) => c !== undefined && c !== c.toLowerCase();
  const isLower = (c) => c !== undefined && c !== c.toUpperCase();
  const isDigit = (c) => c !== undefined && /[0-9]/.test(c);
  const isBlank = (c) => trim(c) === "";
  letters.forEach((c, i) => {
    const isSign = c === "-" && word === "" && (i === 0 || isBlank(letters[i - 1])) && isDigit(letters[i + 1]);
    if ((isBlank(c) || c === "-" || c === "_") && !isSign) {
      if (word) list.push(word);
      word = "";
      return;
    }
    const before = letters[i - 1];
    if (isUpper(c) && word && (isLower(before) || isDigit(before) || (isLower(letters[i + 1]) && isUpper(before)))) {
      list.push(word);
      word = "";
    }
    word += c;
  });
  return word ? [...list, word] : list;
}
function pad(v, n, fill, left) {
  const text = scalarText(v);
  const letters = [...(fill || " ")];
  const added = Array.from({ length: Math.max(0, Number(n) - [...text].length) }, (_, i) => letters[i % letters.length]).join("");
  return left ? added + text : text + added;
}

const methods = {
  ToUpper: (v) => toUpper(scalarText(v)),
  ToLower: (v) => toLower(scalarText(v)),
  TrimSpace: (v) => trim(scalarText(v)),
  Replace: (v, was, now) => scalarText(v).split(was).join(now),
  PadLeft: (v, n, fill) => pad(v, n, fill, true),
  PadRight: (v, n, fill) => pad(v, n, fill, false),
  Capitalize: (v) => capitalize(toLower(scalarText(v))),
  Reverse: (v) => (Array.isArray(v) ? [...v].reverse() : [...scalarText(v)].reverse().join("")),
  SnakeCase: (v) => toLower(wordsOf(scalarText(v)).join("_")),
  CamelCase: (v) => wordsOf(scalarText(v)).map((w, i) => (i === 0 ? toLower(w) : capitalize(toLower(w)))).join(""),
  Split: (v, separator = " ") => (separator === "" ? [...scalarText(v)] : scalarText(v).split(separator)),
  Join: (v, separator = "") => (Array.isArray(v) ? v.map(textOf).join(separator) : lack("wants a list")),
  ToInt: (v) => {
    const d = isScalar(v) ? numeric(typeof v === "string" ? trim(v) : v) : lack(`wants a number, not ${kindOf(v)}`);
    if (d === null || !isWhole(d)) return v;
    if (d.exp > 4096) lack("the number is too large to be written out");
    return num(decimalText(d));
  },
  ToFloat: (v) => num(decimalText(spelledNumber(v))),
  ToBool: (v) => {
    if (typeof v === "boolean") return v;
    if (isNumber(v)) return compare(decimalOf(v), decimal("0")) === 0 ? false : compare(decimalOf(v), decimal("1")) === 0 ? true : v;
    if (typeof v !== "string") lack("wants text or a number");
    const word = trim(v).toLowerCase();
    if (["true", "yes", "1"].includes(word)) return true;
    return ["false", "no", "0"].includes(word) ? false : v;
  },
  ToString: (v) => (kindOf(v) === "null" ? "" : textOf(v)),
  URLEncode: (v) => percentEncode(scalarText(v)),
  Base64: (v) => encoding.b64encode(scalarText(v), "std"),
  Base64Decode: (v) => {
    const plain = trim(scalarText(v)).replaceAll("-", "+").replaceAll("_", "/").replace(/[\r\n]/g, "").replace(/=+$/, "");
    if (!/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) lack("wants Base64");
    return encoding.b64decode(plain, "rawstd", "s");
  },
  JSON: (v) => jsonOf(v, numberText),
  Length: (v) => {
    switch (kindOf(v)) {
      case "text": return [...v].length;
      case "list": return v.length;
      case "object": return Object.keys(v).length;
    }
    return lack("wants text, a list or an object");
  },
};

// ---- Generated data ----

function below(n) { return Math.floor(Math.random() * n); }
function pick(list) { return list[below(list.length)]; }
function between(low, high) {
  const first = Number(low);
  const size = Number(high) - first + 1;
  if (Math.abs(first) + size < 2 ** 50) return first + below(size);
  const [from, to] = [BigInt(low), BigInt(high)];
  let n = 0n;
  for (let i = 0; i < 5; i++) n = n * 65536n + BigInt(below(65536));
  return num(String(from + (n % (to - from + 1n))));
}
const firstNames = (
  "Ada Alan Amara Anton Astrid Boris Carla Chen Clara Edith Elena Emil Farid Freya Grace Hana Hugo Ida Imani Jonas Kenji " +
  "Leila Linus Mei Nadia Omar Petra Radia Rosa Samir Tara Vera Yusuf Zoe"
).split(" ");
const lastNames = (
  "Abbott Alvarez Becker Berg Bianchi Carter Costa Dubois Fischer Garcia Hansen Hughes Jensen Khan Kovacs Larsen Lopez " +
  "Meyer Moreau Nakamura Novak Okafor Park Petrov Quinn Reyes Rossi Sato Silva Singh Tanaka Turner Weber Young"
).split(" ");
const cities = (
  "Accra Amsterdam Athens Berlin Boston Cairo Dublin Geneva Hamburg Hanoi Helsinki Kyoto Lagos Lima Lisbon London Lyon " +
  "Madrid Milan Nairobi Oslo Ottawa Paris Porto Quito Riga Rome Seoul Sydney Tokyo Vienna Warsaw Zurich"
).split(" ");
const countries = (
  "Argentina Austria Belgium Brazil Canada Chile China Croatia Denmark Egypt Finland France Germany Ghana Greece India " +
  "Ireland Italy Japan Kenya Mexico Nepal Norway Peru Poland Portugal Senegal Spain Sweden Tunisia Uruguay Vietnam Zambia"
).split(" ");
const colors = (
  "amber aqua azure beige black blue bronze coral crimson cyan emerald gold gray green indigo ivory lavender lime maroon " +
  "mint navy olive orange peach pink plum purple red ruby silver teal violet white yellow"
).split(" ");
const words = (
  "anchor apple autumn beacon birch bridge candle canyon castle cedar cloud copper dawn delta ember falcon feather field " +
  "forest garden glass granite harbor harvest island lantern letter maple market meadow mirror morning mountain ocean " +
  "orchard paper pebble planet quiet rain raven river shadow silver spring station stone summer timber tower valley village " +
  "walnut water willow window winter"
).split(" ");

// above is the upper end of a range that names its lower one alone, and swapped puts bounds in order.
function above(low, high, highest) { return BigInt(low) > BigInt(high) ? highest : high; }
function swapped(low, high) { return BigInt(low) > BigInt(high) ? [high, low] : [low, high]; }

const generators = {
  name: () => pick(firstNames) + " " + pick(lastNames),
  email: () => {
    const domain = pick(["example.com", "example.net", "example.org"]);
    return `${pick(firstNames)}.${pick(lastNames)}${1000 + below(9000000)}@${domain}`.toLowerCase();
  },
  uuid: () => "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (c) => (c === "x" ? below(16) : 8 + below(4)).toString(16)),
  phone: () => `+1${2 + below(8)}${String(below(100)).padStart(2, "0")}55501${String(below(100)).padStart(2, "0")}`,
  url: () => `https://www.${pick(words)}.example/${pick(words)}/${pick(words)}`,
  company: () => `${pick(lastNames)} ${capitalize(pick(words))} ${pick(["Ltd", "Inc", "GmbH", "Group", "Partners", "& Co"])}`,
  city: () => pick(cities), country: () => pick(countries), color: () => pick(colors), word: () => pick(words),
  address: () => {
    const kind = pick(["Street", "Avenue", "Lane", "Road", "Square", "Way"]);
    return `${1 + below(999)} ${capitalize(pick(words))} ${kind}, ${pick(cities)} ${10000 + below(90000)}`;
  },
  bool: () => below(2) === 1,
  sentence: (n = "8") => capitalize(Array.from({ length: Number(n) }, () => pick(words)).join(" ")) + ".",
  password: (n = "12") => {
    const classes = ["abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#%*+-=?@_"];
    const letters = Array.from({ length: Number(n) }, (_, i) => pick(classes[i] ?? classes.join("")));
    for (let i = letters.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [letters[i], letters[j]] = [letters[j], letters[i]];
    }
    return letters.join("");
  },
  int: (low = "0", high = above(low, "2147483647", "9223372036854775807")) => between(...swapped(low, high)),
  uint: (low = "0", high = above(low, "4294967295", "18446744073709551615")) => between(...swapped(low, high)),
  float: (first = "0", second = String(Math.max(1, first === "0" ? 1 : Number(first) + 1))) => {
    const [low, high] = Number(first) > Number(second) ? [second, first] : [first, second];
    const share = Math.random();
    let f = Number(low) * (1 - share) + Number(high) * share;
    if (Math.abs(f) < 1e12) f = Number(f.toFixed(6));
    f = Math.min(Math.max(f, Number(low)), Number(high));
    return num(decimalText(decimal(String(f))));
  },
  date: (layout = "RFC3339") => {
    const moment = new Date(below(1893456000) * 1000);
    return layout === "Unix" ? moment.getTime() / 1000 : formatted(moment, layouts[layout] ?? layout);
  },
};
const layouts = {
  RFC3339: "2006-01-02T15:04:05Z07:00", RFC1123: "Mon, 02 Jan 2006 15:04:05 MST", RFC822: "02 Jan 06 15:04 MST",
  DateTime: "2006-01-02 15:04:05", DateOnly: "2006-01-02", TimeOnly: "15:04:05", Kitchen: "3:04PM",
};
// formatted writes a moment in a layout of Go, in UTC.
function formatted(moment, layout) {
  const months = "January February March April May June July August September October November December".split(" ");
  const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
  const two = (n) => String(n).padStart(2, "0");
  const [year, month, day] = [moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate()];
  const [hour, minute, second] = [moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()];
  const ofYear = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 0)) / 86400000);
  const written = {
    January: months[month], Jan: months[month].slice(0, 3), Monday: days[moment.getUTCDay()], Mon: days[moment.getUTCDay()].slice(0, 3),
    MST: "UTC", 2006: String(year).padStart(4, "0"), "Z07:00:00": "Z", "Z07:00": "Z", Z070000: "Z", Z0700: "Z", Z07: "Z",
    "-07:00:00": "+00:00:00", "-07:00": "+00:00", "-070000": "+000000", "-0700": "+0000", "-07": "+00",
    PM: hour < 12 ? "AM" : "PM", pm: hour < 12 ? "am" : "pm",
    "002": String(ofYear).padStart(3, "0"), "__2": String(ofYear).padStart(3, " "),
    "01": two(month + 1), "02": two(day), "03": two(hour % 12 || 12), "04": two(minute), "05": two(second), "06": two(year % 100),
    15: two(hour), _2: String(day).padStart(2, " "),
    1: String(month + 1), 2: String(day), 3: String(hour % 12 || 12), 4: String(minute), 5: String(second),
  };
  const tokens = new RegExp("January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|Z07:00:00|Z07:00|Z070000|Z0700|Z07|-07:00:00|-07:00|" +
    "-070000|-0700|-07|PM|pm|[.,](?:0+|9+)(?![0-9])|002|__2|_2(?!006)|0[1-6]|15|[1-5]", "g");
  return layout.replace(tokens,
    (token) => written[token] ?? (token[1] === "0" ? token[0] + token.slice(1) : ""));
}

// madeUp makes up a text that matches a pattern, whose tree is in the table.
function madeUp(root) {
  for (let i = 0; i < 200; i++) {
    const text = grow(root.tree);
    if (root.pattern.test(text)) return text;
  }
  throw new Lack("found no text that matches", true);
}
function grow(node) {
  if (typeof node === "string") return node;
  const [kind, ...inside] = node;
  switch (kind) {
    case "any": return pick([..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]);
    case "seq": return inside.map(grow).join("");
    case "or": return grow(pick(inside));
    case "repeat": {
      const [inner, least, most] = inside;
      return Array.from({ length: least + below(most - least + 1) }, () => grow(inner)).join("");
    }
  }
  let n = below(inside.reduce((sum, [from, to]) => sum + to - from + 1, 0)); // one of several ranges of characters
  for (const [from, to] of inside) {
    if (n <= to - from) return String.fromCodePoint(from + n);
    n -= to - from + 1;
  }
  return "";
}
