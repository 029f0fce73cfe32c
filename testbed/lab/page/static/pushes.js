import { html, useEffect, useState } from "/page/vendor/preact-htm-3.1.1.js";
import { ask } from "/page/lab.js";

function Push({ push }) {
  return html`<details><summary>${new Date(push.received).toLocaleTimeString()}
      ${push.deliveries.map((one) => html` <strong>${one.state}</strong> ${one.address}`)}</summary>
    ${push.deliveries.map((one) => html`<ol key=${one.address}>${one.history.map((step, place) => html`
      <li key=${place}><time>${step.seconds.toFixed(3)} s</time> ${step.state} <span class="muted">${step.note}</span></li>`)}</ol>`)}
    <p class="muted">${push.push_id}</p></details>`;
}

export function Pushes({ imsi, turn }) {
  const [pushes, setPushes] = useState([]);

  useEffect(() => {
    let wanted = true;
    const look = async () => {
      let query = "";
      if (imsi) {
        const { msisdn } = await ask("GET", `/v1/terminals/${imsi}`);
        if (msisdn) query = `?terminal=${msisdn}`;
      }
      const found = await ask("GET", `/page/pushes${query}`);
      if (wanted) setPushes(found.pushes);
    };
    look().catch(() => {});
    return () => {
      wanted = false;
    };
  }, [imsi, turn]);

  return html`<section aria-labelledby="pushes"><h2 id="pushes">Pushes</h2>
    ${pushes.length === 0 && html`<p class="muted">None yet.</p>`}
    ${pushes.map((push) => html`<${Push} key=${push.push_id} push=${push} />`)}</section>`;
}
