import { Type, type Static } from '@sinclair/typebox'
import { CookieName, CookieOptions } from '../lib/cookie.options.ts'
import { Cidr, Duration, Name, OrWord, Size, ValueOrMap, Words } from '../lib/kinds.ts'
import { SplitBy } from './share.options.ts'

const SplitPart = Type.Object(
  {
    backend: Name({ description: 'A backend.' }),
    weight: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Its share, in proportion to the others. 0: it gets no request.',
    }),
    name: Type.Optional(
      Name({
        description:
          'What the part is called in metrics; left out: as its backend. By its name it is known who belongs to it.',
      }),
    ),
  },
  { description: 'A part.', usual: { backend: 'NAME', weight: 10 }, also: { service: 'backend' } },
)

export const SplitOptions = Type.Object(
  {
    to: Type.Array(SplitPart, { minItems: 1, maxItems: 64, description: 'The parts, in any order.' }),
    by: SplitBy(
      'What decides who goes to which part: chance (random), the address of the client (client_ip; of IPv6 the first 64 bits), the value of a header field ("header NAME") or of a cookie ("cookie NAME"), or a cookie of the gateway\'s own, which it gives to each browser (cookie). All but chance is stable: who has come to a part stays there, and when weights change only as many move as must, each to a part that has grown in proportion to the one that is left. Where a request has no such field or cookie, chance decides.',
    ),
    cookie: Type.Optional(
      Type.Object(
        {
          name: CookieName({ default: 'sluice_split', description: 'Its name.' }),
          max_age: Duration({
            default: '24d',
            description: 'It is kept for so long, from the first answer. 0s: as long as the browser is open.',
          }),
          ...CookieOptions,
        },
        {
          description:
            'The cookie of "by: cookie": a number that was drawn for the browser, and says nothing of it. The same for all rules that use its name.',
        },
      ),
    ),
    when_down: Words(['next', 'stay'], {
      default: 'next',
      description:
        'A part whose backend has no server in use: next has its requests go to another part with weight, shared out as ever, until one is back; stay answers 503.',
    }),
  },
  {
    description:
      'Destination: several backends, by weight: a canary (90 and 10), or blue and green (0 and 100).',
    usual: { to: [{ backend: 'NAME', weight: 90 }] },
    also: {
      backends: 'to',
      parts: 'to',
      services: 'to',
      weighted: 'to',
      key: 'by',
      sticky: 'cookie',
    },
  },
)
export type SplitConfig = Static<typeof SplitOptions>

const MaintenanceSettings = Type.Object(
  {
    until: Type.Optional(
      Type.String({
        pattern:
          '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$',
        allowed: 'a day, a time and its zone, such as 2026-12-24T18:00:00Z',
        description:
          'When it is over by itself, such as 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00. Left out: when the config says so.',
      }),
    ),
    retry_after: Type.Optional(
      Duration({
        least: '1s',
        description:
          'What Retry-After says. Left out: the time that is left until `until`, and five minutes where that is not said.',
      }),
    ),
    message: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description: 'What is said to people, in the page and in JSON, such as why and for how long.',
      }),
    ),
    page: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_048_576,
        description:
          'A whole page of HTML, for who takes HTML, in place of the usual one. "${file:PATH}" takes it from a file.',
      }),
    ),
    allow: Type.Array(Cidr({ description: 'An address or a range.', takesUnix: true }), {
      default: [],
      description: 'Clients that are let through, to look whether all is well.',
    }),
  },
  {
    description: 'For how long, what is said, and who is let through.',
    also: { body: 'message', html: 'page', file: 'page', end: 'until', exempt: 'allow', allowed: 'allow' },
  },
)

export const MaintenanceOptions = ValueOrMap(
  Type.Boolean({ description: 'true: with what is usual; false: none.' }),
  MaintenanceSettings,
  {
    description:
      'Beside another destination, or in its place: clients are answered 503 with Retry-After, in HTML or JSON as they take it. Checks of servers go on, and other rules are not touched.',
  },
)
export type MaintenanceConfig = Static<typeof MaintenanceSettings>

const CompareOptions = Type.Object(
  {
    status: Type.Boolean({ default: true, description: 'The statuses differ.' }),
    size: Type.Boolean({ default: false, description: 'The lengths of the bodies differ.' }),
    body: Type.Boolean({
      default: false,
      description: 'The bodies differ, as far as body_max: told where their lengths are the same.',
    }),
    latency: Type.Optional(
      Duration({
        least: '1ms',
        description: 'The answer of the mirror began later than that of the server, by more than this.',
      }),
    ),
  },
  { description: 'What is told as a difference.' },
)

export const MirrorOptions = Type.Object(
  {
    backend: Name({ description: 'Where copies go.' }),
    percent: Type.Number({
      default: 100,
      minimum: 0,
      maximum: 100,
      description: 'So many of a hundred requests are copied, by chance.',
    }),
    body_max: Size({
      default: '1MiB',
      most: '64MiB',
      description:
        'A request whose body is longer is not copied. Bodies are copied as they pass, and kept until they are whole.',
    }),
    max_in_flight: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 100_000,
      description: 'So many copies may be under way in each worker; what comes beyond is not copied.',
    }),
    timeout: Duration({
      default: '30s',
      least: '1ms',
      description: 'A copy is given up after this.',
    }),
    compare: OrWord('off', CompareOptions, {
      default: {},
      description: 'What of the answers is compared; off: nothing.',
    }),
    report: Words(['log', 'count'], {
      default: 'log',
      description:
        'Differences are counted, and (log) told as events mirror_differs, at most ten in ten seconds for each rule and worker.',
    }),
  },
  {
    description:
      "Beside a backend or a split: copies of requests go to another backend too, and its answers to nobody. Neither its client nor its server ever waits for a copy. Copies carry X-Mirror with the rule's name, and all that servers are told of their client.",
    usual: { backend: 'NAME', percent: 10 },
    also: {
      to: 'backend',
      service: 'backend',
      share: 'percent',
      sample: 'percent',
      max_body: 'body_max',
      max_body_size: 'body_max',
    },
  },
)
export type MirrorConfig = Static<typeof MirrorOptions>
