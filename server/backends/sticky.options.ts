import { Type, type Static } from '@sinclair/typebox'
import { CookieName, CookieOptions } from '../lib/cookie.options.ts'
import { Duration, FieldName, Secret, ValueOrMap, Words } from '../lib/kinds.ts'

const SECRET_LENGTH_MIN = 16
const SECRETS_MAX = 8

const Cookie = (description: string) => Type.Optional(CookieName({ description }))

const StickySettings = Type.Object(
  {
    cookie: Cookie(
      'Name of the cookie that the gateway sets; sluice_sticky where nothing else says by what.',
    ),
    header: Type.Optional(
      FieldName({
        description:
          'In place of a cookie: requests with the same value of this field go to the same server, those without it wherever the algorithm says.',
      }),
    ),
    client_ip: Type.Optional(
      Type.Boolean({
        description:
          'In place of a cookie: clients of one address go to the same server. All that is known on tcp and udp listeners.',
      }),
    ),
    learn: Cookie(
      "Name of a cookie that the servers set: who has one stays with the server that gave it, as long as it lives. The gateway's own goes beside it, with its attributes.",
    ),
    ttl: Duration({
      default: '1h',
      most: '24d',
      description:
        'A cookie is good for so long. 0s: as long as the browser is open, and for the gateway without end.',
    }),
    sliding: Type.Boolean({
      default: true,
      description:
        'Who goes on coming keeps the server: the cookie is given anew once a tenth of ttl is over. false: ttl counts from the first answer.',
    }),
    secret: Type.Optional(
      Secret({
        minLength: SECRET_LENGTH_MIN,
        description:
          'What cookies are signed with; the same on all machines that are to know them. Left out: one that is made once and kept in the data folder.',
      }),
    ),
    secrets: Type.Optional(
      Type.Array(Secret({ minLength: SECRET_LENGTH_MIN, description: 'A secret.' }), {
        minItems: 1,
        maxItems: SECRETS_MAX,
        secret: true,
        description:
          'Several in place of one, to change them: the first signs, all are believed, and who shows a cookie of another one is given a new one.',
      }),
    ),
    ...CookieOptions,
    drain: Words(['leave', 'sticky'], {
      default: 'leave',
      description:
        'Clients of a server that drains: leave takes another one with the next request; sticky stays until their cookie ends, which is not prolonged meanwhile.',
    }),
    full: Words(['other', 'wait'], {
      default: 'other',
      description:
        'Clients of a server at its max_connections: other has this request served elsewhere, and the cookie stays; wait has them wait in the queue for that server.',
    }),
    strip: Type.Boolean({
      default: false,
      description: 'Servers do not see the cookie.',
    }),
    cache: Words(['private', 'keep'], {
      default: 'private',
      description:
        'Answers with a new cookie are for one client: private says so to caches in Cache-Control, in place of public and s-maxage; keep leaves that field as it is.',
    }),
  },
  {
    description: 'By what, and how.',
    also: {
      name: 'cookie',
      cookie_name: 'cookie',
      by: 'cookie',
      ttl_secs: 'ttl',
      max_age: 'ttl',
      expires: 'ttl',
      samesite: 'same_site',
      httponly: 'http_only',
      ip: 'client_ip',
      app_cookie: 'learn',
      nocache: 'cache',
      no_cache: 'cache',
      indirect: 'strip',
    },
  },
)
export type StickySettingsConfig = Static<typeof StickySettings>

export const StickyOptions = Type.Optional(
  ValueOrMap(
    Type.Boolean({
      said: {
        cookie: 'write true',
        header: 'write { header: NAME }',
        client_ip: 'write { client_ip: true }',
        ip: 'write { client_ip: true }',
      },
      description: 'true: by a cookie, with what is usual.',
    }),
    StickySettings,
    {
      description:
        'Sessions stay with the server that has them, by a signed cookie that does not tell which one it is. A server that is down, in maintenance or gone loses them to another one.',
    },
  ),
)

/** Where nothing is said of by what; sticky.ts knows the same. */
export const STICKY_COOKIE = 'sluice_sticky'
