import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Duration, FieldName, NeedsOneOrMore, OneOrMore, Words } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'
import { checkOrigins, OriginOptions, takesAll } from './origins.options.ts'

export const CorsOptions = Type.Object(
  {
    mode: ModeOption,
    origins: NeedsOneOrMore(
      OriginOptions,
      'Origins of pages whose scripts may read answers; "*": all, without credentials; "null": pages without an origin (files, sandboxes).',
    ),
    methods: OneOrMore(
      Type.Unsafe<string>({ type: 'string', format: 'method', description: 'A method, or "*" for all.' }),
      'Methods that scripts may use.',
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    ),
    headers: OneOrMore(
      FieldName({ description: 'A name, or "*" for all.' }),
      'Header fields that scripts may send, beside those that they always may (Accept, Accept-Language, Content-Language and plain Content-Type). "*": those that are asked for, Authorization among them.',
      ['Content-Type', 'Authorization'],
    ),
    expose: Type.Array(FieldName({ description: 'A name.' }), {
      default: [],
      description: 'Header fields of answers that scripts may read, beside the few that they always may.',
    }),
    credentials: Type.Boolean({
      default: false,
      description:
        'Requests may be sent with cookies and other credentials of this site, and their answers be read. Not with "*".',
    }),
    max_age: Duration({
      default: '10m',
      most: '1d',
      description: 'How long browsers need not ask again. Chrome keeps it for 2h at most, Firefox for a day.',
    }),
    private_network: Type.Boolean({
      default: false,
      description:
        'Pages of public networks may reach this site in a private one, where their browser asks for that.',
    }),
    refused: Words(['pass', 'deny'], {
      default: 'pass',
      description:
        'What becomes of other origins. pass: requests go on and answers lack the fields, so that browsers keep them from scripts. deny: they get 403.',
    }),
    server_fields: Words(['replace', 'keep'], {
      default: 'replace',
      description:
        'What becomes of fields of CORS that servers send. replace: they go, and those of this step are all. keep: an answer that has Access-Control-Allow-Origin stays as it is.',
    }),
  },
  {
    description:
      'Lets scripts of pages of other origins read answers (CORS). Preflights are answered here with 204, before anything behind this step is asked.',
    usual: { origins: ['https://app.example'] },
    also: {
      origin: 'origins',
      allow_origin: 'origins',
      allow_origins: 'origins',
      allowed_origins: 'origins',
      access_control_allow_origin_list: 'origins',
      allow_methods: 'methods',
      allowed_methods: 'methods',
      allow_headers: 'headers',
      allowed_headers: 'headers',
      expose_headers: 'expose',
      exposed_headers: 'expose',
      allow_credentials: 'credentials',
      maxage: 'max_age',
      allow_private_network: 'private_network',
    },
  },
)
export type CorsConfig = Static<typeof CorsOptions>

export function checkCors(options: CorsConfig, where: Where): void {
  const { origins, credentials } = options
  checkOrigins(origins, 'origins', where)
  if (credentials) checkCredentials(options, where)
  const others = origins.length > 1 && origins.includes('*')
  if (others)
    where.warn(['origins'], {
      code: 'conflict',
      found: '"*" beside other origins',
      allowed: 'either: "*" takes all of them',
    })
}

function checkCredentials({ origins }: CorsConfig, where: Where): void {
  for (const words of origins) {
    if (!takesAll(words) && words !== 'null') continue
    const found = words === 'null' ? '"null"' : typeof words === 'string' ? '"*"' : 'a pattern that all fit'
    where.report(['credentials'], {
      code: 'conflict',
      found: `credentials: true with ${found} among the origins`,
      allowed: 'credentials for origins that are named',
      hint:
        words === 'null'
          ? 'any page can make itself one without an origin'
          : 'any page could read what its visitor is shown: name the origins',
    })
    return
  }
}
