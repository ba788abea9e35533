import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Duration, FieldName, FieldValue, OrWord, Words } from '../lib/kinds.ts'
import { isOwnOnAnswer, OWN_FIELD, VARIABLES_OF_ANSWERS } from '../lib/own-fields.ts'

const HSTS = 'How long browsers are to ask this host by https alone (RFC 6797).'

const Hsts = Type.Object(
  {
    max_age: Duration({
      default: '365d',
      most: '3650d',
      description: 'From each answer on. 0s takes it back: browsers forget it.',
    }),
    subdomains: Type.Boolean({
      default: false,
      description: 'Of all hosts below this one, too: each of them must speak https.',
    }),
    preload: Type.Boolean({
      default: false,
      description:
        'May stand in the lists that browsers ship with, from which it takes months to come off; wants subdomains and a max_age of at least 365d.',
    }),
  },
  { default: {}, description: HSTS },
)

export const SecurityHeadersOptions = Type.Object(
  {
    hsts: OrWord(false, Hsts, {
      default: {},
      description: `Strict-Transport-Security, on answers to clients that speak https, to the proxy before us where there is one: over http it is never sent. ${HSTS} false: none.`,
    }),
    csp: Type.Optional(
      FieldValue({ description: 'Content-Security-Policy: what pages may load, and from where.' }),
    ),
    csp_report_only: Type.Optional(
      FieldValue({
        description: 'Content-Security-Policy-Report-Only: what is not allowed is only reported.',
      }),
    ),
    frame: Words(['deny', 'sameorigin', 'off'], {
      default: 'sameorigin',
      description: 'X-Frame-Options: who may show pages in a frame. off: it is not sent.',
    }),
    nosniff: Type.Boolean({
      default: true,
      description: 'X-Content-Type-Options: nosniff: browsers take a body for what Content-Type says.',
    }),
    referrer: Words(
      [
        'no-referrer',
        'no-referrer-when-downgrade',
        'origin',
        'origin-when-cross-origin',
        'same-origin',
        'strict-origin',
        'strict-origin-when-cross-origin',
        'unsafe-url',
        'off',
      ],
      {
        default: 'strict-origin-when-cross-origin',
        description: 'Referrer-Policy: what other sites learn of the page that led to them. off: not sent.',
      },
    ),
    permissions: Type.Optional(
      FieldValue({ description: 'Permissions-Policy: "camera=(), geolocation=(self)".' }),
    ),
    coop: Words(['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none', 'off'], {
      default: 'off',
      description: 'Cross-Origin-Opener-Policy: which pages may share a window with ours.',
    }),
    coep: Words(['require-corp', 'credentialless', 'unsafe-none', 'off'], {
      default: 'off',
      description: 'Cross-Origin-Embedder-Policy: what of other sites our pages may load.',
    }),
    corp: Words(['same-origin', 'same-site', 'cross-origin', 'off'], {
      default: 'off',
      description: 'Cross-Origin-Resource-Policy: which sites may load what is answered here.',
    }),
    replace: Type.Boolean({
      default: false,
      description: "Ours take the place of a server's own; false: what a server says itself stays.",
    }),
    remove: Type.Array(FieldName({ description: 'Name.' }), {
      default: ['Server', 'X-Powered-By', 'X-AspNet-Version', 'X-AspNetMvc-Version'],
      maxItems: 32,
      description: 'Fields of servers that tell what runs there; they are left out.',
    }),
  },
  {
    description:
      'Sets the header fields by which browsers protect a site, where its servers do not, and leaves out those that tell what runs behind.',
    also: {
      content_security_policy: 'csp',
      strict_transport_security: 'hsts',
      frame_options: 'frame',
      x_frame_options: 'frame',
      referrer_policy: 'referrer',
      permissions_policy: 'permissions',
      content_type_nosniff: 'nosniff',
      hide: 'remove',
      cross_origin_opener_policy: 'coop',
      cross_origin_embedder_policy: 'coep',
      cross_origin_resource_policy: 'corp',
    },
    lacks: {
      xss_protection: 'browsers have no such filter any more; write csp',
      nonce: 'only who makes the page can write it there: let the server send Content-Security-Policy itself',
    },
  },
)
export type SecurityHeadersConfig = Static<typeof SecurityHeadersOptions>

/** What the lists of browsers ask for: hstspreload.org. */
const PRELOAD_MS = 365 * 86_400_000

export function checkSecurityHeaders({ hsts, remove, ...values }: SecurityHeadersConfig, where: Where): void {
  if (hsts !== false && hsts.preload && (!hsts.subdomains || hsts.max_age < PRELOAD_MS))
    where.report(['hsts', 'preload'], {
      code: 'conflict',
      found: hsts.subdomains ? 'preload with a max_age below 365d' : 'preload without subdomains',
      allowed: 'preload with subdomains: true and a max_age of at least 365d',
      hint: 'the lists of browsers take no other',
    })
  for (const key of ['csp', 'csp_report_only', 'permissions'] as const)
    where.checkVariables([key], values[key] ?? '', VARIABLES_OF_ANSWERS)
  for (const [index, name] of remove.entries())
    if (isOwnOnAnswer(name))
      where.report(['remove', index], {
        code: 'conflict',
        found: `the field ${where.quoted(['remove', index], name)}`,
        ...OWN_FIELD,
      })
}
