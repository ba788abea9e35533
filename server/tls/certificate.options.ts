import { Type, type Static } from '@sinclair/typebox'
import { AcmeOptions } from '../control/acme/acme.options.ts'
import { FilePath, OneOrMore, ValueOrMap } from '../lib/kinds.ts'

const SelfSigned = ValueOrMap(
  Type.Boolean({ description: 'true: for localhost, the name of this machine, 127.0.0.1 and ::1.' }),
  Type.Object(
    {
      names: OneOrMore(
        Type.String({
          pattern: '^(\\*\\.)?[^\\s*/:@.]+(?:\\.[^\\s*/:@.]+)*\\.?$|^[0-9a-fA-F.]*:[0-9a-fA-F:.]*$',
          maxLength: 253,
          allowed: 'a name such as "dev.example.org" or "*.dev.example.org", or an address',
          description: 'A name or an address.',
        }),
        'Names and addresses that it is for.',
      ),
    },
    { description: 'What it is for.' },
  ),
  {
    description:
      'A certificate of our own making, for trials and for clients that are told to trust it: made once, kept in the data folder, and renewed with the same key before it ends. true: for localhost, the name of this machine, 127.0.0.1 and ::1.',
  },
)

/** A certificate: where it comes from, which is one of these. */
export const CertificateOptions = Type.Object(
  {
    cert: Type.Optional(
      OneOrMore(
        FilePath({ description: 'A file (PEM).' }),
        'File of the chain (PEM), its own certificate first. Of a list, one for each kind of key: clients that take ECDSA get that, others RSA.',
      ),
    ),
    key: Type.Optional(
      OneOrMore(
        FilePath({ description: 'A file (PEM).' }),
        'File of its private key (PEM), without passphrase; of a list in the order of `cert`.',
      ),
    ),
    self_signed: Type.Optional(SelfSigned),
    acme: Type.Optional(AcmeOptions),
  },
  {
    description:
      'A certificate: a pair of files that are followed, one of our own making, or one that comes from a CA by itself.',
    also: {
      certificate: 'cert',
      chain: 'cert',
      fullchain: 'cert',
      crt: 'cert',
      pem: 'cert',
      private_key: 'key',
      cert_key: 'key',
      self: 'self_signed',
      letsencrypt: 'acme',
      lets_encrypt: 'acme',
      auto: 'acme',
    },
    lacks: {
      passphrase: 'keys have none: take it off with openssl pkey -in FILE -out KEY',
      password: 'keys have none: take it off with openssl pkey -in FILE -out KEY',
      ca: 'put the certificates of its issuers behind its own, in the file of "cert"',
    },
  },
)
export type CertificateConfig = Static<typeof CertificateOptions>
