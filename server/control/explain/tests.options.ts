// Tests of a config: requests, and what must become of them.
import { Type, type Static } from '@sinclair/typebox'
import {
  FieldValue,
  IpAddress,
  MapOf,
  Name,
  OneOrMore,
  TextValue,
  ValueOrMap,
  Words,
} from '../../lib/kinds.ts'
import { FieldPattern, TextPattern } from '../../rules/value.options.ts'

/** Of one config. */
const TESTS_MAX = 1000

const text = (description: string) => Type.Optional(TextValue({ description }))

const CertificateOptions = ValueOrMap(
  Words(['present', 'absent'], { description: 'Whether one was shown, and found good.' }),
  Type.Object(
    {
      subject: text('Its subject, such as "CN=alice,O=Acme".'),
      issuer: text('Who issued it, written so as well.'),
      san: OneOrMore(TextValue({ description: 'One of them.' }), 'Its other names, such as "DNS:a.example".'),
      fingerprint: text('Its SHA-256 in hex.'),
    },
    { description: 'One that was shown and found good.' },
  ),
  { description: 'The certificate of the client.' },
)

const AskedTlsOptions = Type.Object(
  {
    version: Type.Optional(Words(['TLSv1.2', 'TLSv1.3'], { description: 'Its version. Left out: TLSv1.3.' })),
    cipher: text('As OpenSSL calls it.'),
    client_certificate: Type.Optional(CertificateOptions),
  },
  { description: 'Of https: its TLS. Left out: TLSv1.3 without a certificate.' },
)

const AskedOptions = Type.Object(
  {
    method: Type.Unsafe<string>({
      type: 'string',
      format: 'method',
      default: 'GET',
      description: 'Its method.',
    }),
    url: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 16_384,
        description:
          'Such as "https://a.example/b?c=1"; scheme and port choose the listener. In place of host and path.',
      }),
    ),
    host: text('Such as "a.example", with a port if it has one. Left out: localhost.'),
    path: text('Such as "/b?c=1".'),
    listener: Type.Optional(Name({ description: 'Where it comes in, in place of where its URL leads.' })),
    headers: MapOf(
      'field-name',
      OneOrMore(FieldValue({ description: 'A value.' }), 'Its values.'),
      'Fields.',
    ),
    client: Type.Optional(
      IpAddress({
        description: 'Address of the client, as the listener knows it. Left out: 127.0.0.1.',
      }),
    ),
    scheme: Type.Optional(
      Words(['http', 'https'], {
        description:
          'What the client speaks, to the proxy before us where there is one. Left out: what the listener does.',
      }),
    ),
    tls: Type.Optional(AskedTlsOptions),
    claims: MapOf(
      'name',
      MapOf('claim-name', OneOrMore(TextValue({ description: 'A value.' }), 'Its values.'), 'Claims.'),
      'What good tokens say that come with it, by who has issued them (auth.jwt): `{ login: { sub: anna, groups: [a, b] } }`.',
    ),
    time: Type.Optional(
      Type.String({
        pattern:
          '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,3})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})$',
        allowed: 'a time such as "2026-03-01T08:30:00Z", or with "+01:00" in place of "Z"',
        description: 'When it comes, such as "2026-03-01T08:30:00Z". Left out: when the test is run.',
      }),
    ),
  },
  {
    description: 'A request.',
    also: { uri: 'url', target: 'path', header: 'headers', ip: 'client', client_ip: 'client', at: 'time' },
    lacks: { body: 'rules look at heads only', query: 'it belongs to path or url, behind "?"' },
  },
)

const SentOptions = Type.Object(
  {
    target: Type.Optional(TextPattern),
    host: Type.Optional(TextPattern),
    header: MapOf('field-name', FieldPattern, 'Fields, as the client and the middleware leave them.'),
  },
  {
    description: 'The request as a server gets it: path and query, Host, and fields.',
    also: { path: 'target', url: 'target', headers: 'header' },
  },
)

const ExpectedOptions = Type.Object(
  {
    rule: Type.Optional(Name({ description: 'The rule that takes it.' })),
    backend: Type.Optional(Name({ description: 'Where it is sent to.' })),
    status: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 599,
        description: 'Status of an answer of the gateway itself. What a server answers no test knows.',
      }),
    ),
    fault: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9_]{0,63}$',
        allowed: 'a code, such as no_rule or denied',
        description: 'Why the gateway refuses it, such as no_rule, denied or match_ambiguous.',
      }),
    ),
    refused_by: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9_]{0,63}$',
        allowed: 'the name of a middleware, such as ip',
        description: 'The middleware that refuses it, such as ip.',
      }),
    ),
    location: Type.Optional(TextPattern),
    sent: Type.Optional(SentOptions),
    header: MapOf(
      'field-name',
      FieldPattern,
      "Fields of the gateway's own answer; of a server's those that its middleware sets.",
    ),
  },
  {
    description: 'What becomes of it: all that is named.',
    also: {
      headers: 'header',
      redirect: 'location',
      to: 'location',
      code: 'status',
      middleware: 'refused_by',
      error: 'fault',
    },
    lacks: { body: 'rules look at heads only', server: 'which one it is hangs on how they are at the time' },
  },
)

const TestOptions = Type.Object(
  {
    name: text('What it shows, for people.'),
    request: AskedOptions,
    expect: ExpectedOptions,
  },
  {
    description: 'A request, and what must become of it.',
    also: { title: 'name', given: 'request' },
  },
)

export const TestsOptions = Type.Array(TestOptions, {
  default: [],
  maxItems: TESTS_MAX,
  description:
    'Requests, and what must become of each: tried by `sluice check`, at each start and before each change. A test that fails refuses the config.',
})
export type ConfigTest = Static<typeof TestOptions>
