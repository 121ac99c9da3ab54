"use strict";

// Together less than 200 rows.
const MAX_CHANNELS = 100;
const MAX_EVENTS = 80;
// As many events as are shown in one frame.
const MAX_IN_FRAME = 10;
// In milliseconds: until a stream that was refused is asked for again, until one that says nothing is taken
// for lost, until a hidden page lets go of its streams, and for how long a button waits for a second press.
const PATIENCE = 3000;
const SILENCE = 8000;
const HIDDEN = 5000;
const ARMED = 4000;

const COLUMNS = [
  { key: "name", label: "Channel" },
  { key: "listeners", label: "Listeners" },
  { key: "rate", label: "Events/s" },
  { key: "lag", label: "Behind" },
  { key: "history", label: "History" },
];

const TILES = [
  { key: "channels", label: "Channels" },
  { key: "listeners", label: "Listeners" },
  { key: "published", label: "Published /s", hasCurve: true },
  { key: "delivered", label: "Delivered /s", hasCurve: true },
  { key: "refused", label: "Refused /s", hasCurve: true },
  { key: "latency", label: "Delivery, 99 %" },
  { key: "held", label: "Events held" },
  { key: "memory", label: "Memory" },
];

const find = (id) => document.getElementById(id);

function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Sets only what changes, in the node that is there: what is the same costs no layout. */
function say(node, text) {
  if (!node.firstChild) node.append(text);
  else if (node.firstChild.data !== text) node.firstChild.data = text;
}

/** Shows what is invisible, or would change how the text around it is shown, by its number. */
const plain = (text) =>
  text.replace(/[^\P{C}\n\t]|[\u2028\u2029]/gu, (hidden) => `\\u{${hidden.codePointAt(0).toString(16)}}`);

const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const count = (number) =>
  number < 1000 ? String(Math.round(number)) : (number < 1000000 ? exact : compact).format(number);
const rate = (number) =>
  number === null ? "–" : 0 < number && number < 10 ? number.toFixed(1) : count(number);

function bytes(number) {
  const unit = number < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(number) / 10));
  const value = number / 1024 ** unit;
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

function time(milliseconds) {
  const at = new Date(milliseconds);
  const pad = (number, width) => String(number).padStart(width, "0");
  const seconds = [at.getHours(), at.getMinutes(), at.getSeconds()].map((it) => pad(it, 2)).join(":");
  return `${seconds}.${pad(at.getMilliseconds(), 3)}`;
}

function span(seconds) {
  const [days, hours, minutes] = [seconds / 86400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** A stream that is also opened again where an EventSource gives up. */
class Stream {
  #source = null;
  #timer = 0;

  constructor(url, handlers, note) {
    Object.assign(this, { url, handlers, note, heard: 0 });
  }

  open() {
    this.close();
    const source = new EventSource(this.url());
    this.#source = source;
    this.heard = performance.now();
    source.onopen = () => this.note("live");
    source.onerror = () => {
      this.note("reconnecting");
      if (source.readyState === EventSource.CLOSED) this.#askWhy(source);
    };
    for (const [name, handle] of Object.entries(this.handlers)) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        this.heard = performance.now();
        handle(JSON.parse(data), lastEventId);
      });
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** Opens it again if it should say something every second, and does not. */
  check() {
    if (this.#source?.readyState !== EventSource.OPEN) this.heard = performance.now();
    if (this.#source && SILENCE < performance.now() - this.heard) {
      this.note("reconnecting");
      this.open();
    }
  }

  async #askWhy(source) {
    const why = await reasonOf(source.url);
    if (this.#source !== source) return;
    if (why) this.note("refused", why);
    this.#timer = setTimeout(() => this.open(), PATIENCE);
  }
}

/** What a server answers that does not open the stream at `url`. */
async function reasonOf(url) {
  const abort = new AbortController();
  try {
    const answer = await fetch(url, { signal: abort.signal, cache: "no-store" });
    return answer.ok ? "" : `${answer.status}: ${(await answer.text()).slice(0, 200).split("\n")[0]}`;
  } catch {
    return "";
  } finally {
    abort.abort();
  }
}

// What the page shows is in the fragment, so that it survives a reload and the back button leads back.
function readView() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const sort = COLUMNS.find(({ key }) => key === fragment.get("sort"))?.key ?? "rate";
  const order = ["asc", "desc"].find((it) => it === fragment.get("order")) ?? usualOrder(sort);
  return { sort, order, filter: fragment.get("filter") ?? "", channel: fragment.get("channel") || null };
}

const usualOrder = (sort) => (sort === "name" ? "asc" : "desc");

function linkTo(change) {
  const { sort, order, filter, channel } = { ...view, ...change };
  const fragment = new URLSearchParams({ sort, order });
  if (filter) fragment.set("filter", filter);
  if (channel !== null) fragment.set("channel", channel);
  return `#${fragment}`;
}

let view = readView();

// What has come and is not shown yet: the newest of each kind. Each has a frame of its own, which stays short.
const news = { overview: null, channels: null, facts: null, items: [] };
let isScheduled = false;

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    if (news.items.length && !isPaused) showItems(news.items.splice(0, MAX_IN_FRAME));
    else if (news.overview) showOverview(take("overview"));
    else if (news.channels) showChannels(take("channels"));
    else if (news.facts) showFacts(take("facts"));
    else return;
    schedule();
  });
}

