// Receives Tidings' webhooks with nothing but Node's standard library.
//
//     TIDINGS_SECRET=whsec_... node receiver.mjs 9000
//
// Answers 204 to what is signed with the secret and 401 to everything else; prints one line of JSON for each event.
// The same event can arrive twice: before you act on one, look its id up among those you have handled.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const KEY = Buffer.from((process.env.TIDINGS_SECRET ?? "").replace(/^whsec_/, ""), "base64");
if (KEY.length < 24 || KEY.length > 64) throw new Error("TIDINGS_SECRET must be whsec_ and 24 to 64 bytes in base64");
const MAX_BODY = 16 * 1024 * 1024;
const TOLERANCE = 5 * 60; // seconds between their clock and ours

// Whether one of the signatures is ours and fresh (Standard Webhooks 1.0).
function verified(headers, body) {
  const id = headers["webhook-id"] ?? "", timestamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) return false;
  const mac = createHmac("sha256", KEY).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const expected = Buffer.from(`v1,${mac}`);
  return (headers["webhook-signature"] ?? "").split(" ").map((s) => Buffer.from(s))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    if ((size += chunk.length) > MAX_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(request, response) {
  const body = await read(request);
  if (body === null) return response.writeHead(413, { connection: "close" }).end();
  if (request.method !== "POST" || !verified(request.headers, body)) return response.writeHead(401).end();
  console.log(JSON.stringify({ id: request.headers["webhook-id"], event: JSON.parse(body) }));
  response.writeHead(204).end();
}

const server = createServer((request, response) => receive(request, response).catch(() => response.destroy()));
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}/`);
});
