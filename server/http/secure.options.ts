import { Type } from '@sinclair/typebox'
import { ValueOrMap } from '../lib/kinds.ts'

/** What a listener of http may say of a listener of https. */
export const RedirectHttps = Type.Optional(
  ValueOrMap(
    Type.Boolean({ description: 'true: to port 443.' }),
    Type.Object(
      {
        port: Type.Integer({ default: 443, minimum: 1, maximum: 65_535, description: 'Port of https.' }),
        status: Type.Integer({
          default: 308,
          enum: [301, 302, 307, 308],
          description: 'Status of the redirect; 308 and 307 keep method and body.',
        }),
      },
      { description: 'Where to.' },
    ),
    {
      description:
        'Sends every client to the same URL by https, before rules: this listener needs none. Left out are /.well-known/acme-challenge/, by which certificates are obtained, status_endpoints, and clients of trusted_proxies that came by https there.',
    },
  ),
)

/** What a listener of https may add to its answers. */
export const Hsts = Type.Optional(
  ValueOrMap(
    Type.Boolean({ description: 'true: for a year, this host alone.' }),
    Type.Object(
      {
        max_age: Type.Integer({
          default: 31_536_000,
          minimum: 0,
          maximum: 315_360_000,
          said: {
            '1y': 'write 31536000, in seconds',
            '2y': 'write 63072000, in seconds',
            '365d': 'write 31536000, in seconds',
          },
          description: 'Seconds for which browsers use https alone; 0: they forget it.',
        }),
        include_subdomains: Type.Boolean({ default: false, description: 'And for all hosts below it.' }),
        preload: Type.Boolean({
          default: false,
          description:
            'Browsers may know it before they come (hstspreload.org): that cannot be taken back soon.',
        }),
      },
      { description: 'For how long, and for whom.' },
    ),
    {
      description:
        "Strict-Transport-Security (RFC 6797) in every answer, in place of a server's own: browsers come by https alone from then on.",
    },
  ),
)

export const AltSvc = Type.Optional(
  Type.String({
    pattern: '^[!-~][ -~]{0,255}$',
    allowed: `a value of Alt-Svc, such as 'h3=":443"; ma=86400'`,
    description:
      'Alt-Svc (RFC 7838) in every answer: where else this is served, such as by HTTP/3 of another server; "clear" takes it back.',
  }),
)
