import { html, useEffect, useRef } from "/page/vendor/preact-htm-3.1.1.js";

const KEPT = 300;
const STROKES = ["#1e88e5", "#f4511e", "#43a047"];

// The time that is there, and a minute at least.
function minute(chart) {
  const times = chart.data[0];
  const end = times.at(-1) ?? Date.now() / 1000;
  return [Math.min(times[0] ?? end, end - 60), end];
}

function Chart({ title, names, unit, rows, points }) {
  const place = useRef(null);
  const plot = useRef(null);

  useEffect(() => {
    const axis = { stroke: () => getComputedStyle(place.current).color, grid: { stroke: "#8884" }, ticks: { stroke: "#8884" } };
    const series = names.map((label, number) => ({
      label,
      stroke: STROKES[number],
      width: 2,
      ...(points ? { paths: () => null, points: { show: true, size: 5 } } : { points: { show: false } }),
    }));
    const options = { width: place.current.clientWidth || 300, height: 150, series: [{}, ...series], axes: [axis, { ...axis, size: 45 }],
      scales: { x: { range: minute }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } } };
    plot.current = new uPlot(options, [[], ...names.map(() => [])], place.current);
    const watch = new ResizeObserver(() => plot.current.setSize({ width: place.current.clientWidth, height: 150 }));
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      plot.current.destroy();
    };
  }, []);

  useEffect(() => {
    plot.current?.setData([0, ...names.keys()].map((_, column) => rows.map((row) => row[column])).slice(0, names.length + 1));
  }, [rows]);

  const now = rows.at(-1);
  const words = now ? names.map((name, number) => `${name} ${(now[number + 1] ?? 0).toFixed(1)}`).join(", ") : "nothing yet";
  return html`<figure aria-label=${`${title}, ${unit}: ${words}`}><figcaption>${title} <span class="muted">${unit}</span></figcaption>
    <div ref=${place}></div></figure>`;
}

function total(lab, node, name) {
  return Object.entries(lab.counters)
    .filter(([other]) => other.startsWith(node))
    .reduce((sum, [, own]) => sum + (own[name] ?? 0), 0);
}

export function Charts({ lab }) {
  const seen = useRef([]);
  const before = seen.current.at(-1);
  if (!before || before.time !== lab.time) {
    const counts = { time: lab.time, accepted: total(lab, "gateway", "accepted"), delivered: total(lab, "gateway", "delivered"),
      contexts: lab.sizes.pdp_contexts, attached: lab.sizes.attached_mobiles };
    seen.current = seen.current.concat(counts).slice(-KEPT);
  }
  const looks = seen.current;
  const rates = looks.slice(1).map((look, place) => {
    const seconds = look.time - looks[place].time || 1;
    return [look.time, (look.accepted - looks[place].accepted) / seconds, (look.delivered - looks[place].delivered) / seconds];
  });
  return html`<section aria-labelledby="charts"><h2 id="charts">Rates and latencies</h2><div class="charts">
    ${lab.pushes && html`<${Chart} title="Pushes" unit="a second" names=${["accepted", "delivered"]} rows=${rates} />`}
    <${Chart} title="Terminals" unit="now" names=${["attached", "PDP contexts"]} rows=${looks.map((look) => [look.time, look.attached, look.contexts])} />
    ${lab.pushes && html`<${Chart} title="Accept to delivery" unit="seconds" names=${["push"]} points=${true}
      rows=${lab.latencies.map(([time, seconds]) => [time, seconds])} />`}
  </div></section>`;
}
