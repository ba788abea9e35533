// What may stand in braces in texts of rules: the words. variables.ts beside it reads them.

export interface VariableWords {
  readonly description: string
  readonly example: string
  /** From when on it is known: in steps on the way to a server, or only on the way back. */
  readonly from: 'request' | 'answer'
  /** What a reading costs: free of work, a little, or text that is made or searched for it. */
  readonly cost: 'free' | 'little' | 'some'
}

type Row = readonly [
  description: string,
  example: string,
  cost: VariableWords['cost'],
  from: VariableWords['from'],
]

function wordsOf<K extends string>(rows: Readonly<Record<K, Row>>): Readonly<Record<K, VariableWords>> {
  const made = Object.entries<Row>(rows).map(([name, [description, example, cost, from]]) => [
    name,
    { description, example, cost, from },
  ])
  return Object.fromEntries(made) as Record<K, VariableWords>
}

/** Those that are one word. */
export const VARIABLES = wordsOf({
  client_ip: [
    'Address of the client, as trusted proxies say who that is; none where one of them names nobody.',
    '192.0.2.7',
    'free',
    'request',
  ],
  client_port: ['Port at the other end of the connection.', '51234', 'little', 'request'],
  scheme: [
    'http or https: what the client speaks, to the proxy before us where there is one.',
    'https',
    'free',
    'request',
  ],
  host: ['Host that was asked for, in lower case, without its port.', 'example.org', 'free', 'request'],
  port: ['Port that was asked for; where none was named, that of the scheme.', '443', 'little', 'request'],
  method: ['Method.', 'GET', 'free', 'request'],
  path: ['Path as it came, escapes included.', '/a%20b', 'free', 'request'],
  query: ['Query as it came, with its "?"; none where there is none.', '?x=1', 'little', 'request'],
  uri: ['Path and query as they came.', '/a%20b?x=1', 'little', 'request'],
  protocol: ['Version of HTTP that the client speaks.', 'HTTP/1.1', 'free', 'request'],
  request_id: [
    'The id of the exchange, as in X-Request-Id and the access log.',
    '0198f3c2-1',
    'free',
    'request',
  ],
  listener: ['Name of the listener.', 'web', 'free', 'request'],
  rule: ['Name of the rule.', 'api', 'free', 'request'],
  backend: ['Name of the backend; none where the rule has none.', 'api', 'free', 'request'],
  user: [
    'Who the client is known to be, by the step that found it out; none where none did.',
    'alice',
    'free',
    'request',
  ],
  country: ['Country of the client (ISO 3166), by geo; none where none is known.', 'DE', 'little', 'request'],
  continent: ['Its continent.', 'EU', 'little', 'request'],
  city: ['Its city, by geo.city.', 'Berlin', 'little', 'request'],
  asn: ['Number of its network (AS), by geo.asn.', '3320', 'little', 'request'],
  as_name: ['Name of its network.', 'Deutsche Telekom AG', 'little', 'request'],
  time: ['The time of now (RFC 3339, UTC).', '2026-01-02T03:04:05.678Z', 'some', 'request'],
  tls_version: ['Version of TLS, where it ends here.', 'TLSv1.3', 'free', 'request'],
  tls_cipher: ['Its cipher.', 'TLS_AES_128_GCM_SHA256', 'free', 'request'],
  tls_name: ['Name that the client asked for in its handshake (SNI).', 'example.org', 'free', 'request'],
  client_certificate_subject: [
    'Subject of a certificate that was shown and found good (RFC 4514).',
    'CN=alice,O=Acme',
    'some',
    'request',
  ],
  client_certificate_issuer: ['Its issuer.', 'CN=Acme CA', 'some', 'request'],
  client_certificate_common_name: ['The common name of its subject.', 'alice', 'some', 'request'],
  client_certificate_san: [
    'Its other names, each with its kind, with commas.',
    'DNS:a.example,email:a@b.example',
    'some',
    'request',
  ],
  client_certificate_serial: ['Its serial number, in hex.', '4f1a', 'little', 'request'],
  client_certificate_fingerprint: ['SHA-256 of it, in hex.', '9f86d081884c7d65…', 'some', 'request'],
  server: [
    'Name of the server that answered; none where none did.',
    'http://10.0.0.1:8080',
    'free',
    'answer',
  ],
  status: ['Status of the answer.', '200', 'little', 'answer'],
  attempts: ['How many servers were tried.', '1', 'little', 'answer'],
  time_ms: ['Milliseconds since the request came.', '3.1', 'little', 'answer'],
})
export type VariableName = keyof typeof VARIABLES

/** Those with a name of the user's behind a dot. */
export const FAMILIES = wordsOf({
  path: [
    "What a parameter of the rule's path, or a group of its pattern, stands for: by its name, groups also by their number. In normal form, escapes as they are.",
    '{path.id}',
    'some',
    'request',
  ],
  host: [
    `A group of the pattern of the rule's host, by its name or number; of "*.example.org" {host.1} is what stands for "*".`,
    '{host.tenant}',
    'some',
    'request',
  ],
  header: [
    'A header field of the request, as it came or as a step before has set it; several lines as one, with commas.',
    '{header.X-Tenant}',
    'little',
    'request',
  ],
  cookie: ['A cookie, as it came; the first of several.', '{cookie.lang}', 'little', 'request'],
  query: ['A part of the query, decoded; the first of several.', '{query.page}', 'some', 'request'],
  claim: [
    'A claim of who the client is known to be; of a list all members, with commas.',
    '{claim.team}',
    'little',
    'request',
  ],
})
export type FamilyName = keyof typeof FAMILIES
