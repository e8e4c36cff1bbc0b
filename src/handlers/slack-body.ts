/** What an alert's body has. */
type Content = Readonly<{ message?: unknown; command?: unknown; url?: unknown }>;

/**
 * The message of an alert for an incoming webhook of Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * An event that is no alert is shown as it is.
 */
export function slackBody(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString();
  return Buffer.from(JSON.stringify({ text: messageOf(text) }));
}

function messageOf(text: string): string {
  const { message, command, url } = contentOf(text);
  if (typeof message !== 'string') return escaped(text);
  const lines = [escaped(message)];
  if (typeof url === 'string') lines.push(`<${escaped(url)}|Open the console>`);
  if (typeof command === 'string') lines.push(`\`${escaped(command)}\``);
  return lines.join('\n');
}

function contentOf(text: string): Content {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Slack reads these three characters as its own. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
