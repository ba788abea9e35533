import { Type, type Static } from '@sinclair/typebox'
import { FilePath, OneOrMore, Words } from '../lib/kinds.ts'

export const ServerTlsOptions = Type.Object(
  {
    verify: Type.Boolean({
      default: true,
      description:
        'A server must show a certificate of an issuer that is trusted, for its name, valid now. false: any goes, unless "pin" says otherwise.',
    }),
    ca: OneOrMore(
      FilePath({ description: 'A PEM file.' }),
      'Issuers that are trusted, and no others. Left out: those of the system.',
    ),
    server_name: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        format: 'server-name',
        description:
          "The name that is asked for (SNI) and that certificates must be for. Left out: the host of each server's URL; where that is an address, none is asked for, and certificates must be for the address. Servers at Unix sockets need it, unless verify is false.",
      }),
    ),
    cert: Type.Optional(
      FilePath({
        description:
          'Our certificate for servers that want one: its chain, PEM. Read again when it changes, as "key" and "ca" are.',
      }),
    ),
    key: Type.Optional(FilePath({ description: 'Its key, PEM.' })),
    pin: OneOrMore(
      Type.Unsafe<string>({ type: 'string', format: 'pin', description: '"sha256/" and 44 characters.' }),
      'Keys that a server may have, and no others: the SHA-256 of its public key (SPKI), in base64. Left out: any.',
    ),
    min_version: Words(['TLSv1.2', 'TLSv1.3'], {
      default: 'TLSv1.2',
      description: 'The oldest version of TLS that is spoken.',
      said: { '1.2': 'write TLSv1.2', '1.3': 'write TLSv1.3' },
    }),
    resume: Type.Boolean({
      default: true,
      description: 'New connections resume the TLS session of one before, which is cheaper.',
    }),
  },
  {
    description: 'TLS with the servers whose URL is "https://…" or "tls://…".',
    also: {
      ca_file: 'ca',
      cafile: 'ca',
      trusted_ca: 'ca',
      root_ca: 'ca',
      sni: 'server_name',
      servername: 'server_name',
      name: 'server_name',
      certificate: 'cert',
      cert_file: 'cert',
      key_file: 'key',
      private_key: 'key',
      pins: 'pin',
      min_tls_version: 'min_version',
      minversion: 'min_version',
      session_reuse: 'resume',
    },
    lacks: {
      insecure_skip_verify: 'verify: false takes any certificate',
      insecureSkipVerify: 'verify: false takes any certificate',
      skip_verify: 'verify: false takes any certificate',
      tls_insecure_skip_verify: 'verify: false takes any certificate',
      insecure: 'verify: false takes any certificate',
      ciphers: 'those of the TLS library are used',
      alpn: 'servers are spoken to by HTTP/1.1',
    },
  },
)
export type ServerTlsWords = Static<typeof ServerTlsOptions>
