"use strict";

const token = document.querySelector("meta[name=samlocal-token]").content;
const byId = (id) => document.getElementById(id);
const entries = new Map(); // summaries by identifier, the oldest first
const most = 200; // as many as the server keeps
let selected = null;
let canSend = false;

/** Make an element; children are elements or text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((each) => each !== null && each !== undefined));
  return element;
}

function say(text) {
  byId("message").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { byId("message").textContent = ""; }, 4000);
}

async function ask(path, options = {}) {
  const response = await fetch(path, options);
  const value = await response.json();
  if (!response.ok) throw new Error(value.message);
  return value;
}

function post(path, value) {
  const headers = { "Content-Type": "application/json", "X-Samlocal-Token": token };
  return ask(path, { method: "POST", headers, body: JSON.stringify(value) });
}

function duration(milliseconds) {
  if (milliseconds === null) return "";
  return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(2)} s` : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

const target = (entry) => entry.path + (entry.query ? `?${entry.query}` : "");
const clock = (milliseconds) => new Date(milliseconds).toLocaleTimeString();

function status(entry) {
  const text = entry.status === null ? "…" : String(entry.status);
  return make("span", { class: "status", "data-class": text[0], "aria-label": entry.status === null ? "running" : `status ${text}` }, text);
}

// The list of requests.

function matches(entry) {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [entry.method, target(entry), entry.api, entry.function, entry.status].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function row(entry) {
  return make("li", { "data-id": entry.id },
    make("button", { type: "button", onclick: () => select(entry.id), "aria-current": entry.id === selected ? "true" : null, title: entry.function ?? entry.api },
      make("span", { class: "method" }, entry.method),
      make("span", { class: "path" }, target(entry)),
      status(entry),
      make("span", { class: "time" }, entry.status === null ? clock(entry.received) : duration(entry.duration))));
}

function find(id) {
  return byId("entries").querySelector(`li[data-id="${CSS.escape(id)}"]`);
}

function show(entry) {
  const known = entries.has(entry.id);
  entries.set(entry.id, entry);
  while (entries.size > most) {
    const oldest = entries.keys().next().value;
    entries.delete(oldest);
    find(oldest)?.remove();
  }
  const old = find(entry.id);
  if (!matches(entry)) old?.remove();
  else if (old) {
    const hadFocus = old.contains(document.activeElement);
    const fresh = row(entry);
    old.replaceWith(fresh);
    if (hadFocus) fresh.firstChild.focus();
  } else {
    const fresh = row(entry);
    fresh.classList.toggle("new", !known);
    byId("entries").prepend(fresh);
  }
  countEntries();
  if (entry.id === selected) loadDetails(entry.id);
}

function showAll() {
  byId("entries").replaceChildren(...[...entries.values()].reverse().filter(matches).map(row));
  countEntries();
}

function countEntries() {
  byId("count-requests").textContent = entries.size;
  byId("none").hidden = byId("entries").childElementCount > 0;
  byId("none").textContent = entries.size ? "No request matches the filter." : "No requests yet. Send one to a route, and it appears here.";
}

function select(id) {
  if (selected) find(selected)?.firstChild.removeAttribute("aria-current");
  selected = id;
  find(id)?.firstChild.setAttribute("aria-current", "true");
  loadDetails(id);
}

// One request.

async function loadDetails(id) {
  try {
    const entry = await ask(`entries/${encodeURIComponent(id)}`);
    if (id === selected) showDetails(entry);
  } catch (error) {
    say(error.message);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** Colour JSON that `JSON.stringify` has indented. */
function colored(text) {
  const parts = [];
  const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/g;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    parts.push(text.slice(end, match.index));
    const kind = match[2] ? "name" : match[1] ? "string" : /\d/.test(match[0]) ? "number" : "word";
    parts.push(make("span", { class: `json-${kind}` }, match[1] ?? match[0]), match[2] ?? "");
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${what}`);
  } catch {
    say("The browser does not let the page copy");
  }
}

function copyButton(text, what) {
  const act = (event) => { event.preventDefault(); event.stopPropagation(); copy(text, what); };
  return make("button", { type: "button", onclick: act, "aria-label": `Copy ${what}` }, "Copy");
}

function content(title, kept, open = false) {
  if (!kept || kept.size === 0) return null;
  const text = kept.text ?? kept.base64;
  const json = kept.text === undefined ? null : pretty(text);
  const note = `${size(kept.size)}${kept.isCut ? ", only the beginning" : ""}${kept.text === undefined ? ", as base64" : ""}`;
  return make("details", { open, "data-title": title },
    make("summary", {}, title, make("span", { class: "quiet" }, note), copyButton(json ?? text, title.toLowerCase())),
    make("pre", { tabindex: "0", "aria-label": title }, ...(json === null ? [text] : colored(json))));
}

function headers(title, list) {
  if (!list.length) return null;
  return make("details", { "data-title": title },
    make("summary", {}, title, make("span", { class: "quiet" }, String(list.length))),
    make("table", { class: "headers" }, make("tbody", {}, ...list.map(([name, value]) =>
      make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: "code" }, value))))));
}

function timings(entry) {
  if (!entry.timings.length) return null;
  const longest = Math.max(...entry.timings.map(([, value]) => value), entry.duration ?? 0, 0.001);
  return make("details", { open: true, "data-title": "Timings" }, make("summary", {}, "Timings"),
    make("dl", { class: "timings" }, ...entry.timings.flatMap(([name, value]) => [
      make("dt", {}, name),
      make("dd", {}, make("meter", { max: longest, value, "aria-hidden": "true" })),
      make("dd", {}, duration(value))])));
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(entry) {
  const host = entry.requestHeaders.find(([name]) => name.toLowerCase() === "host")?.[1] ?? location.host;
  const skipped = ["host", "content-length", "connection", "accept-encoding"];
  // curl takes brackets of a URL for ranges, waits for a body after `-X HEAD`, and reads a file for data after `@`.
  const method = entry.method === "HEAD" ? ["--head"] : ["-X", entry.method];
  const parts = ["curl", "--globoff", "--path-as-is", ...method, quoted(`${location.protocol}//${host}${target(entry)}`)];
  for (const [name, value] of entry.requestHeaders) {
    if (!skipped.includes(name.toLowerCase())) parts.push("-H", quoted(value ? `${name}: ${value}` : `${name};`));
  }
  if (entry.requestBody.text) parts.push("--data-raw", quoted(entry.requestBody.text));
  return parts.join(" ");
}

