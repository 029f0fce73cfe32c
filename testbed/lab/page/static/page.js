import { html, render, useEffect, useState } from "/page/vendor/preact-htm-3.1.1.js";
import { ask, Refused, useToken } from "/page/lab.js";
import { Charts } from "/page/charts.js";
import { Faults } from "/page/faults.js";
import { Ladder } from "/page/ladder.js";
import { Pushes } from "/page/pushes.js";
import { Terminal } from "/page/terminal.js";
import { Terminals } from "/page/terminals.js";

const LOOK = 1000;

function Token({ enter }) {
  const submit = (event) => {
    event.preventDefault();
    enter(event.target.elements.token.value);
  };
  return html`<main><form onSubmit=${submit}>
    <label>The lab asks for a token
      <input name="token" type="password" autocomplete="current-password" required autofocus /></label>
    <button type="submit">Look on</button>
  </form></main>`;
}

function Topology({ lab }) {
  const seen = {
    ggsn: `${lab.sizes.pdp_contexts} PDP contexts`,
    sgsn: `${lab.sizes.attached_mobiles} attached`,
    hlr: `${lab.sizes.terminals} subscribers`,
    gateway: lab.counters.gateway ? `accepted pushes: ${lab.counters.gateway.accepted ?? 0}` : "",
  };
  return html`<section aria-label="Topology"><ul class="topology">
    ${lab.nodes.map((node) => html`<li key=${node.name} data-node=${node.name}>
      <strong>${node.name}</strong><span class="muted">${node.address}</span> ${seen[node.kind] ?? ""}</li>`)}
  </ul></section>`;
}

function Page() {
  const [lab, setLab] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const [imsi, setImsi] = useState(() => location.hash.slice(1) || null);
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    let going = true;
    const look = async () => {
      try {
        const seen = await ask("GET", "/page/lab");
        if (!going) return;
        setLab(seen);
        setTrouble(null);
      } catch (error) {
        if (going) setTrouble(error);
      }
      if (going) timer = setTimeout(look, LOOK);
    };
    let timer = setTimeout(look, 0);
    return () => {
      going = false;
      clearTimeout(timer);
    };
  }, [turn]);

  useEffect(() => {
    history.replaceState(null, "", imsi ? `#${imsi}` : "#");
  }, [imsi]);

  useEffect(() => {
    const moved = () => setImsi(location.hash.slice(1) || null);
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);

  if (trouble instanceof Refused && trouble.status === 401) {
    const enter = (token) => {
      useToken(token);
      setTrouble(null);
      setTurn(turn + 1);
    };
    return html`<${Token} enter=${enter} />`;
  }
  if (lab === null) return html`<main aria-busy="true">${trouble ? trouble.message : "Looking for the lab …"}</main>`;
  document.title = `Corenet: ${lab.name}`;
  return html`
    <header><h1>Corenet: lab ${lab.name}</h1>
      <span role="status">${trouble ? html`<span class="error">not reached: ${trouble.message}</span>` : "live"}</span></header>
    <main>
      <div>
        <${Topology} lab=${lab} />
        <${Terminals} chosen=${imsi} choose=${setImsi} turn=${lab.time} />
        <${Charts} lab=${lab} />
        <${Faults} nodes=${lab.nodes} turn=${lab.time} />
      </div>
      <div>
        ${imsi && html`<${Terminal} key=${imsi} imsi=${imsi} turn=${lab.time} pushes=${lab.pushes} />`}
        <${Ladder} key=${imsi ?? "all"} imsi=${imsi} nodes=${lab.nodes} all=${() => setImsi(null)} />
        ${lab.pushes && html`<${Pushes} imsi=${imsi} turn=${lab.time} />`}
      </div>
    </main>`;
}

render(html`<${Page} />`, document.body);
