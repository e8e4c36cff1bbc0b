// Slack: the URL check is answered, events are verified, and the handler may take longer than Slack's 3 seconds.
//
//   SLACK_SIGNING_SECRET=… CONFIG=examples/slack.config.ts npm start
//
// At api.slack.com/apps, Basic Information has the signing secret. Under Event Subscriptions the request URL ends in
// /webhooks/slack; Slack checks it at once. Slash commands and interactivity may go to the same URL.
//
// Without Slack, this prints `U123ABC456 said in C123ABC456: <@U0LAN0Z89> hello`:
//
//   npx webhook-receiver send --provider slack --event app_mention --secret-env SLACK_SIGNING_SECRET
//
// Output for a mention and a slash command:
//   U061F7AUR said in C0LAN2Q65: <@U0LAN0Z89> is it up?
//   /deploy please by roadrunner

import { defineConfig, env, type HandlerEvent } from 'webhook-receiver';

type Mention = { event: { user: string; channel: string; text: string } };
type Command = { command: string; text: string; user_name: string };

export default defineConfig({
  sources: {
    slack: { provider: 'slack', secret: env('SLACK_SIGNING_SECRET') },
  },
  destinations: {
    mentions: {
      events: ['app_mention'],
      handler: ({ payload: { event } }: HandlerEvent<Mention>) => {
        console.log(`${event.user} said in ${event.channel}: ${event.text}`);
      },
    },
    // A slash command is a form; its payload has the form's fields.
    commands: {
      events: ['/*'],
      handler: ({ payload: { command, text, user_name } }: HandlerEvent<Command>) => {
        console.log(`${command} ${text} by ${user_name}`);
      },
    },
  },
});
