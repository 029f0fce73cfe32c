import { html, useEffect, useState } from "/page/vendor/preact-htm-3.1.1.js";
import { ask } from "/page/lab.js";

const VERBS = [
  ["power-on", "Switch on"],
  ["power-off", "Switch off"],
  ["lose-power", "Take battery out"],
  ["attach", "Attach"],
  ["detach", "Detach"],
];

function Phone({ mobile, tap }) {
  const state = [mobile.state, mobile.in_coverage ? "" : "no coverage"].filter(Boolean).join(", ");
  return html`<div class="phone" role="region" aria-label="Phone screen">
    <p class="muted">${state}</p>
    <div aria-live="polite">${mobile.shown.toReversed().map((item) => html`
      <article key=${item.item}><p><strong>${item.kind}</strong> ${item.text}</p>
        ${item.details?.href && html`<button class="outline" onClick=${() => tap(item.item)}>
          ${item.details.href}</button>`}
      </article>`)}</div>
  </div>`;
}

function PushForm({ msisdn, said }) {
  const [kind, setKind] = useState("SI");
  const submit = (event) => {
    event.preventDefault();
    const { text, href } = event.target.elements;
    said(ask("POST", "/page/pushes", { terminal: msisdn, kind, text: text?.value ?? "", href: href.value }));
  };
  return html`<form onSubmit=${submit} aria-label="Push to this terminal">
    <div class="row">
      <select aria-label="Kind" value=${kind} onChange=${(event) => setKind(event.target.value)}>
        <option value="SI">Service indication</option><option value="SL">Service loading</option></select>
      ${kind === "SI" && html`<input name="text" aria-label="Text" defaultValue="You have 4 new messages" />`}
    </div>
    <div class="row"><input name="href" aria-label="Link" defaultValue="http://www.example.com/" />
      <button type="submit">Push</button></div>
  </form>`;
}

export function Terminal({ imsi, turn, pushes }) {
  const [terminal, setTerminal] = useState(null);
  const [told, setTold] = useState(null);

  useEffect(() => {
    let wanted = true;
    ask("GET", `/v1/terminals/${imsi}`).then(
      (seen) => wanted && setTerminal(seen),
      (error) => wanted && setTold(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [imsi, turn]);

  const said = (asked) => {
    setTold(null);
    asked.catch((error) => setTold(error.message));
  };
  if (!terminal) return html`<section aria-busy=${!told}>${told}</section>`;
  const mobile = terminal.mobile;
  const verb = (name, body) => said(ask("POST", `/v1/mobiles/${imsi}/${name}`, body));
  const apn = terminal.apns[0];
  return html`<section aria-labelledby="terminal">
    <h2 id="terminal">${terminal.msisdn ? `+${terminal.msisdn}` : imsi}
      <span class="muted"> IMSI ${imsi}${terminal.sgsn ? `, SGSN ${terminal.sgsn}` : ""}</span></h2>
    <div class="beside">
      ${mobile && html`<${Phone} mobile=${mobile} tap=${(item) => verb("tap", { item })} />`}
      <div>
        ${mobile && html`<fieldset><legend>What the mobile does</legend>
          ${VERBS.map(([name, words]) => html`<button key=${name} class="secondary outline" onClick=${() => verb(name)}>${words}</button>`)}
          <button class="secondary outline" onClick=${() => verb("coverage", { in_coverage: !mobile.in_coverage })}>
            ${mobile.in_coverage ? "Out of coverage" : "Into coverage"}</button>
          <label>On the network's request
            <select
              onChange=${(event) => verb("behaviour", { on_request: event.target.value })}>
              ${["accept", "reject", "silent", "detach", "wrong-nsapi"].map((name) => html`<option key=${name} value=${name} selected=${name === mobile.on_request}>${name}</option>`)}
            </select></label>
        </fieldset>`}
        <div class="row">
          ${apn && html`<button onClick=${() => said(ask("POST", "/v1/activations", { imsi, apn }))}>Activate from the network</button>`}
          ${terminal.contexts.map((context) => html`<button key=${context.nsapi} class="secondary"
            onClick=${() => said(ask("DELETE", `/v1/contexts/${imsi}/${context.apn}`))}>Delete ${context.address}</button>`)}
        </div>
        ${pushes && terminal.msisdn && html`<${PushForm} msisdn=${terminal.msisdn} said=${said} />`}
        ${told && html`<p role="alert" class="error">${told}</p>`}
      </div>
    </div>
  </section>`;
}
