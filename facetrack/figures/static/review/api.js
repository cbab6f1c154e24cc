/* What the server is asked for, and what it refuses. */
import { whenLifted } from "./pointer.js";

/** A request that was refused: its message is a sentence for the user. */
export class Refused extends Error {
  constructor(told, status) {
    super(told);
    this.status = status;
  }
}

export function ask(path, signal) {
  return request(path, { signal });
}

export function send(path, body = {}) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Facetrack": "review" },
    body: JSON.stringify(body),
  });
}

async function request(path, options) {
  let reply;
  try {
    reply = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The server does not answer: is the command still running?", 0);
  }
  const text = await reply.text();
  await whenLifted();
  options.signal?.throwIfAborted();
  if (!reply.ok) throw new Refused(findTold(text) || `The server answers ${reply.status}.`, reply.status);
  return JSON.parse(text);
}

/** The sentence of a refusal, which is text alone where the server does not know who asks. */
function findTold(text) {
  try {
    return JSON.parse(text).told;
  } catch {
    return text.trim();
  }
}
