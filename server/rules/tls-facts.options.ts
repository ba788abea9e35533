import { Type, type Static } from '@sinclair/typebox'
import { OneOrMore, ValueOrMap, Words } from '../lib/kinds.ts'
import { TextPattern } from './value.options.ts'

const CertificateOptions = Type.Object(
  {
    subject: Type.Optional({ ...TextPattern, description: 'Its subject, such as "CN=alice,O=Acme".' }),
    issuer: Type.Optional({ ...TextPattern, description: 'Who issued it, written so as well.' }),
    san: Type.Optional({
      ...TextPattern,
      description:
        'One of its other names: "DNS:a.example", "URI:spiffe://a.example/b", "email:a@b.example", "IP:10.0.0.1".',
    }),
    fingerprint: Type.Optional({
      ...TextPattern,
      description: 'Its SHA-256 in hex, 64 digits in lower case.',
    }),
  },
  {
    description: 'All that is named must hold of a certificate that was found good.',
    also: { dn: 'subject', sha256: 'fingerprint' },
    lacks: { cn: 'write subject: { regex: "(?:^|,)CN=alice(?:,|$)" }', serial: 'write fingerprint' },
  },
)

export const TlsFactsOptions = Type.Object(
  {
    version: OneOrMore(
      Words(['TLSv1.2', 'TLSv1.3'], {
        description: 'A version.',
        said: { '1.2': 'write TLSv1.2', '1.3': 'write TLSv1.3' },
      }),
      'Versions of TLS of which the client speaks one.',
    ),
    cipher: Type.Optional({
      ...TextPattern,
      description: 'As OpenSSL calls it, such as "TLS_AES_128_GCM_SHA256".',
    }),
    client_certificate: Type.Optional(
      ValueOrMap(
        Words(['present', 'absent'], {
          description: 'present: one was shown and found good; absent: none was shown.',
          said: { none: 'write absent', verified: 'write present', required: 'write present' },
        }),
        CertificateOptions,
        { description: 'The certificate of the client, where the listener asks for one.' },
      ),
    ),
  },
  {
    description: 'What is known by the TLS of the client, where it ends here.',
    also: { versions: 'version', protocol: 'version', ciphers: 'cipher', client_cert: 'client_certificate' },
    lacks: { server_name: 'write host', sni: 'write host' },
  },
)
export type TlsFactsConfig = Static<typeof TlsFactsOptions>
