// What the workflows ask of GitHub. Nothing but Node is needed.
//
//   pull-request.mjs comment FILE
//       Writes FILE as a comment on the pull request PULL_REQUEST, in the place of the one that an earlier run has written.
//       That one is found by its hidden first line and by who wrote it: anybody may write such a line.
//       GITHUB_TOKEN needs `pull-requests: write`.
//
//   pull-request.mjs reviewed
//       Finds the plan of the pull request whose merge is GITHUB_SHA: an artifact of a run of the workflow plan.yml, for the event
//       `pull_request`, of the commit that was merged, that ended well. Any other run may give its artifacts the same name. Prints
//       the name of the artifact and the run that made it, as GITHUB_OUTPUT takes them. GITHUB_TOKEN needs `actions: read` and `pull-requests: read`.

import { readFileSync } from "node:fs";

const env = process.env;
const api = `${env.GITHUB_API_URL ?? "https://api.github.com"}/repos/${env.GITHUB_REPOSITORY}`;
const planner = ".github/workflows/plan.yml";
const author = env.COMMENT_AUTHOR ?? "github-actions[bot]";

class Failure extends Error {}

async function request(method, path, json) {
  const reply = await fetch(api + path, {
    method,
    headers: { accept: "application/vnd.github+json", authorization: `Bearer ${env.GITHUB_TOKEN}` },
    body: json && JSON.stringify(json),
    signal: AbortSignal.timeout(60_000),
  });
  if (!reply.ok) throw new Failure(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

async function comment(file) {
  const body = readFileSync(file, "utf8");
  const [marker] = body.split("\n", 1);
  if (!/^<!-- fluxform [a-z]+ -->$/.test(marker)) {
    throw new Failure(`${file} is not what fluxform --format markdown writes`);
  }
  const comments = `/issues/${env.PULL_REQUEST}/comments`;
  for (let page = 1; ; page++) {
    const list = await request("GET", `${comments}?per_page=100&page=${page}`);
    const ours = list.find((one) => one.user?.login === author && one.body.startsWith(marker));
    if (ours) return request("PATCH", `/issues/comments/${ours.id}`, { body });
    if (list.length === 0) return request("POST", comments, { body });
  }
}

async function reviewed() {
  const none = (why) => new Failure(`${why}; start this workflow by hand to plan anew`);
  const commit = env.GITHUB_SHA;
  const pulls = await request("GET", `/commits/${commit}/pulls`);
  const head = pulls.find((pull) => pull.merged_at && pull.merge_commit_sha === commit)?.head.sha;
  if (!head) throw none(`${commit} is not the merge of a pull request`);
  const name = `fluxform-plan-${head}`;
  const { artifacts } = await request("GET", `/actions/artifacts?name=${name}&per_page=100`);
  // A run of a fork is not one of ours, whatever it has called its artifact.
  const newest = artifacts
    .filter(({ expired, workflow_run: run }) =>
      !expired && run.head_sha === head && run.head_repository_id === run.repository_id)
    .sort((a, b) => b.created_at.localeCompare(a.created_at));
  for (const { workflow_run: { id } } of newest) {
    const run = await request("GET", `/actions/runs/${id}`);
    // The path may end in `@` and the branch.
    const ours = run.path.split("@", 1)[0] === planner && run.event === "pull_request" && run.head_sha === head;
    if (ours && run.conclusion === "success") {
      console.log(`name=${name}\nrun=${id}`);
      return;
    }
  }
  throw none(`no plan of ${head} was kept: it was refused, came from a fork, or is too old`);
}

const [command, file] = process.argv.slice(2);
try {
  if (command === "comment" && file) await comment(file);
  else if (command === "reviewed") await reviewed();
  else throw new Failure("usage: pull-request.mjs comment FILE | reviewed");
} catch (error) {
  console.error(`pull-request.mjs: ${error instanceof Failure ? error.message : error.stack}`);
  process.exitCode = 1;
}
