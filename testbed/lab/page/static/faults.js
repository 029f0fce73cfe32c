import { html, useEffect, useState } from "/page/vendor/preact-htm-3.1.1.js";
import { ask } from "/page/lab.js";

// Loss and delay of what the lab's nodes send on one interface, and the end of its connections.
function Fault({ fault, set, reset }) {
  const [loss, setLoss] = useState(fault.loss);
  const [delay, setDelay] = useState(fault.delay);
  useEffect(() => {
    setLoss(fault.loss);
    setDelay(fault.delay);
  }, [fault.loss, fault.delay]);
  const name = fault.interface;
  return html`<tr><th scope="row">${name}</th>
    <td><input type="range" min="0" max="1" step="0.05" value=${loss} aria-label=${`Loss on ${name}`}
      onInput=${(event) => setLoss(event.target.valueAsNumber)}
      onChange=${(event) => set(name, { loss: event.target.valueAsNumber, delay })} /></td>
    <td>${Math.round(loss * 100)} %</td>
    <td><input type="range" min="0" max="5" step="0.1" value=${delay} aria-label=${`Delay on ${name}`}
      onInput=${(event) => setDelay(event.target.valueAsNumber)}
      onChange=${(event) => set(name, { loss, delay: event.target.valueAsNumber })} /></td>
    <td>${delay.toFixed(1)} s</td><td>${fault.lost}</td>
    <td>${fault.over_tcp && html`<button class="secondary outline" aria-label=${`Reset connections on ${name}`}
      onClick=${() => reset(name)}>Reset</button>`}</td></tr>`;
}

export function Faults({ nodes, turn }) {
  const [faults, setFaults] = useState([]);
  const [told, setTold] = useState(null);

  useEffect(() => {
    let wanted = true;
    ask("GET", "/v1/faults").then((seen) => wanted && setFaults(seen.interfaces), () => {});
    return () => {
      wanted = false;
    };
  }, [turn]);

  const said = (asked) => {
    setTold(null);
    asked.catch((error) => setTold(error.message));
  };
  const set = (name, fault) => said(ask("PUT", `/v1/faults/${name}`, fault));
  const reset = (name) => said(ask("POST", `/v1/faults/${name}/reset`));
  const restarting = nodes.filter((node) => ["ggsn", "sgsn", "hlr"].includes(node.kind));
  return html`<section aria-labelledby="faults"><h2 id="faults">Faults</h2>
    <details><summary>${faults.some((one) => one.loss || one.delay) ? "Something is wrong" : "Nothing is wrong"}</summary>
      <div class="wide"><table><thead><tr><th scope="col">Interface</th><th scope="col" colspan="2">Loss</th>
        <th scope="col" colspan="2">Delay</th><th scope="col">Lost</th><th scope="col">Connections</th></tr></thead>
        <tbody>${faults.map((fault) => html`<${Fault} key=${fault.interface} fault=${fault} set=${set} reset=${reset} />`)}</tbody></table></div>
      <button class="secondary" onClick=${() => said(ask("DELETE", "/v1/faults"))}>All well again</button>
      ${restarting.map((node) => html`<button key=${node.name} class="secondary outline"
        onClick=${() => said(ask("POST", `/v1/nodes/${node.name}/restart`))}>Restart ${node.name}</button>`)}
      ${told && html`<p role="alert" class="error">${told}</p>`}
    </details></section>`;
}
