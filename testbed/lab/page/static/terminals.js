import { html, useEffect, useState } from "/page/vendor/preact-htm-3.1.1.js";
import { ask } from "/page/lab.js";

const SHOWN = 15;

function reach(terminal) {
  if (terminal.online) return html`<span class="online">online</span>`;
  if (terminal.attached === false) return html`<span class="offline">detached</span>`;
  return html`<span class="muted">offline</span>`;
}

// A number is an IMSI, an MSISDN or an address: each is looked for.
async function search(words) {
  const digits = words.replace(/^\+/, "");
  const names = /[.:]/.test(words) ? ["address"] : ["msisdn", "imsi"];
  for (const name of names) {
    try {
      return await ask("GET", `/v1/terminals?${name}=${encodeURIComponent(digits)}`);
    } catch (error) {
      if (error.status !== 404 && error.status !== 400) throw error;
    }
  }
  return { total: 0, terminals: [] };
}

export function Terminals({ chosen, choose, turn }) {
  const [offset, setOffset] = useState(0);
  const [words, setWords] = useState("");
  const [found, setFound] = useState({ total: 0, terminals: [] });

  useEffect(() => {
    let wanted = true;
    const asked = words ? search(words) : ask("GET", `/v1/terminals?offset=${offset}&limit=${SHOWN}`);
    asked.then((list) => wanted && setFound(list), () => {});
    return () => {
      wanted = false;
    };
  }, [offset, words, turn]);

  const last = Math.min(offset + SHOWN, found.total);
  return html`<section aria-labelledby="terminals">
    <h2 id="terminals">Terminals</h2>
    <input type="search" placeholder="MSISDN, IMSI or address" aria-label="Search terminals" value=${words}
      onInput=${(event) => setWords(event.target.value.trim())} />
    <table><thead><tr><th scope="col">MSISDN</th><th scope="col">Address</th><th scope="col">State</th></tr></thead>
      <tbody>${found.terminals.map((terminal) => html`
        <tr key=${terminal.imsi} aria-selected=${terminal.imsi === chosen}>
          <td><button class="outline" onClick=${() => choose(terminal.imsi)}>${terminal.msisdn ?? terminal.imsi}</button></td>
          <td>${terminal.contexts[0]?.address ?? Object.values(terminal.static_addresses)[0] ?? ""}</td>
          <td>${reach(terminal)}</td>
        </tr>`)}</tbody></table>
    ${!words && html`<div class="row">
      <button disabled=${offset === 0} onClick=${() => setOffset(Math.max(0, offset - SHOWN))}>Back</button>
      <span>${found.total ? offset + 1 : 0} to ${last} of ${found.total}</span>
      <button disabled=${last >= found.total} onClick=${() => setOffset(offset + SHOWN)}>On</button>
    </div>`}
    ${words && found.total === 0 && html`<p role="status">Nobody has ${words}.</p>`}
  </section>`;
}
