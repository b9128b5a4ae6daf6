// Writes FILE as a note on a merge request, in the place of the one that an earlier run has written. That one is found by its
// hidden first line and by who wrote it: anybody may write such a line. Nothing but Node is needed.
//
//   merge-request.mjs FILE
//
// Needs GITLAB_NOTE_TOKEN; the rest is what GitLab gives to each job.

import { readFileSync } from "node:fs";

const env = process.env;
const notes = `/projects/${env.CI_MERGE_REQUEST_PROJECT_ID}/merge_requests/${env.CI_MERGE_REQUEST_IID}/notes`;

class Failure extends Error {}

async function request(method, path, json) {
  const reply = await fetch(env.CI_API_V4_URL + path, {
    method,
    headers: { "content-type": "application/json", "private-token": env.GITLAB_NOTE_TOKEN },
    body: json && JSON.stringify(json),
    signal: AbortSignal.timeout(60_000),
  });
  if (!reply.ok) throw new Failure(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

async function note(file) {
  const body = readFileSync(file, "utf8");
  const [marker] = body.split("\n", 1);
  if (!/^<!-- fluxform [a-z]+ -->$/.test(marker)) {
    throw new Failure(`${file} is not what fluxform --format markdown writes`);
  }
  const me = await request("GET", "/user");
  for (let page = 1; ; page++) {
    const list = await request("GET", `${notes}?per_page=100&page=${page}`);
    const ours = list.find((one) => one.author.id === me.id && one.body.startsWith(marker));
    if (ours) return request("PUT", `${notes}/${ours.id}`, { body });
    if (list.length === 0) return request("POST", notes, { body });
  }
}

const [file] = process.argv.slice(2);
try {
  if (!file) throw new Failure("usage: merge-request.mjs FILE");
  await note(file);
} catch (error) {
  console.error(`merge-request.mjs: ${error instanceof Failure ? error.message : error.stack}`);
  process.exitCode = 1;
}