function showDetails(entry) {
  const element = byId("details");
  const state = new Map([...element.querySelectorAll("details")].map((each) => [each.dataset.title, each.open]));
  const top = element.dataset.id === entry.id ? element.scrollTop : 0;
  const facts = [status(entry), entry.function ?? "no function", entry.api, entry.route, duration(entry.duration), clock(entry.received), entry.sentAgain ? "sent again" : null];
  const whole = !entry.requestBody.isCut;
  element.replaceChildren(
    make("h3", {}, `${entry.method} ${target(entry)}`),
    make("div", { class: "facts quiet" }, ...facts.filter(Boolean).map((each) => make("span", {}, each))),
    make("div", { class: "actions" },
      make("button", { type: "button", class: "main", id: "send", onclick: () => sendAgain(entry.id), disabled: !(canSend && whole), title: whole ? null : "The body was too large to be kept" }, "Send again"),
      make("button", { type: "button", onclick: () => copy(curl(entry), "the command") }, "Copy as curl")),
    ...[entry.reason ? make("p", { class: "reason" }, entry.reason) : null,
      timings(entry),
      content("Event", entry.event, true),
      content("Result", entry.result, true),
      content("Logs", entry.logs, true),
      content("Request body", entry.requestBody),
      content("Response body", entry.responseBody, entry.result === null),
      headers("Request headers", entry.requestHeaders),
      headers("Response headers", entry.responseHeaders)].filter(Boolean));
  if (element.dataset.id === entry.id) {
    for (const each of element.querySelectorAll("details")) {
      if (state.has(each.dataset.title)) each.open = state.get(each.dataset.title);
    }
  }
  element.dataset.id = entry.id;
  element.scrollTop = top;
}

async function sendAgain(id) {
  try {
    await post("send", { id });
    say("Sent again");
  } catch (error) {
    say(error.message);
  }
}

// Routes and functions.

const link = (url) => url ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url) : "";
const code = (text) => make("td", { class: "code" }, text ?? "");

function showProject(state) {
  byId("count-routes").textContent = state.routes.length;
  byId("count-functions").textContent = state.functions.length;
  byId("route-rows").replaceChildren(...state.routes.map((each) => make("tr", {},
    make("td", { class: "method" }, each.method), code(each.path), make("td", {}, `${each.api} (${each.kind})`),
    make("td", {}, each.function ?? ""), make("td", {}, each.authorizer ?? ""), make("td", { class: "code" }, link(each.url)))));
  byId("function-rows").replaceChildren(...state.functions.map((each) => make("tr", {},
    make("td", {}, each.name), make("td", {}, each.runtime ?? ""), code(each.handler),
    make("td", {}, each.memory_mb ? `${each.memory_mb} MB` : ""), make("td", {}, each.timeout_seconds ? `${each.timeout_seconds} s` : ""),
    make("td", { class: "code" }, link(each.url)))));
}

// The connection, and what is shown.

async function load() {
  const state = await ask("state");
  canSend = state.canSend;
  entries.clear();
  for (const entry of state.entries) entries.set(entry.id, entry);
  showAll();
  showProject(state);
}

function connect(text, state) {
  byId("connection").textContent = text;
  byId("connection").dataset.state = state;
}

const events = new EventSource("events");
events.addEventListener("open", () => {
  load().then(() => connect("Live", "live"), (error) => say(error.message));
});
events.addEventListener("error", () => {
  // A stream that ends by itself is opened again at once.
  clearTimeout(connect.timer);
  connect.timer = setTimeout(() => { if (events.readyState !== EventSource.OPEN) connect("Not connected", "lost"); }, 2000);
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
});
events.addEventListener("entry", (event) => show(JSON.parse(event.data)));

function showView() {
  const views = ["requests", "routes", "functions"];
  const view = views.includes(location.hash.slice(1)) ? location.hash.slice(1) : views[0];
  for (const each of views) byId(each).hidden = each !== view;
  for (const each of document.querySelectorAll("nav a")) {
    if (each.dataset.view === view) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  if (view !== "requests") load().catch((error) => say(error.message));
}

window.addEventListener("hashchange", showView);
byId("filter").addEventListener("input", showAll);
byId("clear").addEventListener("click", async () => {
  try {
    await post("clear", {});
    entries.clear();
    selected = null;
    showAll();
    byId("details").replaceChildren(make("p", { class: "empty" }, "Select a request to see its event, result, logs and timings."));
  } catch (error) {
    say(error.message);
  }
});
byId("entries").addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = step && document.activeElement.closest("li")?.[step];
  if (!next) return;
  event.preventDefault();
  next.firstChild.focus();
  select(next.dataset.id);
});
showView();
