import { Type, type Static } from '@sinclair/typebox'
import { OneOrMore, Words } from '../lib/kinds.ts'

/** Of TLS 1.2, as OpenSSL calls them; the best first. Those of 1.3 cannot be chosen. */
export const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
] as const

/** What a listener that ends TLS may say of it. */
export const TlsOptions = Type.Object(
  {
    profile: Words(['intermediate', 'modern'], {
      default: 'intermediate',
      description:
        "As Mozilla recommends: intermediate is TLS 1.2 and 1.3 with forward secrecy and AEAD ciphers, for nearly every client since 2014; modern is TLS 1.3 alone. Its own: `min_version` and `ciphers` go before the profile's.",
      said: {
        old: 'it is no longer safe: intermediate takes every client since about 2014',
        strict: 'write modern',
        default: 'write intermediate',
      },
    }),
    min_version: Type.Optional(
      Words(['TLSv1.2', 'TLSv1.3'], {
        description: 'The oldest version that is spoken. Default: that of the profile.',
        said: {
          '1.2': 'write TLSv1.2',
          '1.3': 'write TLSv1.3',
          TLSv1: 'TLS before 1.2 is not spoken (RFC 8996)',
          'TLSv1.0': 'TLS before 1.2 is not spoken (RFC 8996)',
          'TLSv1.1': 'TLS before 1.2 is not spoken (RFC 8996)',
        },
      }),
    ),
    ciphers: Type.Optional(
      OneOrMore(
        Words(CIPHERS, {
          description: 'As OpenSSL calls it.',
          said: {
            TLS_AES_128_GCM_SHA256: 'ciphers of TLS 1.3 cannot be chosen: all three are always there',
            TLS_AES_256_GCM_SHA384: 'ciphers of TLS 1.3 cannot be chosen: all three are always there',
            TLS_CHACHA20_POLY1305_SHA256: 'ciphers of TLS 1.3 cannot be chosen: all three are always there',
          },
        }),
        'Ciphers of TLS 1.2; the client chooses among them, and among all of TLS 1.3. Default: those of the profile.',
      ),
    ),
  },
  {
    default: {},
    description: 'How TLS is spoken.',
    also: { min: 'min_version', minimum: 'min_version', cipher: 'ciphers', policy: 'profile' },
    lacks: {
      cert: 'certificates stand at the top level, by name: "certificates" of the listener names them',
      key: 'certificates stand at the top level, by name: "certificates" of the listener names them',
      bind: 'it is "bind" of the listener',
      alpn: 'http/1.1 is offered by itself',
      curves: 'they cannot be chosen: X25519, P-256 and P-384',
      max_version: 'TLS 1.3 is always spoken',
    },
  },
)
export type TlsConfig = Static<typeof TlsOptions>
