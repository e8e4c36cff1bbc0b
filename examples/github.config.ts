// GitHub: verified, each delivery processed once.
//
//   GITHUB_SECRET=… CONFIG=examples/github.config.ts npm start
//
// At GitHub, Settings > Webhooks > Add webhook: the payload URL ends in /webhooks/github, the content type is
// application/json, the secret is the same.
//
// Without GitHub, this prints `deploy octo-org/octo-repo at 59b20b8d5c6f`:
//
//   npx webhook-receiver send --provider github --event push --secret-env GITHUB_SECRET
//
// Output for a push and an opened issue:
//   deploy octo/site at 6113728f27ae
//   triage #7 of octo/site: The page is blank

import { defineConfig, env, type HandlerEvent } from 'webhook-receiver';

type Push = { ref: string; after: string; repository: { full_name: string; default_branch: string } };
type IssueOpened = { issue: { number: number; title: string }; repository: { full_name: string } };

export default defineConfig({
  sources: {
    github: { provider: 'github', secret: env('GITHUB_SECRET') },
  },
  destinations: {
    deploy: {
      events: ['push'],
      handler: ({ payload }: HandlerEvent<Push>) => {
        const { ref, after, repository } = payload;
        if (ref !== `refs/heads/${repository.default_branch}`) return;
        console.log(`deploy ${repository.full_name} at ${after.slice(0, 12)}`);
      },
    },
    // Where an event has an action, its type contains both: issues.opened, pull_request.closed.
    triage: {
      events: ['issues.opened'],
      handler: ({ payload: { issue, repository } }: HandlerEvent<IssueOpened>) => {
        console.log(`triage #${issue.number} of ${repository.full_name}: ${issue.title}`);
      },
    },
  },
});
