import { Type, type Static } from '@sinclair/typebox'
import { Duration, FilePath, OneOrMore, Secret, ValueOrMap, Words } from '../../lib/kinds.ts'

const DIRECTORY = {
  pattern: '^(?:letsencrypt|letsencrypt-staging|zerossl|https://[!-~]+)$',
  allowed: 'letsencrypt, letsencrypt-staging, zerossl, or the https URL of a directory',
} as const

const Directory = (options: { readonly description: string; readonly default?: string }) =>
  Type.String({ ...DIRECTORY, ...options })

const ExternalAccount = Type.Object(
  {
    kid: Type.String({ minLength: 1, maxLength: 512, description: 'The name of the key (kid).' }),
    hmac: Secret({ minLength: 1, description: 'The key, in base64url as the CA gives it.' }),
  },
  { description: 'An account made on the site of the CA, where it wants one (external account binding).' },
)

const TrustedCa = (description: string) => FilePath({ allowed: 'the path of a PEM file', description })

const OnDemand = Type.Object(
  {
    allow: OneOrMore(
      Type.String({
        pattern: '^(?:\\*\\.)?[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)+$|^\\*$',
        maxLength: 253,
        allowed: 'a name such as "shop.example.org", "*.example.org" for one label before it, or "*"',
        description: 'A name, or "*" in the place of its first label, or of all of it.',
      }),
      'Which names may have one. "*" alone, for any name, needs "ask".',
    ),
    ask: Type.Optional(
      Type.String({
        pattern: '^https?://[!-~]+$',
        allowed: 'an http or https URL',
        description:
          'Who is asked before a CA is: GET with ?domain=NAME behind it. 200 admits the name; any other answer, and none within 3s, does not.',
      }),
    ),
    per_hour: Type.Integer({
      default: 20,
      minimum: 1,
      maximum: 10_000,
      description:
        'New names in an hour, at most; those that fail count as well, and under "*." without "ask" those that strangers make up.',
    }),
    names: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 10_000,
      description: 'Names in all, at most.',
    }),
    wait: Duration({
      default: '8s',
      most: '9s',
      description:
        'A handshake waits so long for its certificate; then it goes on with the first of the listener.',
    }),
    forget_days: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3650,
      description: 'A name that nobody asked for in so many days is forgotten, with its certificate.',
    }),
  },
  {
    description:
      'Certificates for further names, each obtained when a client first asks for its name in a handshake.',
    also: { permission: 'ask', limit: 'per_hour', domains: 'allow', max_names: 'names' },
  },
)

export const AcmeOptions = Type.Object(
  {
    domains: Type.Optional(
      OneOrMore(
        Type.String({
          pattern: '^(?:\\*\\.)?[^\\s*/:@.]+(?:\\.[^\\s*/:@.]+)*\\.?$|^[0-9a-fA-F.]*:[0-9a-fA-F:.]*$',
          maxLength: 253,
          allowed: 'a name such as "example.org" or "*.example.org", or an address',
          description: 'A name.',
        }),
        'The names (or addresses) that it is for.',
      ),
    ),
    on_demand: Type.Optional(OnDemand),
    agree_to_terms: Type.Boolean({
      description: 'true: you agree to the terms of service of the CAs that are asked.',
    }),
    email: Type.Optional(
      Type.String({
        pattern: '^[^\\s@,]+@[^\\s@,]+$',
        allowed: 'one address',
        description: 'Where the CA writes to; some want one.',
      }),
    ),
    directory: Directory({
      default: 'letsencrypt',
      description:
        'The CA: letsencrypt, letsencrypt-staging (for trials), zerossl, or the URL of its directory.',
    }),
    eab: Type.Optional(ExternalAccount),
    ca: Type.Optional(
      TrustedCa('Who signed the certificate of the CA itself, where the machine does not know it.'),
    ),
    fallbacks: Type.Array(
      ValueOrMap(
        Directory({ description: 'A CA.' }),
        Type.Object(
          {
            directory: Directory({ description: 'A CA.' }),
            eab: Type.Optional(ExternalAccount),
            ca: Type.Optional(TrustedCa('Who signed the certificate of that CA itself.')),
          },
          { description: 'A CA that wants more.' },
        ),
        { description: 'A CA, or a map with what it wants.' },
      ),
      {
        default: [],
        maxItems: 8,
        description: 'Further CAs, in order: each is asked where those before it could or would not.',
      },
    ),
    challenge: Words(['http-01', 'tls-alpn-01', 'dns-01'] as const, {
      default: 'http-01',
      description:
        'How it is shown that the names lead here: http-01 is answered on each http and https listener (the CA comes to port 80), tls-alpn-01 in the handshake of each https listener (it comes to port 443), dns-01 by a TXT record, which "dns" sets, also for names with "*".',
    }),
    dns: Type.Optional(
      Type.Object(
        {
          command: Type.Array(Type.String({ minLength: 1, description: 'A word.' }), {
            minItems: 1,
            maxItems: 64,
            description:
              'A program and its arguments (no shell). It is told by its environment: ACME_ACTION (present or cleanup), ACME_DOMAIN, ACME_RECORD (the name of the TXT record) and ACME_VALUE. It ends with 0 once it is done.',
          }),
          timeout: Duration({
            default: '2m',
            least: '1s',
            most: '1h',
            description: 'After so long it is ended, and has failed.',
          }),
          wait: Duration({
            default: '30s',
            most: '1h',
            description:
              'How long the record takes from there to all servers of its zone: so long the CA waits.',
          }),
        },
        { description: 'What sets the TXT records of dns-01.' },
      ),
    ),
    profile: Type.Optional(
      Type.String({
        pattern: '^[!-~]{1,100}$',
        allowed: 'a word that the CA has for it',
        description:
          "Which kind of certificate the CA is asked for, where it has several: shortlived of Let's Encrypt holds six days, and may be for addresses.",
      }),
    ),
    key_type: Words(['ecdsa', 'rsa'] as const, {
      default: 'ecdsa',
      description: 'Its key: ecdsa (P-256), or rsa (2048 bits) for very old clients.',
    }),
  },
  {
    description: 'Obtained from a CA by ACME, and renewed, by itself.',
    also: {
      names: 'domains',
      hosts: 'domains',
      server: 'directory',
      issuer: 'directory',
      issuers: 'fallbacks',
    },
  },
)

export type AcmeConfig = Static<typeof AcmeOptions>
