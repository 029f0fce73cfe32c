// What the page asks the lab for. A token, where the lab wants one, is kept for this tab.

const TOKEN = "corenet-token";

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function checked(response) {
  if (response.ok) return response;
  let detail = response.statusText;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // Not every refusal comes from the lab.
  }
  throw new Refused(response.status, detail);
}

export async function ask(method, path, body) {
  const options = { method, headers: headers() };
  if (body !== undefined) {
    options.headers = headers({ "Content-Type": "application/json" });
    options.body = JSON.stringify(body);
  }
  return (await checked(await fetch(path, options))).json();
}

// Calls take(event) for each event of a stream, until stop() is called; comes back when the stream breaks.
export function follow(path, take, state) {
  const ending = new AbortController();
  (async () => {
    while (!ending.signal.aborted) {
      try {
        const response = await checked(await fetch(path, { headers: headers(), signal: ending.signal }));
        state(true, response);
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          const blocks = (text + value).split("\n\n");
          text = blocks.pop();
          for (const block of blocks) {
            const data = block.split("\n").find((line) => line.startsWith("data: "));
            if (data) take(JSON.parse(data.slice(6)));
          }
        }
      } catch (error) {
        if (ending.signal.aborted) return;
      }
      state(false);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  })();
  return () => ending.abort();
}