function take(kind) {
  const taken = news[kind];
  news[kind] = null;
  return taken;
}

// The whole server.
const server = new Stream(
  () => `live?${new URLSearchParams({ sort: view.sort, order: view.order, filter: view.filter, limit: MAX_CHANNELS })}`,
  {
    overview(overview) { news.overview = overview; schedule(); },
    channels(channels) { news.channels = channels; schedule(); },
  },
  (state, why) => { connection = { state, why }; showState(); },
);
let connection = { state: "reconnecting" };
let phase = "serving";
let ownVersion = null;

const STATES = {
  live: "Live", refused: "Refused", reconnecting: "Reconnecting", starting: "Starting", draining: "Draining",
};

function showState() {
  const state = connection.state === "live" && phase !== "serving" ? phase : connection.state;
  find("state").dataset.state = state;
  say(find("state"), connection.why ? plain(connection.why) : STATES[state]);
}

const tiles = new Map(TILES.map(({ key, label, hasCurve }) => {
  const [value, more] = [make("dd", { id: `now-${key}`, textContent: "–" }), make("dd")];
  const tile = make("div", {}, make("dt", { textContent: label }), value, more);
  const curve = hasCurve ? addCurve(tile) : null;
  find("figures").append(tile);
  return [key, { value, more, curve, past: [] }];
}));

