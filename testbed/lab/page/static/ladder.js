import { html, useEffect, useMemo, useRef, useState } from "/page/vendor/preact-htm-3.1.1.js";
import { ask, follow } from "/page/lab.js";

const KEPT = 500;
// Ten times a second: what comes meanwhile is laid out together, and all else stays quick.
const REDRAWN = 100;
const FAILED = /reject|refus|fail|malformed|unreachable|in vain|undeliverable|expired/i;

function Tree({ nodes }) {
  return html`<ul>${nodes.map((node, place) => html`<li key=${place}>${node.name}
    ${node.text && html` <code>${node.text}</code>`}${node.parts.length > 0 && html`<${Tree} nodes=${node.parts} />`}</li>`)}</ul>`;
}

function Arrow({ arrow, lanes, since }) {
  const [tree, setTree] = useState(null);
  const open = (event) => {
    if (event.target.open && tree === null) {
      ask("GET", `/page/arrows/${arrow.number}`).then((whole) => setTree(whole.tree), (error) => setTree(error.message));
    }
  };
  // Hundreds of them are shown while others come: each is made once, and again when it is opened.
  return useMemo(() => {
    const from = Math.max(0, lanes.indexOf(arrow.source));
    const to = Math.max(0, lanes.indexOf(arrow.destination));
    const [left, right] = [Math.min(from, to), Math.max(from, to)];
    const kind = from === to ? "" : from < to ? "across" : "across back";
    const failed = FAILED.test(`${arrow.message} ${arrow.details}`) ? "failed" : "";
    const place = `grid-column: ${left + 2} / ${right + 3}; --span: ${right - left + 1}`;
    const ends = from === to ? arrow.source : `${arrow.source} to ${arrow.destination}`;
    return html`<details onToggle=${open}><summary aria-label=${`${ends}: ${arrow.message} ${arrow.details}`}>
        <time>${((arrow.time - since) * 1000).toFixed(1)} ms</time>
        ${lanes.map((name, lane) => html`<span key=${name} class="line" style=${`grid-column: ${lane + 2}`}></span>`)}
        <span class=${`arrow ${kind} ${failed}`} style=${place} title=${arrow.details}><span>${arrow.message}</span></span>
      </summary>
      <div class="tree"><p>${arrow.details}</p>
        ${typeof tree === "string" ? html`<p class="error">${tree}</p>` : tree && html`<${Tree} nodes=${tree} />`}</div>
    </details>`;
  }, [arrow, lanes, since, tree]);
}

export function Ladder({ imsi, nodes, all }) {
  const [arrows, setArrows] = useState([]);
  const [live, setLive] = useState(false);
  const [held, setHeld] = useState(false);
  const [since, setSince] = useState(null);
  const box = useRef(null);
  const waiting = useRef([]);
  const holding = useRef(false);
  holding.current = held;

  const show = () => {
    const come = waiting.current.splice(0);
    setSince((first) => first ?? come[0]?.time ?? null);
    setArrows((shown) => shown.concat(come).slice(-KEPT));
  };
  const clear = () => {
    setArrows([]);
    setSince(null);
  };

  useEffect(() => {
    let timer = 0;
    const draw = () => {
      timer = 0;
      if (!holding.current) show();
    };
    const take = (arrow) => {
      waiting.current.push(arrow);
      if (waiting.current.length > KEPT) waiting.current.splice(0, waiting.current.length - KEPT);
      if (!timer) timer = setTimeout(draw, REDRAWN);
    };
    const state = (open) => {
      setLive(open);
      if (open) {
        // The stream begins with all that is kept.
        waiting.current = [];
        clear();
      }
    };
    const stop = follow(`/page/arrows${imsi ? `?imsi=${imsi}` : ""}`, take, state);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [imsi]);

  useEffect(() => {
    const shown = box.current;
    const atEnd = shown.scrollHeight - shown.scrollTop - shown.clientHeight < 200;
    if (atEnd) shown.scrollTop = shown.scrollHeight;
  }, [arrows]);

  const known = nodes.map((node) => node.name);
  const others = arrows.flatMap((arrow) => [arrow.source, arrow.destination]);
  const used = new Set(others);
  const found = [...known.filter((name) => used.has(name)), ...new Set(others.filter((name) => !known.includes(name)))];
  const lanes = useMemo(() => found, [found.join("\n")]);
  const resume = () => {
    setHeld(!held);
    if (held) show();
  };
  return html`<section aria-labelledby="ladder">
    <h2 id="ladder">Ladder ${imsi ? html`of IMSI ${imsi}` : "of all terminals"}
      <span class="muted" role="status"> ${live ? "" : "reconnecting …"}</span></h2>
    <div class="row">
      <button class="secondary" aria-pressed=${held} onClick=${resume}>${held ? "Go on" : "Hold"}</button>
      <button class="secondary" onClick=${clear}>Clear</button>
      ${imsi && html`<button class="secondary" onClick=${all}>All terminals</button>`}
    </div>
    <div class="ladder" ref=${box} tabindex="0" role="log" aria-label="Messages" style=${`--lanes: ${Math.max(1, lanes.length)}`}>
      <div class="lanes"><span></span>${lanes.map((name) => html`<span key=${name}>${name}</span>`)}</div>
      ${arrows.map((arrow) => html`<${Arrow} key=${arrow.number} arrow=${arrow} lanes=${lanes} since=${since} />`)}
    </div>
  </section>`;
}
