import { Type, type Static } from '@sinclair/typebox'
import type { ClientAuth } from '../lib/client-auth.ts'
import { FilePath, MapOf, OneOrMore, Words } from '../lib/kinds.ts'

const mode = (more: { default?: ClientAuth }) =>
  Type.Unsafe<ClientAuth>({
    type: 'string',
    format: 'client-auth',
    ...more,
    description:
      'required: who shows none that is good is refused. optional: one that is shown must be good. any, request: whatever is shown is taken, and servers are told what it is; with any there must be one. off: none is asked for. The numbers of Go (0 to 4: off, request, any, optional, required) are as good.',
  })

const AllowedClient = Type.Object(
  {
    san: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        format: 'client-name',
        description:
          'Another name of its subject: a host ("*.a.example": one label), a URI ("spiffe://a.example/ns/*": all that begin so), an email address, or an address.',
      }),
    ),
    subject: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        format: 'subject-name',
        description: 'What its subject must have, such as "CN=alice, O=Acme"; it may have more.',
      }),
    ),
    spki: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        format: 'pin',
        description: 'Its key: the SHA-256 of it (SPKI) in base64, after "sha256/".',
      }),
    ),
  },
  {
    minProperties: 1,
    description: 'A client: all that is named must hold.',
    also: { dns: 'san', uri: 'san', email: 'san', dn: 'subject', pin: 'spki', public_key: 'spki' },
    lacks: {
      cn: 'write subject: "CN=alice"',
      fingerprint: 'a key outlives its certificates: write spki: "sha256/…"',
    },
  },
)

const FIELDS = {
  ca: OneOrMore(
    FilePath({ description: 'A PEM file.' }),
    'Issuers whose clients are trusted, and no others. Read again when it changes, as "crl" is.',
  ),
  crl: OneOrMore(
    FilePath({ description: 'A file, PEM or DER.' }),
    'Lists of revoked certificates, each of an issuer in "ca". With any, there must be one of each issuer on the way to it.',
  ),
  allow: Type.Optional(
    Type.Array(AllowedClient, {
      maxItems: 1000,
      description: 'Clients that are let in, of all that show a certificate. Left out: all of them.',
    }),
  ),
}

const LACKS = {
  depth: 'as many issuers as there are may stand between a client and "ca"',
  ocsp: 'it is not asked; lists of revoked certificates are "crl"',
}
const ALSO = {
  client_auth: 'mode',
  verify: 'mode',
  ca_file: 'ca',
  cafile: 'ca',
  trusted_ca: 'ca',
  client_ca: 'ca',
  crl_file: 'crl',
  allowed: 'allow',
}

/** What is often written for it. */
export const CLIENT_CERTIFICATE_ALSO = {
  client_auth: 'client_certificate',
  clientauth: 'client_certificate',
  mtls: 'client_certificate',
  client_certificates: 'client_certificate',
  verify_client: 'client_certificate',
} as const

/** What a listener that ends TLS may ask of clients. */
export const ClientCertificateOptions = Type.Object(
  {
    mode: mode({ default: 'required' }),
    ...FIELDS,
    expired_crl: Words(['refuse', 'use'], {
      default: 'refuse',
      description:
        'What becomes of certificates whose issuer has no list but one that has expired. use: those that stand in it are refused, all others let in.',
    }),
    headers: Words(['x-client-cert', 'client-cert', 'both', 'none'], {
      default: 'x-client-cert',
      description:
        'What servers of http are told: X-Client-Cert-Verified, -Subject, -Issuer, -SAN, -Serial, -Fingerprint and -Not-After; the certificate itself as Client-Cert (RFC 9440); both or neither. Such fields of clients are dropped.',
    }),
    names: MapOf(
      'host-pattern',
      Type.Object(
        { mode: Type.Optional(mode({})), ...FIELDS },
        { description: 'What holds for one name.', also: ALSO, lacks: LACKS },
      ),
      'The same for names that clients ask for (SNI, and Host of each request): "a.example", or "*.a.example" for all below it, as in rules. What is left out of one is that of the listener. A request for such a name on a connection that was made for another one is answered with 421, and comes again on one of its own.',
    ),
  },
  {
    description:
      'Certificates that clients show (mTLS). Who is refused is told why by 403, and reset where the listener is one of tcp; each request is judged by what holds when it comes.',
    whenMissing: 'write { ca: clients-ca.pem }, the issuers whose clients are trusted',
    also: ALSO,
    lacks: LACKS,
  },
)
export type ClientCertificateConfig = Static<typeof ClientCertificateOptions>
