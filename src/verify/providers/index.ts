import type { Provider } from '../provider.ts';
import { adyen } from './adyen.ts';
import { adyenPlatform } from './adyen-platform.ts';
import { airtable } from './airtable.ts';
import { asana } from './asana.ts';
import { awsSns } from './aws-sns.ts';
import { azureEventGrid } from './azure-event-grid.ts';
import { bitbucket } from './bitbucket.ts';
import { braintree } from './braintree.ts';
import { calCom } from './cal-com.ts';
import { calendly } from './calendly.ts';
import { clerk } from './clerk.ts';
import { clio } from './clio.ts';
import { cloudinary } from './cloudinary.ts';
import { coinbaseCdp } from './coinbase-cdp.ts';
import { coinbaseCommerce } from './coinbase-commerce.ts';
import { customerIo } from './customer-io.ts';
import { discord } from './discord.ts';
import { docusign } from './docusign.ts';
import { dropbox } from './dropbox.ts';
import { dropboxSign } from './dropbox-sign.ts';
import { easypost } from './easypost.ts';
import { ebay } from './ebay.ts';
import { favro } from './favro.ts';
import { figma } from './figma.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { gitlabSigning } from './gitlab-signing.ts';
import { gocardless } from './gocardless.ts';
import { googlePubsub } from './google-pubsub.ts';
import { hubspotV1 } from './hubspot-v1.ts';
import { hubspotV2 } from './hubspot-v2.ts';
import { hubspotV3 } from './hubspot-v3.ts';
import { intercom } from './intercom.ts';
import { jira } from './jira.ts';
import { knock } from './knock.ts';
import { lemonsqueezy } from './lemonsqueezy.ts';
import { line } from './line.ts';
import { linear } from './linear.ts';
import { linkedin } from './linkedin.ts';
import { mailchimp } from './mailchimp.ts';
import { mailgun } from './mailgun.ts';
import { mandrill } from './mandrill.ts';
import { meta } from './meta.ts';
import { microsoftGraph } from './microsoft-graph.ts';
import { monday } from './monday.ts';
import { mux } from './mux.ts';
import { netlify } from './netlify.ts';
import { nmi } from './nmi.ts';
import { notion } from './notion.ts';
import { okta } from './okta.ts';
import { openai } from './openai.ts';
import { orb } from './orb.ts';
import { oura } from './oura.ts';
import { paddle } from './paddle.ts';
import { pagerduty } from './pagerduty.ts';
import { paymob } from './paymob.ts';
import { paypal } from './paypal.ts';
import { paystack } from './paystack.ts';
import { persona } from './persona.ts';
import { plaid } from './plaid.ts';
import { polar } from './polar.ts';
import { postmark } from './postmark.ts';
import { razorpay } from './razorpay.ts';
import { recharge } from './recharge.ts';
import { resend } from './resend.ts';
import { retell } from './retell.ts';
import { revolut } from './revolut.ts';
import { ringcentral } from './ringcentral.ts';
import { sanity } from './sanity.ts';
import { sendgrid } from './sendgrid.ts';
import { sentry } from './sentry.ts';
import { shopify } from './shopify.ts';
import { slack } from './slack.ts';
import { square } from './square.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { strava } from './strava.ts';
import { stripe } from './stripe.ts';
import { svix } from './svix.ts';
import { synctera } from './synctera.ts';
import { tebex } from './tebex.ts';
import { telegram } from './telegram.ts';
import { telnyx } from './telnyx.ts';
import { trello } from './trello.ts';
import { twilio } from './twilio.ts';
import { twitch } from './twitch.ts';
import { typeform } from './typeform.ts';
import { vercel } from './vercel.ts';
import { vercelLogDrains } from './vercel-log-drains.ts';
import { walmart } from './walmart.ts';
import { webflow } from './webflow.ts';
import { wise } from './wise.ts';
import { woocommerce } from './woocommerce.ts';
import { workos } from './workos.ts';
import { xTwitter } from './x-twitter.ts';
import { xero } from './xero.ts';
import { zendesk } from './zendesk.ts';
import { zoom } from './zoom.ts';

/** Every provider that the receiver knows, in the order of their ids. */
export const PROVIDERS: readonly Provider[] = [
  adyenPlatform,
  adyen,
  airtable,
  asana,
  awsSns,
  azureEventGrid,
  bitbucket,
  braintree,
  calCom,
  calendly,
  clerk,
  clio,
  cloudinary,
  coinbaseCdp,
  coinbaseCommerce,
  customerIo,
  discord,
  docusign,
  dropboxSign,
  dropbox,
  easypost,
  ebay,
  favro,
  figma,
  gitea,
  github,
  gitlabSigning,
  gitlab,
  gocardless,
  googlePubsub,
  hubspotV1,
  hubspotV2,
  hubspotV3,
  intercom,
  jira,
  knock,
  lemonsqueezy,
  line,
  linear,
  linkedin,
  mailchimp,
  mailgun,
  mandrill,
  meta,
  microsoftGraph,
  monday,
  mux,
  netlify,
  nmi,
  notion,
  okta,
  openai,
  orb,
  oura,
  paddle,
  pagerduty,
  paymob,
  paypal,
  paystack,
  persona,
  plaid,
  polar,
  postmark,
  razorpay,
  recharge,
  resend,
  retell,
  revolut,
  ringcentral,
  sanity,
  sendgrid,
  sentry,
  shopify,
  slack,
  square,
  standardWebhooks,
  strava,
  stripe,
  svix,
  synctera,
  tebex,
  telegram,
  telnyx,
  trello,
  twilio,
  twitch,
  typeform,
  vercelLogDrains,
  vercel,
  walmart,
  webflow,
  wise,
  woocommerce,
  workos,
  xTwitter,
  xero,
  zendesk,
  zoom,
];

/** What a name is looked up by: `Cal.com`, `cal-com` and `CALCOM` are one. */
export function normalizeProviderName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, '');
}

const byName: ReadonlyMap<string, Provider> = new Map(
  PROVIDERS.flatMap((provider) =>
    [provider.id, ...(provider.aliases ?? [])].map(
      (name) => [normalizeProviderName(name), provider] as const,
    ),
  ),
);

/** The provider of that id or alias, whatever its casing and hyphens; null if there is none. */
export function findProvider(id: string): Provider | null {
  return byName.get(normalizeProviderName(id)) ?? null;
}