function addCurve(tile) {
  const [picture, line] = ["svg", "polyline"].map((it) => document.createElementNS("http://www.w3.org/2000/svg", it));
  for (const [name, value] of [["viewBox", "0 0 59 20"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) {
    picture.setAttribute(name, value);
  }
  picture.append(line);
  tile.append(picture);
  return line;
}

function showTile(key, text, more = "", number = undefined) {
  const { value, more: below, curve, past } = tiles.get(key);
  say(value, text);
  say(below, more);
  if (!curve) return;
  // Where a server was restarted, or nobody looked, its figures begin anew.
  if (number === null) past.length = 0; else past.push(number);
  if (60 < past.length) past.shift();
  const most = Math.max(1, ...past);
  const points = past.map((it, at) => `${60 - past.length + at},${(19 - 17 * it / most).toFixed(1)}`);
  curve.setAttribute("points", points.join(" "));
}

function showOverview({ state, version, uptime, held, rates, totals, latency, refused, disk, redis, process }) {
  // Another version has another page.
  if (version !== (ownVersion ??= version)) location.reload();
  phase = state;
  showState();
  say(find("about"), `${version} · up ${span(uptime)}`);
  showTile("channels", count(held.channels));
  showTile("listeners", count(held.listeners), held.connections === 1 ? "1 connection" : `${count(held.connections)} connections`);
  showTile("published", rate(rates.published), `${count(totals.published)} in all`, rates.published);
  showTile("delivered", rate(rates.delivered), `${count(totals.delivered)} in all`, rates.delivered);
  showTile("refused", rate(rates.refused), `${count(totals.refused)} in all`, rates.refused);
  showTile("latency", slowest(latency), `${count(totals.gaps)} gaps, ${count(totals.overruns)} overruns`);
  showTile("held", bytes(held.unread_bytes + held.history_bytes), `${bytes(held.unread_bytes)} to be read`);
  const { memory_bytes: memory, open_files: open, max_files: most } = process;
  showTile("memory", memory === null ? "–" : bytes(memory), open === null ? "" : `${count(open)} of ${count(most)} files`);
  showRefusals(refused);
  showDisk(disk);
  showRedis(redis);
}

const slowest = (latency) => (latency === null ? "–" : `${latency.is_more ? ">" : "≤"} ${latency.milliseconds} ms`);

function showDisk(disk) {
  find("disk").hidden = disk === null;
  if (disk === null) return;
  say(find("trouble"), disk.trouble === null ? "All is well." : plain(disk.trouble));
  find("trouble").toggleAttribute("data-bad", disk.trouble !== null);
  showList(find("stored"), [
    ["Channels", count(disk.channels)], ["Events", count(disk.events)], ["File", bytes(disk.file_bytes)],
    ["Index in memory", bytes(disk.index_bytes)],
    ["Waiting", disk.queue_events ? `${events(disk.queue_events)}, ${bytes(disk.queue_bytes)}` : "–"],
    ["Stored /s", rate(disk.rate)], ["Stored", count(disk.stored)], ["Commit, 99 %", slowest(disk.commit)],
    ["Deleted", count(disk.trimmed)], ["Lost", count(disk.lost)], ["Unreadable", count(disk.damaged)],
  ]);
}

function showRedis(redis) {
  find("redis").hidden = redis === null;
  if (redis === null) return;
  say(find("away"), redis.trouble === null ? "Redis is there." : plain(redis.trouble));
  find("away").toggleAttribute("data-bad", redis.trouble !== null);
  showList(find("shared"), [
    ["Channels", count(redis.channels)], ["Waiting", redis.queue_bytes ? bytes(redis.queue_bytes) : "–"],
    ["Stored /s", rate(redis.rate)], ["Stored from here", count(redis.published)], ["Messages", count(redis.messages)],
    ["Read anew", count(redis.refills)], ["Read for listeners", count(redis.pages)],
    ["Connections", count(redis.connections)], ["Losses", count(redis.losses)],
  ]);
}

/** Each limit, what it allows and what it has refused, and then the other refusals. */
function showRefusals(refused) {
  const limits = refused.filter(({ is_limit: isLimit }) => isLimit);
  const others = refused.filter(({ is_limit: isLimit }) => !isLimit);
  const heads = ["", "allows", "refused", ""];
  showCounts(find("limits"), [heads, ...limits.map(({ name, max, total, rate: now }) => [name, max === null ? "" : count(max), ...counted(total, now)])]);
  showCounts(find("refused"), others.map(({ name, total, rate: now }) => [name, ...counted(total, now)]));
  find("refused-title").parentNode.toggleAttribute("data-none", !others.length);
}

const counted = (total, now) => [total ? count(total) : "–", now ? `${rate(now)}/s` : ""];

function showCounts(list, lines) {
  const texts = lines.flat();
  while (list.children.length < texts.length) list.append(make("span"));
  while (texts.length < list.children.length) list.lastElementChild.remove();
  texts.forEach((text, at) => say(list.children[at], text));
}

// The table of channels: a row for each place, which shows one channel now and another one later.
const rows = [];
let order = [];

for (const { key, label } of COLUMNS) {
  const button = make("button", { type: "button", textContent: label });
  button.onclick = () => {
    const turned = view.order === "desc" ? "asc" : "desc";
    location.replace(linkTo({ sort: key, order: view.sort === key ? turned : usualOrder(key) }));
  };
  find("heads").append(make("th", { scope: "col" }, button));
}

function addRow() {
  const link = make("a", { dir: "auto" });
  const row = make("tr", {}, make("th", { scope: "row" }, link));
  const cells = COLUMNS.slice(1).map(({ key }) => {
    const cell = make("td");
    cell.dataset.column = key;
    return cell;
  });
  row.append(...cells);
  find("rows").append(row);
  rows.push({ row, link, cells, token: null });
}

function showChannels({ matched, rows: latest }) {
  const byToken = new Map(latest.map((channel) => [channel.token, channel]));
  const body = find("rows");
  // Nothing moves while somebody points at a row.
  const isHeld = 0 < order.length && (body.matches(":hover") || body.contains(document.activeElement));
  const first = isHeld ? order : [];
  order = [...new Set([...first, ...byToken.keys()])].slice(0, MAX_CHANNELS);
  while (rows.length < order.length) addRow();
  while (order.length < rows.length) rows.pop().row.remove();
  order.forEach((token, at) => showRow(rows[at], token, byToken.get(token)));
  const shown = latest.length < matched ? `${count(latest.length)} of ${count(matched)}` : count(matched);
  say(find("matched"), isHeld ? `${shown}, order held` : shown);
  find("empty").hidden = 0 < order.length;
  say(find("empty"), view.filter ? "No channel has this in its name." : "There is no channel yet. One appears with its first listener.");
}

function showRow(place, token, channel) {
  const { row, link, cells } = place;
  if (place.token !== token) {
    place.token = token;
    say(link, plain(token));
    link.title = plain(token);
    markRow(place);
  }
  const { listeners, rate: now, lag, history_bytes: history } = channel ?? {};
  const texts = channel ? [count(listeners), rate(now), count(lag), history ? bytes(history) : "–"] : ["", "", "", "gone"];
  texts.forEach((text, at) => say(cells[at], text));
  [listeners, now, lag, history].forEach((number, at) => cells[at].toggleAttribute("data-strong", 0 < number));
}

/** Sets what depends on the view. */
function markRow({ row, link, token }) {
  link.setAttribute("href", linkTo({ channel: token }));
  if (token === view.channel) row.setAttribute("aria-current", "true");
  else row.removeAttribute("aria-current");
}

// One channel.
let isPaused = false;
let lastEventId = "";
let observed = null;

function observe(channel) {
  observed?.close();
  observed = null;
  lastEventId = "";
  news.items.length = 0;
  pause(false);
  disarm(find("end"));
  find("channel").hidden = channel === null;
  find("events").replaceChildren();
  find("facts").replaceChildren();
  news.facts = null;
  document.title = channel === null ? "eventsource-server" : `${plain(channel)} · eventsource-server`;
  if (channel === null) return;
  const isPath = channel === "." || channel === "..";
  find("end").disabled = isPath;
  say(find("channel-title"), plain(channel));
  say(find("quiet"), isPath ? "No browser can ask for a channel of this name." : "Waiting for the first event.");
  if (isPath) return;
  observed = new Stream(
    () => `${pathOf(channel)}/live?${new URLSearchParams({ lastEventId })}`,
    {
      facts(facts) { news.facts = facts; schedule(); },
      items({ items }, id) {
        lastEventId = id;
        news.items.push(...items);
        dropOldItems();
        schedule();
      },
    },
    (state, why) => { if (state === "refused") say(find("quiet"), plain(why)); },
  );
  if (!document.hidden) observed.open();
}

/** Keeps no more than can be shown, while it is paused too, and says how much it was. */
function dropOldItems() {
  if (news.items.length <= MAX_EVENTS) return;
  const old = news.items.splice(0, news.items.length - MAX_EVENTS + 1);
  const number = old.reduce((sum, item) => sum + (item.kind === "event" ? 1 : item.count ?? 0), 0);
  news.items.unshift({ kind: "dropped", time: old.at(-1).time, count: number });
}

const pathOf = (channel) => `channels/${encodeURIComponent(channel)}`;

function showFacts({ channel }) {
  const facts = channel
    ? [
        ["Mode", channel.mode], ["Listeners", count(channel.listeners)], ["Events/s", rate(channel.rate)],
        ["Published", count(channel.published)], ["Behind", count(channel.lag)],
        ["To be read", bytes(channel.unread_bytes)], ["History", channel.history_bytes ? bytes(channel.history_bytes) : "–"],
      ]
    : [["State", "Not there: nobody listens, and nothing is remembered"]];
  showList(find("facts"), facts);
}

function showList(list, facts) {
  if (list.children.length !== facts.length) {
    list.replaceChildren(...facts.map(() => make("div", {}, make("dt"), make("dd"))));
  }
  facts.forEach(([name, value], at) => {
    say(list.children[at].firstChild, name);
    say(list.children[at].lastChild, value);
  });
}

const events = (number) => (number === 1 ? "1 event" : `${count(number)} events`);

/** What is said of what is no event. */
const NOTES = {
  skipped: ({ count: number }) => `${events(number)} not shown: more than 100 a second`,
  dropped: ({ count: number }) => `${events(number)} not shown: the page was paused`,
  missed: ({ count: number }) => `Gap: ${events(number)} not seen, since this page was too slow`,
  away: ({ count: number }) =>
    number === null ? "Gap: events may be missing here, since this page was away" : `Gap: ${events(number)} published while this page was away`,
  closed: () => "The channel has ended",
  first_listener: () => "A listener has come",
  last_listener: () => "The last listener has left",
  gap: ({ reason, missed }) =>
    `A listener came back and was told of a gap: ${missed === null ? "" : `${events(missed)} missed, `}${reason}`,
  overrun: ({ listeners }) => `${listeners === 1 ? "A listener" : `${count(listeners)} listeners`} fell out of the log: too slow`,
};

/** Shows the newest first; the element of the oldest becomes that of the newest. */
function showItems(items) {
  const list = find("events");
  say(find("quiet"), "");
  for (const item of items) {
    const entry = list.children.length < MAX_EVENTS ? makeItem() : list.lastElementChild;
    showItem(entry, item);
    list.prepend(entry);
  }
}

function makeItem() {
  const texts = ["span", "b", "span", "i"].map((name) => make(name, { dir: "auto" }));
  return make("li", {}, make("p", {}, ...texts), make("pre", { dir: "auto" }));
}

function showItem(entry, item) {
  const [when, what, size, id] = entry.firstChild.children;
  const data = entry.lastChild;
  entry.dataset.kind = item.kind;
  const isEvent = item.kind === "event";
  say(when, time(item.time));
  say(what, plain(isEvent ? item.name : NOTES[item.kind]?.(item) ?? item.kind));
  say(id, isEvent && item.id ? `id ${plain(item.id)}` : "");
  say(size, isEvent ? `${bytes(item.length)}${item.is_cut ? ", cut" : ""}` : "");
  say(data, isEvent ? plain(item.data) : "");
  const isLong = isEvent && (160 < item.data.length || item.data.includes("\n"));
  for (const name of ["role", "tabindex", "aria-expanded"]) data.removeAttribute(name);
  if (isLong) {
    data.setAttribute("role", "button");
    data.setAttribute("tabindex", "0");
    data.setAttribute("aria-expanded", "false");
  }
}

function expand(target) {
  const data = target.closest?.("pre[role]");
  if (data && !String(getSelection())) {
    data.setAttribute("aria-expanded", String(data.getAttribute("aria-expanded") !== "true"));
  }
  return Boolean(data);
}

function pause(should) {
  isPaused = should;
  find("pause").setAttribute("aria-pressed", String(should));
  say(find("pause"), should ? "Go on" : "Pause");
  if (!should && news.items.length) schedule();
}

// What the operator does. Nothing is done at the first press.
const disarms = new Map();

function disarm(button) {
  disarms.get(button)?.();
}

function isConfirmed(button, question) {
  if (disarms.has(button)) { disarm(button); return true; }
  const label = button.textContent;
  button.textContent = question;
  button.toggleAttribute("data-armed", true);
  const reset = () => {
    clearTimeout(timer);
    button.textContent = label;
    button.toggleAttribute("data-armed", false);
    disarms.delete(button);
  };
  const timer = setTimeout(reset, ARMED);
  disarms.set(button, reset);
  return false;
}

async function act(path, body, done) {
  const told = find("told");
  let [text, isBad] = ["", true];
  try {
    const answer = await fetch(path, { method: "POST", body });
    isBad = !answer.ok;
    text = await answer.text();
    text = isBad ? `${answer.status}: ${text.slice(0, 300)}` : done(text);
  } catch {
    text = "The server did not answer.";
  }
  told.toggleAttribute("data-bad", isBad);
  told.textContent = plain(text.trim());
}

const ended = (what) => (answer) => {
  const number = JSON.parse(answer).ended;
  return `${what}; ${number === 1 ? "1 stream ends" : `${count(number)} streams end`}.`;
};

find("end").onclick = ({ target }) => {
  const channel = view.channel;
  if (isConfirmed(target, "Press again to end it")) {
    act(`${pathOf(channel)}/end`, new URLSearchParams(), ended(`The channel ${channel} is ended`));
  }
};

find("revoke").onsubmit = (event) => {
  event.preventDefault();
  const [kind, holder] = [find("kind").value, find("holder").value];
  if (isConfirmed(event.target.querySelector("button"), "Press again to revoke")) {
    act("revoke", new URLSearchParams({ [kind]: holder }), ended(kind === "token" ? "The token is revoked" : `${holder} is revoked`));
    find("holder").value = "";
  }
};
find("kind").onchange = ({ target }) => {
  find("holder").placeholder = target.value === "token" ? "eyJhbGciOi… or its jti" : "alice";
};
find("revoke").oninput = () => disarm(find("revoke").querySelector("button"));

find("word").oninput = ({ target }) => {
  find("drain").querySelector("button").disabled = target.value.trim().toLowerCase() !== "drain";
};
find("drain").onsubmit = (event) => {
  event.preventDefault();
  if (event.target.querySelector("button").disabled) return;
  find("word").value = "";
  find("word").oninput({ target: find("word") });
  act("drain", new URLSearchParams(), () => "The server ends its streams, and then stops.");
};

find("back").onclick = () => leave();
find("pause").onclick = () => pause(!isPaused);
find("events").onclick = ({ target }) => expand(target);

function leave() {
  const place = rows.find(({ token }) => token === view.channel);
  location.hash = linkTo({ channel: null });
  (place?.link ?? find("filter")).focus();
}

let typing = 0;
find("filter").oninput = ({ target }) => {
  clearTimeout(typing);
  typing = setTimeout(() => location.replace(linkTo({ filter: target.value })), 250);
};

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = target.matches("input, select");
  if (key === "/" && !isTyping) find("filter").focus();
  else if (key === "Escape" && target.value && isTyping) {
    target.value = "";
    target.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (key === "Escape" && view.channel !== null) leave();
  else if ((key === "ArrowDown" || key === "ArrowUp") && !target.matches("select, #events, #events *")) move(key === "ArrowDown" ? 1 : -1);
  else if ((key === "Enter" || key === " ") && expand(target)) { /* It has done it. */ }
  else return;
  event.preventDefault();
});

function move(step) {
  const links = rows.map(({ link }) => link);
  const at = links.indexOf(document.activeElement);
  const next = at + step < 0 && at !== -1 ? find("filter") : links[at === -1 ? 0 : Math.min(at + step, links.length - 1)];
  next?.focus();
}

function showView(before) {
  [...find("heads").children].forEach((head, at) => {
    if (COLUMNS[at].key !== view.sort) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", view.order === "asc" ? "ascending" : "descending");
  });
  if (document.activeElement !== find("filter")) find("filter").value = view.filter;
  if (before?.channel !== view.channel) {
    observe(view.channel);
    if (view.channel !== null && before) find("channel").focus({ preventScroll: false });
  }
  rows.forEach(markRow);
  const isSame = before && ["sort", "order", "filter"].every((key) => before[key] === view[key]);
  if (isSame) return;
  order = [];
  news.channels = null;
  if (!document.hidden) server.open();
}

addEventListener("hashchange", () => {
  const before = view;
  view = readView();
  showView(before);
});

// A browser has few connections for one server: a page that nobody sees takes none.
let hiding = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(() => { for (const stream of [server, observed]) stream?.close(); isAway = true; }, HIDDEN);
  } else if (isAway) {
    isAway = false;
    for (const stream of [server, observed]) stream?.open();
  }
});
let isAway = document.hidden;

setInterval(() => { for (const stream of [server, observed]) stream?.check(); }, 1000);

showView(null);
